"""Where the small model fails, as pictures: ``python -m benchmarks.failures --out docs``.

``clicks.png``: for a fair spread of validation fields, from the worst to the best, the click, the
drawn field (white) and the model's answer (orange).  ``cropland.png``: the validation tiles with
the most wrong pixels; missed cropland blue, falsely drawn vermilion.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw
from scipy import ndimage

from benchmarks.clicks import ask, from_checkpoint, iou, most_interior, shipped
from benchmarks.labelled import LabelledTile, load_tiles, predicted, simulated
from core.sam.protocol import Segmenter, upsample_logits
from core.study.experiments import Degradation
from core.study.metrics import compare_pixels, error_codes, paint_errors

_SIDE = 260
_ACROSS, _DOWN = 6, 3
_TRUTH, _ANSWER = (255, 255, 255), (255, 140, 0)

Flags = npt.NDArray[np.bool_]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs"))
    parser.add_argument("--checkpoint", type=Path)
    options = parser.parse_args()
    segmenter = from_checkpoint(options.checkpoint) if options.checkpoint else shipped()
    tiles = load_tiles()
    clicks(segmenter, tiles).save(options.out / "clicks.png")
    cropland(segmenter, tiles).save(options.out / "cropland.png")


def clicks(segmenter: Segmenter, tiles: list[LabelledTile]) -> Image.Image:
    """Fields at even steps from the worst IoU to the best."""
    found: list[tuple[float, int, LabelledTile, Flags, Flags, tuple[float, float]]] = []
    for tile in tiles:
        embedding = segmenter.embed(tile.image.rgb)
        for number in np.unique(tile.fields[tile.truth]):
            field = tile.fields == number
            if field.sum() < 400:
                continue
            place = most_interior(field)
            answer = segmenter.decode(embedding, ask([place], [1]), multimask=True)
            best = int(answer.predicted_iou[0].argmax())
            mask = upsample_logits(answer.logits[0, best : best + 1], embedding)[0] > 0
            found.append((iou(mask, field), len(found), tile, field, mask, place))
    found.sort(key=lambda item: item[:2])
    chosen = np.linspace(0, len(found) - 1, _ACROSS * _DOWN).round().astype(int)
    panels = []
    for score, _, tile, field, mask, place in (found[i] for i in chosen):
        panels.append(_panel(tile.image.rgb, field, mask, place, f"IoU {score:.2f}"))
    return _sheet(panels, _ACROSS)


def cropland(segmenter: Segmenter, tiles: list[LabelledTile]) -> Image.Image:
    """The three tiles with the lowest mean IoU, wrong pixels coloured."""
    worst: list[tuple[float, int, LabelledTile, Flags]] = []
    for number, tile in enumerate(tiles):
        landcover = simulated(tile, Degradation(), seed=number)
        mask = predicted(tile, landcover, "apt_plus", segmenter)
        worst.append((compare_pixels(mask, tile.truth).mean_iou or 0.0, number, tile, mask))
    worst.sort(key=lambda item: item[:2])
    panels = []
    for figure, _, tile, mask in worst[:3]:
        codes = error_codes(mask, tile.truth, np.ones_like(mask))
        picture = paint_errors(codes, tile.image.rgb)
        panels.append(_titled(Image.fromarray(picture).resize((520, 520)), f"mIoU {figure:.2f}"))
    return _sheet(panels, 3)


def _panel(
    rgb: npt.NDArray[np.uint8], field: Flags, mask: Flags, place: tuple[float, float], title: str
) -> Image.Image:
    rows, columns = ndimage.find_objects((field | mask).astype(np.int8))[0]
    half = max(rows.stop - rows.start, columns.stop - columns.start) * 0.6 + 10
    middle = ((columns.start + columns.stop) / 2, (rows.start + rows.stop) / 2)
    box = tuple(
        round(v) for v in (middle[0] - half, middle[1] - half, middle[0] + half, middle[1] + half)
    )
    scale = _SIDE / (box[2] - box[0])
    picture = np.array(
        Image.fromarray(rgb).crop(box).resize((_SIDE, _SIDE), Image.Resampling.BILINEAR)
    )
    for flags, colour in ((field, _TRUTH), (mask, _ANSWER)):
        shown = np.array(Image.fromarray(flags).crop(box).resize((_SIDE, _SIDE)))
        edge = shown & ~ndimage.binary_erosion(shown, iterations=2)
        picture[edge] = colour
    image = Image.fromarray(picture)
    x, y = ((place[i] + 0.5 - box[i]) * scale for i in range(2))
    ImageDraw.Draw(image).ellipse(
        (x - 4, y - 4, x + 4, y + 4), fill=(255, 255, 0), outline=(0, 0, 0)
    )
    return _titled(image, title)


def _titled(image: Image.Image, title: str) -> Image.Image:
    out = Image.new("RGB", (image.width, image.height + 18), (255, 255, 255))
    out.paste(image, (0, 18))
    ImageDraw.Draw(out).text((4, 3), title, fill=(0, 0, 0))
    return out


def _sheet(panels: list[Image.Image], across: int) -> Image.Image:
    width, height = panels[0].size
    down = -(-len(panels) // across)
    sheet = Image.new("RGB", (across * (width + 6) - 6, down * (height + 6) - 6), (255, 255, 255))
    for i, panel in enumerate(panels):
        sheet.paste(panel, (i % across * (width + 6), i // across * (height + 6)))
    return sheet


if __name__ == "__main__":
    main()
