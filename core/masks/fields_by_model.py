"""Cropland into fields by asking the model: one click after another until all cropland is answered.

As Segment Anything's mask generator does it, with two differences: points lie on cropland alone,
and each round asks only in the middle of what no accepted field covers yet, so that a few rounds of
few points do where a blind grid needs a thousand.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from core.masks.encode import EncodedTile
from core.masks.fields import complete_numbers
from core.masks.per_field import Candidate, drop_overlapping, stability
from core.sam.protocol import PromptBatch

ROUNDS = 5
POINTS_A_ROUND = 40
QUERIES_AT_ONCE = 8
LEAST_QUALITY = 0.35
LEAST_CROPLAND_SHARE = 0.6
LEAST_NEW_SHARE = 0.5
_LEAST_CELLS = 20
_SPACING_CELLS = 7

Labels = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class _Frame:
    """Cropland in the logits' square frame, and how the image lies in it."""

    cropland: Flags
    pixels_per_cell: float


def ask_for_fields(tile: EncodedTile, cropland: Flags) -> Labels:
    """Field numbers from 1 inside ``cropland``, int32 (rows, columns), 0 outside.

    Parameters
    ----------
    tile : EncodedTile
        Encoded once; every click is a decode.
    cropland : bool (rows, columns)
        On the tile's pixels.

    Raises
    ------
    CancelledError
        The person has cancelled.
    """
    side = 256
    frame = _to_frame(tile, cropland, side)
    kept: list[Candidate] = []
    for _ in range(ROUNDS):
        open_cells = frame.cropland & ~_covered(kept, frame.cropland.shape)
        places = deepest_places(open_cells, POINTS_A_ROUND)
        if len(places) == 0:
            break
        found = _ask(tile, frame, places)
        new = [c for c in found if _share(c.logits > 0, open_cells) >= LEAST_NEW_SHARE]
        if not new:
            break
        kept = drop_overlapping(kept + new)
    return complete_numbers(_paint(tile, kept, cropland), cropland)


def deepest_places(flags: Flags, count: int) -> npt.NDArray[np.int64]:
    """Up to ``count`` cells (n, 2), row and column, deep inside ``flags`` and apart."""
    depth = ndimage.distance_transform_edt(np.pad(flags, 1))[1:-1, 1:-1]
    peaks = (depth == ndimage.maximum_filter(depth, _SPACING_CELLS)) & (depth > 1.5)
    places = np.argwhere(peaks)
    order = np.argsort(-depth[peaks], kind="stable")
    kept: list[npt.NDArray[np.int64]] = []
    for place in places[order]:
        near = any(np.abs(place - other).max() < _SPACING_CELLS for other in kept)
        if not near:
            kept.append(place)
        if len(kept) == count:
            break
    return np.array(kept, dtype=np.int64).reshape(-1, 2)


def _ask(tile: EncodedTile, frame: _Frame, places: npt.NDArray[np.int64]) -> list[Candidate]:
    found = []
    for start in range(0, len(places), QUERIES_AT_ONCE):
        chunk = places[start : start + QUERIES_AT_ONCE]
        clicks = (chunk[:, None, ::-1] + 0.5) * frame.pixels_per_cell - 0.5
        batch = PromptBatch(clicks.astype(np.float32), np.ones((len(chunk), 1), dtype=np.int64))
        decoded = tile.decode(batch, multimask=True)
        for logits, rated in zip(decoded.logits, decoded.predicted_iou, strict=True):
            best = _best(logits, rated, frame.cropland)
            if best is not None:
                found.append(best)
    return found


def _best(
    logits: npt.NDArray[np.float32], rated: npt.NDArray[np.float32], cropland: Flags
) -> Candidate | None:
    best: Candidate | None = None
    for mask_logits, estimate in zip(logits, rated, strict=True):
        mask = mask_logits > 0
        if mask.sum() < _LEAST_CELLS or _share(mask, cropland) < LEAST_CROPLAND_SHARE:
            continue
        quality = float(np.clip(estimate, 0.0, 1.0)) * stability(mask_logits)
        if quality >= LEAST_QUALITY and (best is None or quality > best.quality):
            best = Candidate(mask_logits, quality)
    return best


def _paint(tile: EncodedTile, kept: list[Candidate], cropland: Flags) -> Labels:
    """Each pixel gets the field that claims it most; ``kept`` is ordered best first."""
    labels = np.zeros(cropland.shape, dtype=np.int32)
    strongest = np.zeros(cropland.shape, dtype=np.float32)
    for number, candidate in enumerate(kept, start=1):
        logits = tile.upsample(candidate.logits[None])[0] * np.float32(candidate.quality)
        mine = logits > strongest
        labels[mine] = number
        strongest = np.maximum(strongest, logits)
    return np.where(cropland, labels, 0).astype(np.int32)


def _covered(kept: list[Candidate], shape: tuple[int, int]) -> Flags:
    covered = np.zeros(shape, dtype=np.bool_)
    for candidate in kept:
        covered |= candidate.logits > 0
    return covered


def _share(mask: Flags, of: Flags) -> float:
    return float((mask & of).sum()) / max(1, int(mask.sum()))


def _to_frame(tile: EncodedTile, cropland: Flags, side: int) -> _Frame:
    pixels_per_cell = max(cropland.shape) / side
    frame = np.zeros((side, side), dtype=np.bool_)
    rows, columns = (min(side, max(1, round(n / pixels_per_cell))) for n in cropland.shape)
    row = ((np.arange(rows) + 0.5) * pixels_per_cell).astype(int).clip(0, cropland.shape[0] - 1)
    column = ((np.arange(columns) + 0.5) * pixels_per_cell).astype(int)
    column = column.clip(0, cropland.shape[1] - 1)
    frame[:rows, :columns] = cropland[row[:, None], column[None]]
    return _Frame(frame, pixels_per_cell)
