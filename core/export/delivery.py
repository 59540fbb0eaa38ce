"""All that a scene can be taken along as, made in one go: for GIS, for training, for the record."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from core.errors import CancelledError, CropMapError, EmptySceneError, OutputError, Remedy
from core.export.card import CARD_JSON, CARD_MARKDOWN
from core.export.card_details import CardDetails, NoteOnMap
from core.export.delivered import (
    GIS,
    RECORD,
    TRAINING,
    Delivered,
    Delivery,
    Wishes,
    keep,
    last_delivery,
    stem_of,
)
from core.export.export_crs import chosen_crs
from core.export.parcel_numbers import numbered
from core.export.replay.bundle_file import SUFFIX
from core.export.replay.make_bundle import make_bundle
from core.export.reports import landcover_error
from core.export.reports.landcover_error import write_error_report
from core.export.write_export import (
    FORMATS,
    STYLE,
    ExportFormat,
    ExportOptions,
    named,
    write_export,
)
from core.files import prepare_folder, together
from core.label.make import prompts_in_force
from core.label.notes import PinnedNote
from core.project import Project
from core.record_files import UnreadableRecordError
from core.sam.registry import get_model
from core.session.opened import open_project_scene
from core.session.place import TilePlace, model_of
from core.session.scene_parcels import changed_tiles, chosen_tiles, labelled_scene
from core.session.workspaces import Workspaces
from core.task import Cancelled, Progress, never, silent

_CARD = f"Counts, areas, reviewers and sources; {CARD_JSON} next to it for programs."

_STYLE = (
    "Keep it beside the GeoJSON or GeoParquet, under the same name: QGIS colours them by state."
)
_WHOLE_REPORT = "Report with map and tables"

_PARCELS, _CHIPS, _LANDCOVER = "parcels", "training", "landcover"


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
    made = datetime.now(UTC)
    stem = stem_of(project.name, project.scene(scene_id).name, made, wishes)
    making = _Making(
        project, scene_id, folder, wishes, stem, tiles, progress, cancelled, workspaces
    )
    if wishes.accepted_only and (left := changed_tiles(project, scene_id)):
        making.notes.append(f"{_changed(left)} and left out.")
    prepare_folder(folder)
    state = state_of(project, scene_id)
    delivery = Delivery(folder, state, made, (), wishes=wishes, stem=stem)
    steps: tuple[tuple[bool, str, Callable[[], list[Delivered]]], ...] = (
        (bool(wishes.of(training=False)), "Files for QGIS", making.parcels),
        (bool(wishes.of(training=True)), "Training data", making.training),
        (wishes.error_report, "Land cover error report", making.error_report),
        (wishes.replay, "Replay bundle", making.replay),
    )
    files: list[Delivered] = []
    problems: list[CropMapError] = []
    told: list[str] = []
    for wanted, title, make in steps:
        if not wanted:
            continue
        try:
            files += make()
        except CancelledError:
            keep(replace(delivery, files=tuple(files)))
            raise
        except OutputError:
            raise  # the next kind would meet the same full disk
        except CropMapError as error:
            problems.append(error)
            told.append(f"{title}: {error}")
    if not files and problems:
        raise problems[0]
    done = datetime.now(UTC)
    delivery = replace(
        delivery,
        made=done,
        files=tuple(files),
        notes=tuple(making.notes),
        problems=tuple(told),
    )
    keep(delivery)
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


class _Making:
    """One delivery under way: each method makes one kind of files."""

    def __init__(
        self,
        project: Project,
        scene_id: str,
        folder: Path,
        wishes: Wishes,
        stem: str,
        tiles: Sequence[str],
        progress: Progress,
        cancelled: Cancelled,
        workspaces: Workspaces | None,
    ) -> None:
        self._project, self._scene_id, self._folder = project, scene_id, folder
        self._wishes, self._stem, self._tiles = wishes, stem, tiles
        self._earlier: tuple[Delivered, ...] = ()
        with suppress(UnreadableRecordError):
            earlier = last_delivery(folder)
            self._earlier = earlier.files if earlier else ()
        self._progress, self._cancelled, self._workspaces = progress, cancelled, workspaces
        self.notes: list[str] = []

    def parcels(self) -> list[Delivered]:
        """Parcels and mask."""
        formats = self._wishes.of(training=False)
        details = replace(self._details(self._tiles), note=self._which_tiles())
        grid = open_project_scene(self._project, self._scene_id).scene.working_grid
        crs = chosen_crs(self._wishes.crs, grid)
        options = ExportOptions(
            formats, self._wishes.accepted_only, details=details, crs=crs, stem=self._stem
        )
        self._export(self._tiles, _PARCELS, options)
        made = [
            Delivered(GIS, one.title, one.explanation, f"{_PARCELS}/{name}")
            for one in _chosen(formats)
            for name in one.file_names(self._stem)
        ]
        if any(one.styled for one in _chosen(formats)):
            style = f"{_PARCELS}/{named(STYLE, self._stem)}"
            made.append(Delivered(GIS, "Style for QGIS", _STYLE, style))
        return [*made, Delivered(GIS, "Data card", _CARD, f"{_PARCELS}/{CARD_MARKDOWN}")]

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
        target = self._zip(_CHIPS, "Training set")
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
        page = "One page to read and print: where the land cover has too much and too little."
        rest = "The page, its tables as CSV and the map of errors as GeoTIFF."
        return [
            Delivered(
                RECORD, "Land cover error report", page, f"{_LANDCOVER}/{landcover_error.PAGE}"
            ),
            Delivered(RECORD, _WHOLE_REPORT, rest, self._zip(_LANDCOVER, _WHOLE_REPORT)),
        ]

    def replay(self) -> list[Delivered]:
        """The replay bundle."""
        name = named(f"label{SUFFIX}", self._stem)
        with together(self._folder, leaving=self._earlier_files("Replay bundle")) as new:
            make_bundle(
                self._project,
                self._scene_id,
                new / name,
                tiles=self._tiles,
                progress=self._progress,
                cancelled=self._cancelled,
                workspaces=self._workspaces,
            )
        holds = "Everything needed to make the same map again, with 'cropmap replay'."
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
            numbered(labelled, self._project, self._scene_id),
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
        said = f"All mapped tiles are here; a person accepted {share} of them."
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

    def _earlier_files(self, title: str) -> list[str]:
        """Where the file of this title lies that an earlier delivery made, perhaps yesterday."""
        return [one.path for one in self._earlier if one.title == title]

    def _zip(self, place: str, title: str) -> str:
        """A folder as a zip beside it, written file by file; its path below the delivery."""
        source, name = self._folder / place, named(f"{place}.zip", self._stem)
        paths = sorted(path for path in source.rglob("*") if path.is_file())
        # Stored: chips and COGs are compressed already.
        with (
            together(self._folder, leaving=self._earlier_files(title)) as new,
            zipfile.ZipFile(new / name, "w") as archive,
        ):
            for done, path in enumerate(paths):
                if self._cancelled():
                    raise CancelledError("Making the files was cancelled.", "Finished ones stay.")
                self._progress("Zipping", done, len(paths))
                archive.write(path, Path(place) / path.relative_to(source))
        self._progress("Zipping", len(paths), len(paths))
        return name


def _on_map(pinned: PinnedNote, place: TilePlace) -> NoteOnMap:
    note, by, done = pinned.note, pinned.by, pinned.done
    x, y = place.frame.scene_grid.transform @ (note.point.x, note.point.y)
    done_by = "" if done is None else done.author or "somebody"
    return NoteOnMap(place.tile, x, y, note.text, by.author, by.at, done_by)


def _chosen(formats: Sequence[str]) -> list[ExportFormat]:
    return [one for one in FORMATS if one.key in formats]
