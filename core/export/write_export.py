"""One export of a scene's labels: the formats a person chose, with a data card, in one folder.

The folder is made aside and takes its place whole: nobody ever sees half an export, and an earlier
one stays until the new one is done.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pyproj import CRS

from core.errors import InputError
from core.export.burn import BurntParcels
from core.export.card import CARD_JSON, write_card
from core.export.card_details import CardDetails
from core.export.chip_plan import SPLITS, ChipOptions
from core.export.chips import ChipContents, ChipReport, write_chips
from core.export.fiboa import is_boundary, write_fiboa
from core.export.geoparquet import write_geoparquet
from core.export.gis_table import gis_table
from core.export.table_pages import TablePages, table_pages
from core.export.vector import (
    write_geojson,
    write_geopackage,
    write_shapefile_zip,
    write_style,
)
from core.files import fresh_folder, scratch_folder
from core.imagery.write_raster import write_mask
from core.label.labelled import LabelledParcel, LabelledScene
from core.task import Cancelled, Progress, check, never, silent

WRITING_LABELS = "Writing parcels"
CHECKING = "Adding up checksums"


@dataclass(frozen=True, slots=True)
class ExportFormat:
    """A format as a person is offered it.

    Parameters
    ----------
    key : str
    title : str
        A few words.
    explanation : str
        One sentence: what it is for.
    files : tuple of str
        What it writes; a folder ends with a slash.
    training : bool
        Whether it is cut from the imagery, for training models.
    styled : bool
        Whether QGIS takes its style from a file beside it.
    """

    key: str
    title: str
    explanation: str
    files: tuple[str, ...]
    training: bool = False
    styled: bool = False

    def file_names(self, stem: str = "") -> tuple[str, ...]:
        """Its files where those of an export begin with ``stem``; plain ones without."""
        if self.training or not stem:
            return self.files
        return tuple(named(one, stem) for one in self.files)


STYLE = "parcels.qml"
"""The style of all formats that take theirs from a file beside them."""


def named(file: str, stem: str) -> str:
    """A file of an export under its stem: ``farm.gpkg`` for parcels, ``farm_mask.tif``."""
    ending = file.removeprefix("parcels").removeprefix("fields")
    return f"{stem}{ending}" if ending.startswith(".") else f"{stem}_{file}"


FORMATS = (
    ExportFormat(
        "shapefile",
        "Shapefile",
        "Zipped; every GIS opens it. Column names are short, and long text is cut.",
        ("parcels.shp.zip",),
        styled=True,
    ),
    ExportFormat(
        "geopackage",
        "GeoPackage",
        "One file with full column names; QGIS opens it with colours. Choose this one "
        "if you are not sure.",
        ("parcels.gpkg",),
    ),
    ExportFormat(
        "geojson",
        "GeoJSON",
        "Text for the web and for scripts; always in WGS 84, as its standard says.",
        ("parcels.geojson",),
        styled=True,
    ),
    ExportFormat(
        "geoparquet",
        "GeoParquet",
        "Small and fast for very many parcels, for data platforms and Python.",
        ("parcels.parquet",),
        styled=True,
    ),
    ExportFormat(
        "fiboa",
        "fiboa field boundaries",
        "The open standard for exchanging field boundaries, in WGS 84; rejected parcels and other "
        "land are left out.",
        ("fields.fiboa.parquet",),
    ),
    ExportFormat(
        "mask",
        "Mask",
        "A raster on the pixels of the scene: 1 cropland, 0 not cropland, 255 not known.",
        ("mask.tif",),
    ),
    ExportFormat(
        "chips",
        "Training chips",
        "Small images with masks to train a model, split by place; what is not reviewed is marked "
        "as not known.",
        ("images/", "masks/", "chips.gpkg"),
        training=True,
    ),
    ExportFormat(
        "coco",
        "COCO instances",
        "Every field of every chip as an object, for instance segmentation; includes the chips.",
        tuple(f"instances_{split}.json" for split in SPLITS),
        training=True,
    ),
    ExportFormat(
        "yolo",
        "YOLO segmentation",
        "Outlines for YOLO, only of chips that are completely reviewed; includes the chips.",
        ("labels/", "data.yaml", *(f"{split}.txt" for split in SPLITS)),
        training=True,
    ),
)
"""The formats, in the order in which they are offered."""

_BY_KEY = {one.key: one for one in FORMATS}


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """What to export.

    Parameters
    ----------
    formats : tuple of str
        Keys of ``FORMATS``; a data card always comes with them.
    accepted_only : bool
        Only parcels that a person accepted or corrected; in masks the others are not known.
    chips : ChipOptions
        Where a format for training is chosen.
    details : CardDetails
        What only the person can say.
    crs : CRS, optional
        Of parcels in files whose standard leaves it open; by default that of the scene.
    stem : str
        How the names of files for GIS begin; the plain names of ``FORMATS`` where empty.
    """

    formats: tuple[str, ...] = ("shapefile", "geopackage", "geojson", "mask")
    accepted_only: bool = True
    chips: ChipOptions = field(default_factory=ChipOptions)
    details: CardDetails = field(default_factory=CardDetails)
    crs: CRS | None = None
    stem: str = ""

    def __post_init__(self) -> None:
        """Refuse formats that do not exist."""
        unknown = [key for key in self.formats if key not in _BY_KEY]
        if unknown or not self.formats:
            raise InputError(
                f"There is no format {unknown[0]!r}." if unknown else "No format was chosen.",
                f"Choose from {', '.join(_BY_KEY)}.",
            )

    @property
    def with_chips(self) -> bool:
        """Whether any format needs chips."""
        return any(_BY_KEY[key].training for key in self.formats)


@dataclass(frozen=True, slots=True)
class WrittenExport:
    """What an export wrote.

    Parameters
    ----------
    folder : Path
    parcels : int
        In the vector files (in fiboa's, fewer: see ``notes``).
    chips : ChipReport or None
    notes : tuple of str
        What a person should know, a sentence each; they are on the data card, too.
    card : dict
        The data card.
    """

    folder: Path
    parcels: int
    chips: ChipReport | None
    notes: tuple[str, ...]
    card: dict[str, Any]


@dataclass(frozen=True, slots=True)
class LabelFiles:
    """Files of labels that were written, and what a person should know of them, in sentences."""

    files: tuple[Path, ...]
    notes: tuple[str, ...]


def write_export(
    labelled: LabelledScene,
    folder: Path,
    options: ExportOptions,
    *,
    progress: Progress = silent,
    cancelled: Cancelled = never,
) -> WrittenExport:
    """Write the chosen formats and a data card into ``folder``.

    Parameters
    ----------
    folder : Path
        New, empty, or an earlier export, which is replaced as a whole at the end.

    Raises
    ------
    EmptySceneError
        Training data was asked for and nobody vouches for any part of the scene.
    InputError
        The imagery cannot be read.
    OutputError
        ``folder`` holds other files, or cannot be written; it is as it was before.
    CancelledError
        ``cancelled`` said so; ``folder`` is as it was before.
    """
    if options.with_chips and labelled.scene is None:
        raise InputError(
            "Training chips need the scene's image, which is not open.",
            "Export without chips, COCO and YOLO, or repair the scene's image first.",
        )
    parcels = [p for p in labelled.parcels if p.vouched or not options.accepted_only]
    with (
        fresh_folder(folder, marker=CARD_JSON) as aside,
        scratch_folder(folder) as scratch,
    ):
        table = table_pages(parcels, labelled.grid.crs, labelled.source, scratch, labelled.schema)
        written = write_label_files(labelled, parcels, table, aside, options, progress, cancelled)
        chips = None
        if options.with_chips:
            contents = ChipContents(
                accepted_only=options.accepted_only,
                coco="coco" in options.formats,
                yolo="yolo" in options.formats,
            )
            chips = write_chips(
                labelled, aside, options.chips, contents, options.details, progress, cancelled
            )
        progress(CHECKING, 0, 1)
        notes = written.notes + _notes(labelled, parcels, chips, options)
        card = write_card(aside, labelled, table, chips, options.details, options.formats, notes)
        _refuse_cancelled(cancelled)
    progress(CHECKING, 1, 1)
    return WrittenExport(folder, len(parcels), chips, notes, card)


def write_label_files(
    labelled: LabelledScene,
    parcels: Sequence[LabelledParcel],
    table: TablePages,
    folder: Path,
    options: ExportOptions,
    progress: Progress = silent,
    cancelled: Cancelled = never,
) -> LabelFiles:
    """Write the chosen formats that need no imagery into ``folder``.

    Parameters
    ----------
    parcels : sequence of LabelledParcel
        Those of the scene that count.
    table : TablePages
        Of :func:`core.export.table_pages.table_pages`.

    Raises
    ------
    OutputError
        A file cannot be written; an earlier one is whole.
    CancelledError
        ``cancelled`` said so; the files that were written stay.
    """
    grid, source = labelled.grid, labelled.source
    facts = source.facts()

    def mask(path: Path) -> str:
        burnt = BurntParcels(
            labelled.parcels, grid, labelled.reviewed, accepted_only=options.accepted_only
        )
        target = grid if labelled.scene is None else labelled.scene.grid
        return write_mask(path, burnt.mask_parts(), grid, target, facts)

    tolerance_m = grid.gsd_m / 10
    rounded, moved = gis_table(table), gis_table(table, options.crs)
    writers: dict[str, Callable[[Path], object]] = {
        "shapefile": lambda path: write_shapefile_zip(path, moved, tolerance_m=tolerance_m),
        "geopackage": lambda path: write_geopackage(path, moved, facts, tolerance_m=tolerance_m),
        "geojson": lambda path: write_geojson(path, rounded),
        "geoparquet": lambda path: write_geoparquet(path, moved),
        "fiboa": lambda path: write_fiboa(
            path, parcels, table, source, options.details.imaged_at, labelled.schema
        ),
        "mask": mask,
    }
    notes = []
    chosen = [one for one in FORMATS if one.key in options.formats and not one.training]
    files = []
    for done, one in enumerate(chosen):
        _refuse_cancelled(cancelled)
        progress(WRITING_LABELS, done, len(chosen))
        files.append(folder / one.file_names(options.stem)[0])
        note = writers[one.key](files[-1])
        notes += [note] if note and isinstance(note, str) else []
    if any(one.styled for one in chosen):
        files.append(folder / (named(STYLE, options.stem) if options.stem else STYLE))
        write_style(files[-1])
    progress(WRITING_LABELS, len(chosen), len(chosen))
    return LabelFiles(tuple(files), tuple(notes))


def _refuse_cancelled(cancelled: Cancelled) -> None:
    check(cancelled, "The export was cancelled.", "What was in the folder before is unchanged.")


def _notes(
    labelled: LabelledScene,
    parcels: Sequence[LabelledParcel],
    chips: ChipReport | None,
    options: ExportOptions,
) -> tuple[str, ...]:
    notes = [] if labelled.scene is None else [*labelled.scene.unknown.sentences()]
    notes += _where(labelled, options)
    left = len(labelled.parcels) - len(parcels)
    if left:
        notes.append(f"{left:,} parcels that nobody accepted or corrected are left out.")
    kept = sum(is_boundary(parcel) for parcel in parcels)
    if "fiboa" in options.formats and kept < len(parcels):
        notes.append(f"fiboa holds {kept:,} parcels: rejected ones and other land are left out.")
    if chips is not None:
        notes += _chip_notes(chips, options)
    if not options.details.licence:
        notes.append("No licence was given: say how others may use this before you pass it on.")
    return tuple(notes)


def _where(labelled: LabelledScene, options: ExportOptions) -> list[str]:
    """In which CRS the parcels are, where any file leaves that open."""
    chosen = [one for one in FORMATS if one.key in options.formats]
    degrees = [one.title for one in chosen if one.key in ("geojson", "fiboa")]
    if not any(one.key in ("shapefile", "geopackage", "geoparquet") for one in chosen):
        return []
    crs = labelled.grid.crs if options.crs is None else options.crs
    rest = f"; {' and '.join(degrees)}: always in WGS 84, by the standard" if degrees else ""
    return [f"The parcels are in {crs.name}{rest}."]


def _chip_notes(chips: ChipReport, options: ExportOptions) -> list[str]:
    notes = []
    lacking = [s for s, share in chips.options.shares.items() if share > 0 and not chips.of(s)]
    if lacking:
        notes.append(
            f"There is no chip for {' and '.join(lacking)}: the reviewed area is too small for "
            "these chips and blocks."
        )
    unlisted = sum(not chip.yolo for chip in chips.chips)
    if "yolo" in options.formats and unlisted:
        notes.append(
            f"{unlisted:,} chips with ground that nobody vouches for are not in YOLO's lists, "
            "which know nothing to ignore."
        )
    return notes
