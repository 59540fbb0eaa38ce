"""Clicks as rivals: a pixel goes to the click that claims it most, and every click is obeyed.

A model trained on single clicks says best where the field of *one* click lies; asked with several
at once it forgets the first.  So each click is asked for its own field, and these claims are
settled here.  Where two rivals claim the same ground about equally, the image decides: the pixel
goes to the click that is nearer along a way that costs as much as the edges it crosses (geodesic
segmentation, Bai & Sapiro 2007, doi:10.1109/ICCV.2007.4408931).  A click that all of this leaves
unheard gets the ground around it as far as the nearest edges, and a small disc in any case.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.special import logit
from skimage.graph import MCP_Geometric
from skimage.transform import downscale_local_mean, resize

from core.grid import PixelPoint, Window, pixel_of
from core.parcels.fields import lab_gradient, smooth_lab
from core.predict.encode import sigmoid
from core.prompts.prompt import Prompt

OBEYED_PIXELS = 4.0
"""Radius of the disc around a click that has the click's label in any case."""

_MOST_CELLS = 192
"""Ways are looked for on at most so many cells a side."""

_SMOOTHING_CELLS = 1.5
_STEP_COST = 0.3
"""What a cell of even colour costs; an edge costs its gradient, CIE Lab units per cell."""

_EDGE_WEIGHT = 3.0
"""Logits by which the shorter way counts, where both sides claim a pixel."""

_IN_DOUBT = 1.0
"""Logits for the wanted field there: a click against a sliver at its edge must not halve it."""

_PULL, _PULL_REACH = 1.0, 30.0
"""Logits by which an unheard click wins at itself, and the cost of a way over which they fade."""

_MARGIN = 24
_SURE = 1e-6

Values = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Claim:
    """What a model holds for the field of one click.

    Parameters
    ----------
    prompt : Prompt
        The click; its label says whether the field is wanted.
    probability : float32 (rows, columns)
        On the tile's pixels.
    """

    prompt: Prompt
    probability: Values

    @property
    def contains_its_click(self) -> bool:
        """Whether the model holds that a click lies in its own field and wants it."""
        found = self.probability[pixel_of(self.prompt.point, self.probability.shape)]
        return self.prompt.label == 1 and bool(found >= 0.5)


def settle(claims: Sequence[Claim], rgb: npt.NDArray[np.uint8]) -> Values:
    """Probability of the field that all clicks together mean, float32 (rows, columns).

    At least 0.5 under every click that wants its field and less under every other; of two clicks
    in one pixel the later one has it.

    Parameters
    ----------
    claims : sequence of Claim
        At least one; a single one that contains its click comes back as it is.
    rgb : uint8 (rows, columns, 3)
        The tile.
    """
    if len(claims) == 1 and claims[0].contains_its_click:
        return claims[0].probability
    probability = np.zeros_like(claims[0].probability)
    for claim in claims:
        if claim.prompt.label == 1:
            np.maximum(probability, claim.probability, out=probability)
    # Nobody claims anything beyond.
    window = _around(claims)
    within = [_cropped(claim, window) for claim in claims]
    probability[window.slices] = sigmoid(_settled(within, rgb[window.slices]))
    for reach in (OBEYED_PIXELS, 0.0):
        for claim in claims:
            _obey(probability, claim.prompt, reach)
    return probability


def _settled(claims: Sequence[Claim], rgb: npt.NDArray[np.uint8]) -> Values:
    """Logits of what all clicks together mean."""
    unwanted, wanted = (_strongest(claims, label) for label in (0, 1))
    settled = np.where(unwanted > 0, np.minimum(wanted, wanted - unwanted), wanted)
    ways = _ways(claims, rgb)
    if ways[0] is not None and ways[1] is not None:
        both = np.clip(np.minimum(wanted, unwanted), 0.0, 1.0)
        nearer = (ways[0] - ways[1]) / (ways[0] + ways[1] + _SURE)
        settled += both * (_EDGE_WEIGHT * nearer + _IN_DOUBT)
    for label, way in enumerate(ways):
        outvoted = _most_unheard(settled, claims, label)
        if way is not None and outvoted >= 0:
            pull = (outvoted + _PULL) * np.exp(-way / _PULL_REACH)
            settled += pull if label == 1 else -pull
    return np.asarray(settled, dtype=np.float32)


def _strongest(claims: Sequence[Claim], label: int) -> Values:
    """The strongest claim to each pixel among clicks of one label, as logits."""
    shape = claims[0].probability.shape
    strongest = np.full(shape, logit(_SURE), dtype=np.float32)
    for claim in claims:
        if claim.prompt.label == label:
            sure = np.clip(claim.probability, _SURE, 1.0 - _SURE)
            np.maximum(strongest, logit(sure, dtype=np.float32), out=strongest)
    return strongest


def _around(claims: Sequence[Claim]) -> Window:
    """All clicks and all that any of them claims, and something around."""
    shape = claims[0].probability.shape
    claimed = np.zeros(shape, dtype=np.bool_)
    for claim in claims:
        claimed |= claim.probability >= 0.5
        claimed[pixel_of(claim.prompt.point, shape)] = True
    extent = Window(0, 0, shape[1], shape[0])
    found = Window.around(claimed) or extent
    return found.expanded(_MARGIN).intersection(extent) or extent


def _cropped(claim: Claim, window: Window) -> Claim:
    at = claim.prompt.point
    moved = PixelPoint(at.column - window.column, at.row - window.row)
    return Claim(replace(claim.prompt, point=moved), claim.probability[window.slices])


def _ways(
    claims: Sequence[Claim], rgb: npt.NDArray[np.uint8]
) -> tuple[Values | None, Values | None]:
    """Cost of the cheapest way from each pixel to a click of label 0, and to one of label 1."""
    shape = rgb.shape[:2]
    factor = -(-max(shape) // _MOST_CELLS)
    cost = _costs(rgb, factor)
    ways: list[Values | None] = []
    for label in (0, 1):
        pixels = [pixel_of(c.prompt.point, shape) for c in claims if c.prompt.label == label]
        if not pixels:
            ways.append(None)
            continue
        seeds = [(row // factor, column // factor) for row, column in pixels]
        found, _ = MCP_Geometric(cost).find_costs(seeds)
        ways.append(_to_pixels(np.asarray(found, dtype=np.float32), factor, shape))
    return ways[0], ways[1]


def _costs(rgb: npt.NDArray[np.uint8], factor: int) -> npt.NDArray[np.float64]:
    """Cost of a step in each cell of ``factor`` x ``factor`` pixels."""
    rows, columns = rgb.shape[:2]
    # Whole cells, and two of them at least: a gradient lies between two.
    more = [max(-side % factor, 2 * factor - side) for side in (rows, columns)]
    padded = np.pad(rgb, ((0, more[0]), (0, more[1]), (0, 0)), mode="edge")
    cells = downscale_local_mean(padded, (factor, factor, 1))  # type: ignore[no-untyped-call]
    colour = smooth_lab(np.rint(cells).astype(np.uint8), _SMOOTHING_CELLS)
    return (_STEP_COST + lab_gradient(colour)).astype(np.float64)


def _to_pixels(cells: Values, factor: int, shape: tuple[int, ...]) -> Values:
    """Values of cells on pixels."""
    if factor > 1:
        enlarged = (cells.shape[0] * factor, cells.shape[1] * factor)
        cells = resize(cells, enlarged, order=1, mode="edge").astype(np.float32)  # type: ignore[no-untyped-call]
    return cells[: shape[0], : shape[1]]


def _most_unheard(settled: Values, claims: Sequence[Claim], label: int) -> float:
    """By how many logits the least heard click of a label is outvoted; below 0 where none is."""
    signs = 1.0 if label == 1 else -1.0
    heard = [
        signs * float(settled[pixel_of(claim.prompt.point, settled.shape)])
        for claim in claims
        if claim.prompt.label == label
    ]
    return -min(heard, default=0.0)


def _obey(probability: Values, prompt: Prompt, radius: float) -> None:
    """The disc around a click gets its label; with no radius its pixel does."""
    row, column = pixel_of(prompt.point, probability.shape)
    reach = int(np.ceil(radius))
    rows = slice(max(row - reach, 0), row + reach + 1)
    columns = slice(max(column - reach, 0), column + reach + 1)
    part = probability[rows, columns]
    down = np.arange(rows.start, rows.start + part.shape[0])[:, None]
    across = np.arange(columns.start, columns.start + part.shape[1])[None]
    disc = (down - row) ** 2 + (across - column) ** 2 <= radius**2
    least, most = (0.5, 1.0) if prompt.label == 1 else (0.0, 0.499)
    part[disc] = np.clip(part[disc], least, most)
