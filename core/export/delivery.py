"""All that a scene can be taken along as, made in one go: for GIS, for training, for the record."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

from core.area_units import HECTARES, AreaUnit
from core.errors import CancelledError, CropMapError, EmptySceneError, OutputError, Remedy
from core.export.card import CARD_JSON, CARD_MARKDOWN
from core.export.card_details import CardDetails, NoteOnMap
from core.export.chip_plan import ChipOptions
from core.export.replay.bundle_file import SUFFIX
from core.export.replay.make_bundle import make_bundle
from core.export.reports import landcover_error
from core.export.reports.landcover_error import write_error_report
from core.export.write_export import FORMATS, ExportFormat, ExportOptions, write_export
from core.files import prepare_folder, replacing
from core.label.make import prompts_in_force
from core.label.notes import PinnedNote
from core.project import Project
from core.record_files import read_record, write_record
from core.sam.registry import get_model
from core.session.opened import open_project_scene
from core.session.place import TilePlace, model_of
from core.session.scene_parcels import changed_tiles, chosen_tiles, labelled_scene
from core.session.workspaces import Workspaces
from core.task import Cancelled, Progress, never, silent

GIS, TRAINING, RECORD = "gis", "training", "record"

_CARD = f"Counts, areas, reviewers, where it all came from; {CARD_JSON} beside it for programs."

_RECORD_FILE = "made.json"
_PARCELS, _CHIPS, _LANDCOVER = "parcels", "training", "landcover"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a person wants to take along.

    Parameters
    ----------
    formats : tuple of str
        Keys of ``core.export.write_export.FORMATS``, in any order.
    accepted_only : bool
        Only tiles that a person accepted; training data is cut from those alone in any case.
    unit : AreaUnit
        Of areas on pages that are made for reading; data is in hectares.
    """

    formats: tuple[str, ...] = ("geopackage", "shapefile", "geojson", "mask")
    replay: bool = False
    error_report: bool = False
    accepted_only: bool = True
    chips: ChipOptions = field(default_factory=ChipOptions)
    details: CardDetails = field(default_factory=CardDetails)
    unit: AreaUnit = HECTARES

    @property
    def nothing(self) -> bool:
        """Whether nothing was chosen."""
        return not (self.formats or self.replay or self.error_report)

    def of(self, *, training: bool) -> tuple[str, ...]:
        """The chosen formats for training, or the others, in the order of ``FORMATS``."""
        chosen = (one for one in FORMATS if one.key in self.formats)
        return tuple(one.key for one in chosen if one.training is training)


@dataclass(frozen=True, slots=True)
class Delivered:
    """One file to take along; ``path`` is relative to the delivery's folder."""

    group: str
    title: str
    holds: str
    path: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """What was made, and what could not be.

    Parameters
    ----------
    folder : Path
        Where the files lie.
    state : str
        What :func:`state_of` said when they were made.
    notes : tuple of str
        What a person should know, a sentence each.
    problems : tuple of str
        Why something that was wished for is not there, a sentence each.
    """

    folder: Path
    state: str
    made: datetime
    files: tuple[Delivered, ...]
    notes: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    def path(self, name: str) -> Path | None:
        """The file of this name, where it was made and still lies there."""
        found = (self.folder / one.path for one in self.files if Path(one.path).name == name)
        return next((path for path in found if path.is_file()), None)


def deliver(
    project: Project,
    scene_id: str,
    folder: Path,
    wishes: Wishes,
    *,
    progress: Progress = silent,
    cancelled: Cancelled = never,
    workspaces: Workspaces | None = None,
) -> Delivery:
    """Make the files that a person wishes for, each kind in a folder of its own below ``folder``.

    What cannot be made does not keep the rest from being made: ``problems`` says why.

    Raises
    ------
    EmptySceneError
        Nothing was chosen, or no tile counts.
    CancelledError
        ``cancelled`` said so; the kinds that were finished are there, the others as before.
    CropMapError
        Nothing at all could be made.
    """
    if wishes.nothing:
        raise EmptySceneError("Nothing was chosen.", "Choose at least one file to make.")
    tiles = chosen_tiles(project, scene_id, accepted_only=wishes.accepted_only)
    if not tiles:
        raise EmptySceneError(
            _no_accepted(project, scene_id) if wishes.accepted_only else "No tile has a label yet.",
            remedy=Remedy.ACCEPT_OR_TAKE_ALL if wishes.accepted_only else Remedy.MAP_TILES,
        )
    making = _Making(project, scene_id, folder, wishes, tiles, progress, cancelled, workspaces)
    if wishes.accepted_only and (left := changed_tiles(project, scene_id)):
        making.notes.append(f"{_changed(left)} and left out.")
    prepare_folder(folder)
    steps: tuple[tuple[bool, str, Callable[[], list[Delivered]]], ...] = (
        (bool(wishes.of(training=False)), "Files for QGIS", making.parcels),
        (bool(wishes.of(training=True)), "Training data", making.training),
        (wishes.error_report, "Land cover error report", making.error_report),
        (wishes.replay, "Replay bundle", making.replay),
    )
    state = state_of(project, scene_id)
    files: list[Delivered] = []
    problems: list[CropMapError] = []
    told: list[str] = []
    for wanted, title, make in steps:
        if not wanted:
            continue
        try:
            files += make()
        except CancelledError:
            _keep(Delivery(folder, state, datetime.now(UTC), tuple(files)))
            raise
        except OutputError:
            raise  # the next kind would meet the same full disk
        except CropMapError as error:
            problems.append(error)
            told.append(f"{title}: {error}")
    if not files and problems:
        raise problems[0]
    made = datetime.now(UTC)
    delivery = Delivery(folder, state, made, tuple(files), tuple(making.notes), tuple(told))
    _keep(delivery)
    return delivery


def _no_accepted(project: Project, scene_id: str) -> str:
    changed = changed_tiles(project, scene_id)
    return f"{_changed(changed)}, and no other is." if changed else "No tile is accepted yet."


def _changed(tiles: int) -> str:
    one = "1 tile was" if tiles == 1 else f"{tiles:,} tiles were"
    return f"{one} changed since accepted"


def state_of(project: Project, scene_id: str) -> str:
    """Changes with every edit and verdict, and with the scene's imagery, land cover and model."""
    tiles = [(t.name, t.log_version, t.verdict.version) for t in project.tiles(scene_id)]
    facts = f"{project.scene(scene_id).version} {tiles!r}"
    return hashlib.sha256(facts.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class _Made:
    """``made.json``: a delivery without its folder, which may be moved."""

    FORMAT: ClassVar[int] = 1

    state: str
    made: datetime
    files: tuple[Delivered, ...]
    notes: tuple[str, ...]
    problems: tuple[str, ...]


def last_delivery(folder: Path) -> Delivery | None:
    """What was made into ``folder`` last, also before a restart; None where nothing was.

    Raises
    ------
    UnreadableRecordError
        Its record cannot be read.
    """
    made = read_record(folder / _RECORD_FILE, _Made)
    if made is None:
        return None
    return Delivery(folder, made.state, made.made, made.files, made.notes, made.problems)


def _keep(made: Delivery) -> None:
    record = _Made(made.state, made.made, made.files, made.notes, made.problems)
    write_record(made.folder / _RECORD_FILE, record)


class _Making:
    """One delivery under way: each method makes one kind of files."""

    def __init__(
        self,
        project: Project,
        scene_id: str,
        folder: Path,
        wishes: Wishes,
        tiles: Sequence[str],
        progress: Progress,
        cancelled: Cancelled,
        workspaces: Workspaces | None,
    ) -> None:
        self._project, self._scene_id, self._folder = project, scene_id, folder
        self._wishes, self._tiles = wishes, tiles
        self._progress, self._cancelled, self._workspaces = progress, cancelled, workspaces
        self.notes: list[str] = []

    def parcels(self) -> list[Delivered]:
        """Parcels and mask."""
        formats = self._wishes.of(training=False)
        details = replace(self._details(self._tiles), note=self._which_tiles())
        options = ExportOptions(formats, self._wishes.accepted_only, details=details)
        self._export(self._tiles, _PARCELS, options)
        return [
            Delivered(GIS, one.title, one.explanation, f"{_PARCELS}/{name}")
            for one in _chosen(formats)
            for name in one.files
        ] + [Delivered(GIS, "Data card", _CARD, f"{_PARCELS}/{CARD_MARKDOWN}")]

    def training(self) -> list[Delivered]:
        """Chips with masks, and what reads them, zipped."""
        accepted = chosen_tiles(self._project, self._scene_id, accepted_only=True)
        if not accepted:
            raise EmptySceneError(
                "no tile is accepted yet, and models learn from accepted tiles alone.",
                remedy=Remedy.ACCEPT_TILES,
            )
        formats = self._wishes.of(training=True)
        options = ExportOptions(formats, True, self._wishes.chips, details=self._details(accepted))
        self._export(accepted, _CHIPS, options)
        target = self._zip(_CHIPS)
        titles = ", ".join(one.title for one in _chosen(formats))
        holds = f"{titles}; with the data card. Unpack it where the training runs."
        return [Delivered(TRAINING, "Training set", holds, target)]

    def error_report(self) -> list[Delivered]:
        """The land cover error report."""
        write_error_report(
            self._project,
            self._scene_id,
            self._folder / _LANDCOVER,
            accepted_only=self._wishes.accepted_only,
            unit=self._wishes.unit,
            progress=self._progress,
            cancelled=self._cancelled,
            workspaces=self._workspaces,
        )
        page = "One page to read and print: what the land cover over- and under-counts."
        rest = "The page, its tables as CSV and the map of errors as GeoTIFF."
        return [
            Delivered(
                RECORD, "Land cover error report", page, f"{_LANDCOVER}/{landcover_error.PAGE}"
            ),
            Delivered(RECORD, "Report with map and tables", rest, self._zip(_LANDCOVER)),
        ]

    def replay(self) -> list[Delivered]:
        """The replay bundle."""
        name = f"label{SUFFIX}"
        make_bundle(
            self._project,
            self._scene_id,
            self._folder / name,
            tiles=self._tiles,
            progress=self._progress,
            cancelled=self._cancelled,
            workspaces=self._workspaces,
        )
        holds = "All that the label came from; 'cropmap replay' makes the same label again."
        return [Delivered(RECORD, "Replay bundle", holds, name)]

    def _export(self, tiles: Sequence[str], place: str, options: ExportOptions) -> None:
        labelled = labelled_scene(
            self._project,
            self._scene_id,
            tiles,
            workspaces=self._workspaces,
            progress=self._progress,
            cancelled=self._cancelled,
        )
        written = write_export(
            labelled,
            self._folder / place,
            options,
            progress=self._progress,
            cancelled=self._cancelled,
        )
        self.notes += [note for note in written.notes if note not in self.notes]

    def _which_tiles(self) -> str:
        note = self._wishes.details.note
        if self._wishes.accepted_only:
            return note
        accepted = chosen_tiles(self._project, self._scene_id, accepted_only=True)
        share = f"{len(set(accepted).intersection(self._tiles))} of {len(self._tiles)}"
        said = f"All tiles with a label are here; a person accepted {share} of them."
        return f"{note} {said}".strip()

    def _details(self, tiles: Sequence[str]) -> CardDetails:
        """What the person said for the data card, with what can be counted in the logs."""
        opened = open_project_scene(self._project, self._scene_id)
        model = model_of(opened)
        prompts = corrections = 0
        notes: list[NoteOnMap] = []
        for name in tiles:
            place = TilePlace(self._project, opened, name)
            work = place.work(self._project.log(self._scene_id, name))
            corrections += len(work.corrections)
            notes += [_on_map(pinned, place) for pinned in work.notes]
            prompts += len(prompts_in_force(place.kept(work), work, place.frame)) + len(work.boxes)
        return replace(
            self._wishes.details,
            weights_sha256=get_model(model).sha256 if model else "",
            prompts=prompts,
            corrections=corrections,
            to_mend=tuple(notes),
        )

    def _zip(self, place: str) -> str:
        """A folder as a zip beside it, written file by file; its path below the delivery."""
        source, target = self._folder / place, self._folder / f"{place}.zip"
        paths = sorted(path for path in source.rglob("*") if path.is_file())
        # Stored: chips and COGs are compressed already.
        with replacing(target) as aside, zipfile.ZipFile(aside, "w") as archive:
            for done, path in enumerate(paths):
                if self._cancelled():
                    raise CancelledError("Making the files was cancelled.", "Finished ones stay.")
                self._progress("Zipping", done, len(paths))
                archive.write(path, Path(place) / path.relative_to(source))
        self._progress("Zipping", len(paths), len(paths))
        return target.name


def _on_map(pinned: PinnedNote, place: TilePlace) -> NoteOnMap:
    note, by, done = pinned.note, pinned.by, pinned.done
    x, y = place.frame.scene_grid.transform @ (note.point.x, note.point.y)
    done_by = "" if done is None else done.author or "somebody"
    return NoteOnMap(place.tile, x, y, note.text, by.author, by.at, done_by)


def _chosen(formats: Sequence[str]) -> list[ExportFormat]:
    return [one for one in FORMATS if one.key in formats]
