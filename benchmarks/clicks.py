"""One click a field, then corrective clicks: ``python -m benchmarks.clicks [CHECKPOINT]``.

For each hand-drawn field of the validation tiles: a click at its most interior point, then three
more, each at the middle of the largest mistake, wanted or unwanted.  The bare model has its last
answer fed back; as the app asks, an answer follows from the clicks alone, which all mean one field
(Ctrl-click).  IoU is on the tile's own pixels.  ``--train`` takes the training tiles, ``--every 3``
a third of the fields.  Without a checkpoint the shipped small model answers.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from benchmarks.labelled import LabelledTile, load_tiles
from core.grid import PixelPoint
from core.label.click import Question, TileViews, answer
from core.label.click_mask import draw
from core.predict.tile import TileMemory, segment_tile
from core.prompts.prompt import BoxPrompt, Prompt
from core.sam.protocol import PromptBatch, Segmenter, in_full, in_half, upsample_logits
from core.sam.registry import DEFAULT_MODEL
from core.study.metrics import compare_pixels

if TYPE_CHECKING:
    from core.sam.torch_runtime import TorchSegmenter

CORRECTIONS = 3
LEAST_PIXELS = 400
"""Fields smaller than this are slivers at a tile's edge; their number is printed."""

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class FieldScore:
    """How one field went.

    Parameters
    ----------
    ious : tuple of float
        After 1, 2, 3 and 4 clicks; the first is the best-rated of three candidates.
    single : float
        After 1 click, from the single-mask answer.
    oracle : float
        After 1 click, of the best of all candidates.
    box : float
        From the field's bounding box.
    rated : float
        The model's own estimate of the first.
    app : tuple of float
        After 1, 2, 3 and 4 clicks, asked as the app asks (``core.label.click``) and drawn as it
        draws (``core.label.click_mask``).
    app_box : float
        From the field's bounding box, asked and drawn like that.
    app_negative : float
        After one click and a negative one in the largest excess; after one where there is none.
    """

    tile: str
    pixels: int
    ious: tuple[float, ...]
    single: float
    oracle: float
    box: float
    rated: float
    app: tuple[float, ...]
    app_box: float
    app_negative: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path, nargs="?")
    parser.add_argument("--train", action="store_true")
    parser.add_argument("--every", type=int, default=1)
    options = parser.parse_args()
    segmenter = from_checkpoint(options.checkpoint) if options.checkpoint else shipped()
    tiles = load_tiles(validation=not options.train)
    scores = [s for tile in tiles for s in score_tile(segmenter, tile, options.every)]
    print(table(scores))


def shipped() -> Segmenter:
    """The model that is in the repository."""
    from core.sam.load import load_segmenter

    return load_segmenter(DEFAULT_MODEL)


def shipped_in_torch() -> TorchSegmenter:
    """The same, in torch whatever the machine."""
    from core.sam.load import load_segmenter
    from core.sam.torch_runtime import TorchSegmenter

    segmenter = load_segmenter(DEFAULT_MODEL, runtime="torch", device="cpu")
    if not isinstance(segmenter, TorchSegmenter):
        raise TypeError("the torch runtime was asked for")
    return segmenter


def from_checkpoint(path: Path) -> TorchSegmenter:
    """The averaged model of a training that may still run."""
    import torch

    from core.sam.small import build_small
    from core.sam.torch_runtime import TorchSegmenter
    from training.export import averaged_model

    model = build_small()
    model.load_state_dict(averaged_model(path))
    return TorchSegmenter(model, "small", "0" * 64, torch.device("cpu"))


def score_tile(segmenter: Segmenter, tile: LabelledTile, every: int = 1) -> list[FieldScore]:
    """Scores of the fields of a tile, or of ``every`` so many of them."""
    whole = in_half(segmenter.embed(tile.image.rgb))
    segments = segment_tile(tile.image, segmenter, TileMemory())
    views = TileViews(tile.image.rgb, whole, segments)
    numbers, pixels = np.unique(tile.fields[tile.truth], return_counts=True)
    return [
        _score(segmenter, views, tile, int(number), int(count))
        for number, count in zip(numbers[::every], pixels[::every], strict=True)
        if count >= LEAST_PIXELS
    ]


def table(scores: list[FieldScore]) -> str:
    """Means over all fields as a Markdown table."""
    ious = np.array([score.ious for score in scores])
    app = np.array([score.app for score in scores])
    rows = [
        ("one click, best-rated of three", ious[:, 0]),
        ("one click, single mask", np.array([s.single for s in scores])),
        ("one click, best of all (oracle)", np.array([s.oracle for s in scores])),
        ("its box", np.array([s.box for s in scores])),
        *((f"{n} corrective click{'s' if n > 1 else ''}", ious[:, n]) for n in (1, 2, 3)),
        ("one click, as the app asks", app[:, 0]),
        ("its box, as the app asks", np.array([s.app_box for s in scores])),
        ("1 corrective negative, as the app asks", np.array([s.app_negative for s in scores])),
        *((f"{n} corrective, as the app asks", app[:, n]) for n in (1, 2, 3)),
    ]
    rated = np.array([s.rated for s in scores])
    lines = [f"{len(scores)} fields", "", "| prompt | mean IoU | median | share above 0.75 |"]
    lines += ["|---|---|---|---|"]
    lines += [
        f"| {name} | {v.mean():.3f} | {np.median(v):.3f} | {(v > 0.75).mean():.2f} |"
        for name, v in rows
    ]
    error = np.abs(rated - ious[:, 0]).mean()
    lines += ["", f"Predicted IoU: mean {rated.mean():.3f}, mean absolute error {error:.3f}."]
    return "\n".join(lines)


def _score(
    segmenter: Segmenter, views: TileViews, tile: LabelledTile, number: int, pixels: int
) -> FieldScore:
    field, embedding = tile.fields == number, in_full(views.whole)
    first = most_interior(field)
    places, labels = [first], [1]
    answer = segmenter.decode(embedding, ask(places, labels), multimask=True)
    best = int(answer.predicted_iou[0].argmax())
    low = answer.logits[0, best]
    masks = upsample_logits(answer.logits[0], embedding) > 0
    alone = segmenter.decode(embedding, ask(places, labels), multimask=False).logits[0, 0]
    single = upsample_logits(alone[None], embedding)[0] > 0
    ious = [iou(masks[best], field)]
    mask = masks[best]
    for _ in range(CORRECTIONS):
        place, label = worst_mistake(mask, field)
        places.append(place)
        labels.append(label)
        batch = ask(places, labels, low)
        low = segmenter.decode(embedding, batch, multimask=False).logits[0, 0]
        mask = upsample_logits(low[None], embedding)[0] > 0
        ious.append(iou(mask, field))
    oracle = max(iou(single, field), *(iou(m, field) for m in masks))
    boxed = segmenter.decode(embedding, _box(field), multimask=False).logits[0]
    box = iou(upsample_logits(boxed, embedding)[0] > 0, field)
    rated = float(answer.predicted_iou[0, best])
    app, negative = _as_the_app(segmenter, views, field, first)
    app_box = _box_as_the_app(segmenter, views, field)
    alone_iou = iou(single, field)
    return FieldScore(
        tile.name, pixels, tuple(ious), alone_iou, oracle, box, rated, app, app_box, negative
    )


def _as_the_app(
    segmenter: Segmenter, views: TileViews, field: Flags, first: tuple[float, float]
) -> tuple[tuple[float, ...], float]:
    """IoU after each click, and after one click with a negative one at the largest excess."""

    def drawn(clicks: tuple[Prompt, ...]) -> Flags:
        question = Question(clicks)
        return draw(answer(views, question, segmenter), question)

    clicks: tuple[Prompt, ...] = (_click(first, 1),)
    mask = drawn(clicks)
    ious = [iou(mask, field)]
    excess, negative = mask & ~field, ious[0]
    if excess.any():
        negative = iou(drawn((*clicks, _click(most_interior(largest_part(excess)), 0))), field)
    for _ in range(CORRECTIONS):
        place, label = worst_mistake(mask, field)
        clicks = (*clicks, _click(place, label))
        mask = drawn(clicks)
        ious.append(iou(mask, field))
    return tuple(ious), negative


def _box_as_the_app(segmenter: Segmenter, views: TileViews, field: Flags) -> float:
    rows, columns = ndimage.find_objects(field.astype(np.int8))[0]
    box = Question(box=BoxPrompt(columns.start, rows.start, columns.stop, rows.stop))
    return iou(draw(answer(views, box, segmenter), box), field)


def _click(place: tuple[float, float], label: int) -> Prompt:
    return Prompt(PixelPoint(place[0] + 0.5, place[1] + 0.5), 1 if label else 0, "person")


def largest_part(flags: Flags) -> Flags:
    """The largest connected part of what is true."""
    parts, _ = ndimage.label(flags)
    return np.asarray(parts == int(np.bincount(parts.ravel())[1:].argmax()) + 1)


def worst_mistake(mask: Flags, field: Flags) -> tuple[tuple[float, float], int]:
    """The middle of the largest connected mistake, and the label that corrects it."""
    wrong = mask != field
    if not wrong.any():
        return most_interior(field), 1
    column, row = most_interior(largest_part(wrong))
    return (column, row), int(field[int(row), int(column)])


def iou(mask: Flags, truth: Flags) -> float:
    """Intersection over union with a field, which has pixels."""
    found: float | None = compare_pixels(mask, truth).iou
    if found is None:
        raise ValueError("neither the mask nor the field has a pixel")
    return found


def most_interior(flags: Flags) -> tuple[float, float]:
    """x, y of the pixel centre that lies deepest inside, in Segment Anything's convention."""
    box = ndimage.find_objects(flags.astype(np.int8))[0]
    depth = ndimage.distance_transform_edt(np.pad(flags[box], 1))
    row, column = np.unravel_index(int(depth.argmax()), depth.shape)
    return float(column - 1 + box[1].start), float(row - 1 + box[0].start)


def ask(
    places: list[tuple[float, float]],
    labels: list[int],
    low: npt.NDArray[np.float32] | None = None,
) -> PromptBatch:
    return PromptBatch(
        np.array([places], dtype=np.float32),
        np.array([labels], dtype=np.int64),
        mask_input=None if low is None else low[None, None],
    )


def _box(field: Flags) -> PromptBatch:
    rows, columns = ndimage.find_objects(field.astype(np.int8))[0]
    corners = [[columns.start - 0.5, rows.start - 0.5, columns.stop - 0.5, rows.stop - 0.5]]
    return PromptBatch(
        np.zeros((1, 0, 2), dtype=np.float32),
        np.zeros((1, 0), dtype=np.int64),
        boxes=np.array(corners, dtype=np.float32),
    )


if __name__ == "__main__":
    main()
