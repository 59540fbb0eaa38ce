"""What a person wishes to take along, and what was made of it: the record beside the files."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

from core.area_units import HECTARES, AreaUnit
from core.export.card_details import CardDetails
from core.export.chip_plan import ChipOptions
from core.export.export_crs import AS_IT_FITS
from core.export.write_export import FORMATS, named
from core.files import safe_name
from core.record_files import read_record, write_record

GIS, TRAINING, RECORD = "gis", "training", "record"

_RECORD_FILE = "made.json"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a person wants to take along.

    Parameters
    ----------
    formats : tuple of str
        Keys of ``core.export.write_export.FORMATS``, in any order.
    accepted_only : bool
        Only tiles that a person accepted; training data is cut from those alone in any case.
    crs : str
        Of parcels for GIS: what :func:`core.export.export_crs.chosen_crs` takes.
    unit : AreaUnit
        Of areas on pages that are made for reading; data is in hectares.
    """

    formats: tuple[str, ...] = ("geopackage", "shapefile", "geojson", "mask")
    replay: bool = False
    error_report: bool = False
    accepted_only: bool = True
    chips: ChipOptions = field(default_factory=ChipOptions)
    details: CardDetails = field(default_factory=CardDetails)
    crs: str = AS_IT_FITS
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
    wishes : Wishes or None
        What was asked for; None in records of older versions.
    stem : str
        How the names of the files begin.
    """

    folder: Path
    state: str
    made: datetime
    files: tuple[Delivered, ...]
    notes: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    wishes: Wishes | None = None
    stem: str = ""

    def path(self, ending: str) -> Path | None:
        """The file whose name ends so, where it was made and still lies there."""
        found = (self.folder / one.path for one in self.files if one.path.endswith(ending))
        return next((path for path in found if path.is_file()), None)

    def download_name(self, one: Delivered) -> str:
        """What a browser saves a file as: with project, scene, date, and which tiles count."""
        name = Path(one.path).name
        return name if not self.stem or name.startswith(self.stem) else named(name, self.stem)


def stem_of(project: str, scene: str, day: datetime, wishes: Wishes) -> str:
    """How the names of an export's files begin: ``farm_41.4814N_88.8422W_2026-11-30_accepted``."""
    kind = "accepted" if wishes.accepted_only else "all"
    names = f"{safe_name(project, 'project', 40)}_{safe_name(scene, 'scene', 50)}"
    return f"{names}_{day:%Y-%m-%d}_{kind}"


@dataclass(frozen=True, slots=True)
class _Made:
    """``made.json``: a delivery without its folder, which may be moved."""

    FORMAT: ClassVar[int] = 1

    state: str
    made: datetime
    files: tuple[Delivered, ...]
    notes: tuple[str, ...]
    problems: tuple[str, ...]
    wishes: Wishes | None = None
    stem: str = ""


def last_delivery(folder: Path) -> Delivery | None:
    """What was made into ``folder`` last, also before a restart; None where nothing was.

    Raises
    ------
    UnreadableRecordError
        Its record cannot be read.
    """
    made = read_record(folder / _RECORD_FILE, _Made)
    return None if made is None else Delivery(folder, **_facts(made))


def keep(made: Delivery) -> None:
    """Write the record of what was made.

    Raises
    ------
    OutputError
        It cannot be written.
    """
    write_record(made.folder / _RECORD_FILE, _Made(**_facts(made)))


def _facts(made: Delivery | _Made) -> dict[str, Any]:
    return {one.name: getattr(made, one.name) for one in fields(_Made)}
