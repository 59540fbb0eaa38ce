"""What only a person can say of an export."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class NoteOnMap:
    """What somebody said is to be mended at a place.

    Parameters
    ----------
    x, y : float
        In the CRS of the scene.
    done_by : str
        Who did it; empty while it is open.
    """

    tile: str
    x: float
    y: float
    text: str
    author: str
    at: datetime | None
    done_by: str = ""


@dataclass(frozen=True, slots=True)
class CardDetails:
    """What the data card says beyond what can be counted in the files.

    Parameters
    ----------
    licence, author, note : str
        As the person gives them; empty where they did not.
    imaged_at : datetime, optional
        When the image was taken; UTC where it has no time zone.
    weights_sha256 : str
        SHA-256 of the model's weights; empty without a model.
    prompts, corrections : int, optional
        How many a person or the land cover gave; None where that is not known.
    to_mend : tuple of NoteOnMap
        Notes that people pinned on the tiles, open and done.
    """

    licence: str = ""
    author: str = ""
    note: str = ""
    imaged_at: datetime | None = None
    weights_sha256: str = ""
    prompts: int | None = None
    corrections: int | None = None
    to_mend: tuple[NoteOnMap, ...] = ()
