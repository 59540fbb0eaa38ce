"""A person's prompts to fields: one question to the model for each, answers kept.

A positive point asks for its field.  A negative point inside that answer corrects it; one that lies
in no such answer asks for its own field, which is taken away.  A box asks for what it holds.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from scipy import ndimage

from core.annotate.automatic import full_precision
from core.annotate.frame import Frame
from core.annotate.work import PersonBox, PersonPrompt, Work
from core.grid import PixelPoint
from core.masks.polygons import mask_to_parcels
from core.prompts.prompt import Prompt
from core.sam.protocol import Decoded, Embedding, PromptBatch, to_batch, upsample_logits

_MOST_KEPT = 64
_SMOOTHING_PIXELS = 1.5
_LEAST_SHARE_OF_PART = 0.05

Flags = npt.NDArray[np.bool_]
Ask = Callable[[Embedding, PromptBatch], Decoded]


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """One answer: an area in native pixels, and whether it is added or taken away."""

    area: shapely.Polygon | shapely.MultiPolygon
    adds: bool
    prompt_id: str


class Answers:
    """The model's answers about one tile, each asked once; safe to call from any thread."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._lock = threading.Lock()
        # One bit a pixel: an answer of 1024 x 1024 takes 128 kB.
        self._kept: OrderedDict[tuple[object, ...], npt.NDArray[np.uint8]] = OrderedDict()

    def fields(self, work: Work, embedding: Embedding, ask: Ask) -> list[Field]:
        """The fields of all of the person's prompts, in the order in which they were set.

        ``ask`` decodes a batch and may wait in a queue for it.
        """
        negatives = [p for p in work.points if p.label == 0]
        taken: set[str] = set()
        masks: list[tuple[Flags, bool, str]] = []
        for prompt in (p for p in work.points if p.label == 1):
            mask = self.of_point(prompt.point, embedding, ask)
            inside = [n for n in negatives if self._lies_in(n.point, mask)]
            if inside:
                mask = self._of_points(prompt, inside, embedding, ask)
                taken.update(n.id for n in inside)
            masks.append((mask, True, prompt.id))
        masks += [(self._of_box(box, embedding, ask), True, box.id) for box in work.boxes]
        for negative in negatives:
            if negative.id not in taken:
                masks.append((self.of_point(negative.point, embedding, ask), False, negative.id))
        order = {p.id: i for i, p in enumerate(work.points)}
        masks.sort(key=lambda item: order.get(item[2], len(order)))
        fields = [self._outline(mask, adds, name) for mask, adds, name in masks]
        return [field for field in fields if field is not None]

    def of_point(self, native: PixelPoint, embedding: Embedding, ask: Ask) -> Flags:
        """The mask that one click gives, bool (rows, columns) of the tile."""
        point = self._frame.to_tile(native)
        key = ("point", embedding.key, round(point.column, 1), round(point.row, 1))
        batch = to_batch((Prompt(point, 1, "person"),))
        return self._remember(key, batch, (embedding, ask), point)

    def _of_points(
        self,
        positive: PersonPrompt,
        negatives: list[PersonPrompt],
        embedding: Embedding,
        ask: Ask,
    ) -> Flags:
        first = self._frame.to_tile(positive.point)
        others = [self._frame.to_tile(n.point) for n in negatives]
        key = ("points", embedding.key, first, *others)
        prompts = (Prompt(first, 1, "person"), *(Prompt(p, 0, "person") for p in others))
        return self._remember(key, to_batch(prompts), (embedding, ask), first)

    def _of_box(self, box: PersonBox, embedding: Embedding, ask: Ask) -> Flags:
        first = self._frame.to_tile(PixelPoint(box.left, box.top))
        last = self._frame.to_tile(PixelPoint(box.right, box.bottom))
        corners = np.array(
            [[first.column - 0.5, first.row - 0.5, last.column - 0.5, last.row - 0.5]], np.float32
        )
        empty = np.zeros((1, 0, 2), np.float32), np.zeros((1, 0), np.int64)
        batch = PromptBatch(*empty, boxes=corners)
        return self._remember(("box", embedding.key, first, last), batch, (embedding, ask), None)

    def _remember(
        self,
        key: tuple[object, ...],
        batch: PromptBatch,
        asked: tuple[Embedding, Ask],
        start: PixelPoint | None,
    ) -> Flags:
        with self._lock:
            packed = self._kept.get(key)
        if packed is None:
            embedding, ask = asked
            whole = full_precision(embedding)
            logits = ask(whole, batch).logits[:, 0]
            packed = np.packbits(_main_part(upsample_logits(logits, whole)[0] > 0, start))
        with self._lock:
            self._kept[key] = packed
            self._kept.move_to_end(key)
            while len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
        shape = self._frame.tile_grid.shape
        return np.unpackbits(packed, count=shape[0] * shape[1]).reshape(shape).astype(np.bool_)

    def _lies_in(self, native: PixelPoint, mask: Flags) -> bool:
        point = self._frame.to_tile(native)
        row, column = int(point.row), int(point.column)
        inside = 0 <= row < mask.shape[0] and 0 <= column < mask.shape[1]
        return inside and bool(mask[row, column])

    def _outline(self, mask: Flags, adds: bool, name: str) -> Field | None:
        """The mask inside the tile's core as an area in native pixels; None where it is empty."""
        core = mask[self._frame.core.slices]
        if not core.any():
            return None
        grid = self._frame.core_grid
        parcels = mask_to_parcels(core, grid, simplify_m=_SMOOTHING_PIXELS * grid.gsd_m)
        native = self._frame.worlds_to_native(parcels.geometry.to_numpy())
        area = shapely.union_all(native)
        if not isinstance(area, shapely.Polygon | shapely.MultiPolygon) or area.is_empty:
            return None
        return Field(area, adds, name)


def _main_part(mask: Flags, start: PixelPoint | None) -> Flags:
    """The part under the click with its holes filled; the largest where the click hit none.

    Without a click (a box), every part that is not a speck.
    """
    labels, count = ndimage.label(mask)
    if count == 0:
        return mask
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    if start is None:
        large = sizes >= _LEAST_SHARE_OF_PART * sizes.max()
        large[0] = False
        return np.asarray(large[labels], dtype=np.bool_)
    row = min(max(int(start.row), 0), mask.shape[0] - 1)
    column = min(max(int(start.column), 0), mask.shape[1] - 1)
    chosen = labels[row, column] or int(sizes.argmax())
    part = labels == chosen
    return np.asarray(ndimage.binary_fill_holes(part), dtype=np.bool_)
