"""Draws docs/demo.png from the demo's own files: imagery, land cover, parcels.

make demo && .venv/bin/python scripts/picture.py demo docs/demo.png
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pyogrio
from PIL import Image, ImageDraw

from core.grid import PixelCoordinates, WorldCoordinates
from core.imagery import SceneImage, open_scene, read_preview
from core.landcover import align, open_landcover

PANEL = 480
GAP = 12
ORANGE = (255, 176, 0)


def draw(folder: Path, out: Path) -> None:
    """Three panels of one size beside each other."""
    scene = open_scene(folder / "scene.tif")
    preview = read_preview(scene, PANEL)
    image = Image.fromarray(preview.rgb)
    panels = (image, _landcover(folder, preview), _parcels(folder, preview, image.copy()))
    sheet = Image.new("RGB", (3 * PANEL + 2 * GAP, PANEL), "white")
    for index, panel in enumerate(panels):
        sheet.paste(panel, (index * (PANEL + GAP), 0))
    sheet.save(out, optimize=True)


def _landcover(folder: Path, preview: SceneImage) -> Image.Image:
    landcover = open_landcover(folder / "landcover_simulated.tif")
    tile = align(landcover, preview.grid)
    table = np.zeros((256, 3), dtype=np.uint8)
    for entry in landcover.product.classes:
        table[entry.code] = tuple(int(entry.colour[i : i + 2], 16) for i in (1, 3, 5))
    mixed = 0.45 * preview.rgb + 0.55 * table[tile.classes]
    return Image.fromarray(mixed.astype(np.uint8))


def _parcels(folder: Path, preview: SceneImage, image: Image.Image) -> Image.Image:
    canvas = ImageDraw.Draw(image)
    for geometry in pyogrio.read_dataframe(folder / "parcels.gpkg", layer="parcels").geometry:
        for ring in (geometry.exterior, *geometry.interiors):
            x, y = np.asarray(ring.coords).T
            pixels: PixelCoordinates = preview.grid.worlds_to_pixel(WorldCoordinates(x, y))
            points = list(zip(pixels.column, pixels.row, strict=True))
            canvas.line(points, fill=ORANGE, width=2)
    return image


if __name__ == "__main__":
    draw(Path(sys.argv[1]), Path(sys.argv[2]))
