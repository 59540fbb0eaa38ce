"""What a click asks for: the field around a point, seen several times.

A model looks at a whole tile with few pixels for each field.  So the same question is put again to
closer looks, windows around the point at larger scale, and where several see, their probabilities
are averaged.  Several clicks are each asked for their own field, and ``core.label.rivals`` settles
whose a pixel is.  What that brings is in ``docs/model-card.md``.

Closer looks have to be embedded first, which takes several times as long as everything else.  So
a question may also be answered by the whole tile alone, for somebody who waits; what is kept and
exported is always the answer of all looks.
"""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from core.grid import PixelPoint, Window
from core.label.rivals import Claim, settle
from core.predict.encode import sigmoid
from core.predict.fields_apart import FieldSegments
from core.prompts.prompt import BoxPrompt, Prompt
from core.sam.cache import uncached
from core.sam.protocol import (
    Embedding,
    Segmenter,
    in_full,
    in_half,
    to_batch,
    upsample_logits,
)

CLOSER_SIDE = 384
"""Side of the first closer look, in pixels of the tile."""

CLOSER_SIDES = (CLOSER_SIDE, 256)

LEAST_AGREEMENT = 0.1
"""Share that the model's answer and the field map's field have in common (their IoU, by
probability): with less of it the model is believed, for the field map sees another thing there."""

SEGMENT_SHARE = 0.75
"""Weight of the field map's field in the mean with the model's answer: it decides where a field
ends, and the answer how sure that is, which counts between rival clicks."""

_STEP = 32
"""Closer looks begin on multiples of this, so that neighbouring clicks share them."""

_MOST_LOOKS = 24
"""Closer looks that this process keeps, of all tiles: 4 MB each with the small model."""

_MOST_LOGITS = 12
"""Answers to single clicks that are kept of a tile, 256 kB each: of several clicks one at a time is
new, and the whole tile's first answer is part of the final one."""

Probability = npt.NDArray[np.float32]
Logits = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Question:
    """Points, or a box, in pixels of the tile; the first point is what the question is about."""

    points: tuple[Prompt, ...] = ()
    box: BoxPrompt | None = None

    @property
    def least(self) -> float:
        """Probability from which a pixel belongs to the answer.

        A box already says where the field ends; measured on the training tiles.
        """
        return 0.5 if self.box is None else 0.3

    @property
    def place(self) -> PixelPoint:
        """What the question is about."""
        if self.box is None:
            return self.points[0].point
        return PixelPoint(
            (self.box.left + self.box.right) / 2, (self.box.top + self.box.bottom) / 2
        )


class _RecentLooks:
    """Which closer looks were used last, of all tiles; the others are taken from their tiles."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._used: list[tuple[weakref.ref[TileViews], Window]] = []

    def used(self, views: TileViews, window: Window) -> None:
        """A look was used now."""
        with self._lock:
            used = [one for one in self._used if one[0]() is not None]
            this = (weakref.ref(views), window)
            self._used = [*(one for one in used if one != this), this]
            while len(self._used) > self._most:
                tile, oldest = self._used.pop(0)
                if (owner := tile()) is not None:
                    owner.forget_look(oldest)


_RECENT = _RecentLooks(_MOST_LOOKS)


@dataclass(slots=True, eq=False, weakref_slot=True)
class TileViews:
    """A tile as a model has seen it; not for two threads at once.

    Parameters
    ----------
    rgb : uint8 (rows, columns, 3)
        The tile's pixels.
    whole : Embedding
        Of all of them; its features may be kept in half precision.
    segments : FieldSegments or None
        The fields that the field map tells apart, where there is one.
    """

    rgb: npt.NDArray[np.uint8]
    whole: Embedding
    segments: FieldSegments | None = None
    _closer: dict[Window, Embedding] = field(default_factory=dict)
    _logits: OrderedDict[tuple[object, ...], Logits] = field(default_factory=OrderedDict)

    def at_hand(self, place: PixelPoint) -> bool:
        """Whether a question about this place needs no further embedding."""
        return all(window in self._closer for window in self._windows(place))

    def take_look(self, place: PixelPoint, segmenter: Segmenter) -> bool:
        """Take one closer look that is missing around a place; False where none is."""
        for window in self._windows(place):
            if window not in self._closer:
                self._look(window, segmenter)
                return True
        return False

    def forget_look(self, window: Window) -> None:
        """Let go of a closer look; it is taken again when it is needed."""
        self._closer.pop(window, None)

    def closer(self, place: PixelPoint, segmenter: Segmenter) -> list[tuple[Window, Embedding]]:
        """The closer looks around a place; none where the tile is hardly larger."""
        return [(window, self._look(window, segmenter)) for window in self._windows(place)]

    def own_field(
        self, point: PixelPoint, looks: list[tuple[Window, Embedding]], segmenter: Segmenter
    ) -> Probability:
        """Probability of one click's own field: the mean of all looks that hold the click."""
        probability = self._seen_in(None, self.whole, point, segmenter)
        seen = np.ones(probability.shape, dtype=np.float32)
        for window, look in looks:
            if window.holds(point):
                moved = PixelPoint(point.column - window.column, point.row - window.row)
                probability[window.slices] += self._seen_in(window, look, moved, segmenter)
                seen[window.slices] += 1.0
        probability /= seen
        return self._with_segment(probability, point)

    def _seen_in(
        self, window: Window | None, look: Embedding, point: PixelPoint, segmenter: Segmenter
    ) -> Probability:
        """Probability of the field of one click, on the pixels that a look shows.

        The model's answer is kept small, as it came, and drawn large anew.
        """
        key = window, point
        logits = self._logits.get(key)
        if logits is None:
            batch = to_batch((Prompt(point, 1),))
            answered = segmenter.decode(in_full(look), batch, multimask=False)
            logits = self._logits[key] = answered.logits[:, 0].copy()
        self._logits.move_to_end(key)
        while len(self._logits) > _MOST_LOGITS:
            self._logits.popitem(last=False)
        return sigmoid(upsample_logits(logits, look)[0])

    def _with_segment(self, probability: Probability, point: PixelPoint) -> Probability:
        """The field map's field under the click, unless the model sees something else there."""
        segment = None
        if self.segments is not None:
            segment = self.segments.under(point, (probability.shape[0], probability.shape[1]))
        if segment is None:
            return probability
        both = float(probability[segment].sum())
        either = float(segment.sum()) + float(probability.sum()) - both
        if both < LEAST_AGREEMENT * either:
            return probability
        mixed = SEGMENT_SHARE * segment + (1.0 - SEGMENT_SHARE) * probability
        return np.asarray(mixed, dtype=np.float32)

    def _look(self, window: Window, segmenter: Segmenter) -> Embedding:
        look = self._closer.get(window)
        if look is None:
            pixels = np.ascontiguousarray(self.rgb[window.slices])
            # On disk they would push out the tiles' own embeddings, each as large.
            look = self._closer[window] = in_half(uncached(segmenter).embed(pixels))
        _RECENT.used(self, window)
        return look

    def _windows(self, place: PixelPoint) -> list[Window]:
        """Where the closer looks around a place lie; a small tile is seen closely as it is."""
        height, width = self.rgb.shape[:2]
        if min(height, width) < CLOSER_SIDE + _STEP:
            return []
        return [
            Window(_start(place.column, width, side), _start(place.row, height, side), side, side)
            for side in CLOSER_SIDES
        ]


def answer(
    views: TileViews, question: Question, segmenter: Segmenter, *, closely: bool = True
) -> Probability:
    """Probability of the field that is asked for, float32 (rows, columns) of the tile.

    It is at least 0.5 under each point that wants its field and less under the others.  A box is
    asked for by the field at its middle, cut at the box: corners say less to the model that ships
    than a point does.  Not ``closely``, the whole tile alone is asked.
    """
    points = question.points or (Prompt(question.place, 1, "person"),)
    looks = views.closer(question.place, segmenter) if closely else []
    claims = [Claim(p, views.own_field(p.point, looks, segmenter)) for p in points]
    if question.box is not None:
        return _cut(claims[0].probability, question.box)
    return settle(claims, views.rgb)


def _start(place: float, length: int, side: int) -> int:
    """First pixel of a closer look along one axis."""
    first = round((place - side / 2) / _STEP) * _STEP
    return min(max(first, 0), length - side)


def _cut(probability: Probability, box: BoxPrompt) -> Probability:
    """Zero outside a box."""
    columns, rows = np.arange(probability.shape[1]) + 0.5, np.arange(probability.shape[0]) + 0.5
    across = (columns >= box.left) & (columns <= box.right)
    down = (rows >= box.top) & (rows <= box.bottom)
    return np.where(down[:, None] & across[None, :], probability, np.float32(0.0))
