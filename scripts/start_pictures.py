"""Draws the three pictures of the start page from a made scene: nobody else's data is in them.

.venv/bin/python -m scripts.start_pictures docs/pictures
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import pyogrio
import shapely
from PIL import Image, ImageDraw

from core.export import map_scene
from core.farmland import write_scene
from core.grid import Grid, PixelCoordinates, WorldCoordinates
from core.imagery import SceneImage, open_scene, read_preview
from core.landcover import align, open_landcover
from core.mapping import MapOptions, SceneRequest

SEED = 7
SCENE = 768
OUT = (640, 400)
LEFT, TOP, WIDTH, HEIGHT = 100, 230, 560, 350
"""The part of the scene that is shown, in pixels."""
SCALE = 2
"""Drawn this many times as large and then reduced, so that lines are smooth."""

ORANGE = (230, 159, 0)
GREEN = (0, 158, 115)
RED = (213, 94, 0)
WHITE = (255, 255, 255)
PARCELS = ((230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66), (204, 121, 167))
"""Okabe and Ito's colours, told apart by everybody."""

Ring = list[tuple[float, float]]
Colour = tuple[int, int, int]


def draw(out: Path) -> None:
    """The three pictures into ``out``."""
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = write_scene(folder, SEED, size=SCENE)
        request = SceneRequest(str(files.scene), str(files.landcover))
        map_scene(request, MapOptions(), folder)
        preview = read_preview(open_scene(files.scene), SCENE)
        parcels = _parcels(folder, preview.grid)
        pictures = {
            "landcover": _landcover(files.landcover, preview),
            "prompts": _prompts(folder, preview, parcels),
            "parcels": _corrected(preview, parcels),
        }
    for stem, picture in pictures.items():
        picture.resize(OUT, Image.Resampling.LANCZOS).save(out / f"{stem}.webp", quality=82)


def _canvas(preview: SceneImage) -> Image.Image:
    """The scene's middle in the shape of a picture, larger than it will be."""
    image = Image.fromarray(preview.rgb).crop((LEFT, TOP, LEFT + WIDTH, TOP + HEIGHT))
    return image.resize((OUT[0] * SCALE, OUT[1] * SCALE), Image.Resampling.LANCZOS)


def _to_canvas(grid: Grid, x: np.ndarray, y: np.ndarray) -> Ring:
    pixels: PixelCoordinates = grid.worlds_to_pixel(WorldCoordinates(x, y))
    factor = OUT[0] * SCALE / WIDTH
    columns, rows = (pixels.column - LEFT) * factor, (pixels.row - TOP) * factor
    return list(zip(columns.tolist(), rows.tolist(), strict=True))


def _landcover(path: Path, preview: SceneImage) -> Image.Image:
    """Imagery left of a slanted cut, land cover right of it."""
    tile = align(open_landcover(path), preview.grid)
    table = np.zeros((256, 3), dtype=np.uint8)
    for entry in tile.product.classes:
        table[entry.code] = tuple(int(entry.colour[i : i + 2], 16) for i in (1, 3, 5))
    mixed = (0.3 * preview.rgb + 0.7 * table[tile.classes]).astype(np.uint8)
    left, right = _canvas(preview), _canvas(SceneImage(mixed, preview.valid, preview.grid))
    width, height = left.size
    cut = [(width * 0.56, 0), (width * 0.44, height)]
    mask = Image.new("L", left.size, 0)
    ImageDraw.Draw(mask).polygon([*cut, (width, height), (width, 0)], fill=255)
    left.paste(right, mask=mask)
    ImageDraw.Draw(left).line(cut, fill=WHITE, width=3 * SCALE)
    return left


def _prompts(folder: Path, preview: SceneImage, parcels: list[Ring]) -> Image.Image:
    """Points where the land cover is trusted, and the fields that they gave."""
    image = _filled(_canvas(preview), parcels, ORANGE, 60, ORANGE)
    canvas = ImageDraw.Draw(image)
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    for point in record["tiles"][0]["prompts"]:
        (place,) = _to_canvas(preview.grid, np.array([point["x"]]), np.array([point["y"]]))
        canvas.circle(
            place, 6 * SCALE, fill=GREEN if point["label"] else RED, outline=WHITE, width=2 * SCALE
        )
    return image


def _corrected(preview: SceneImage, parcels: list[Ring]) -> Image.Image:
    """Parcels, each for itself, over grey imagery; one with the handles of a correction."""
    image = _canvas(preview).convert("L").point(lambda value: 110 + value * 0.5).convert("RGB")
    for index, ring in enumerate(parcels):
        image = _filled(image, [ring], PARCELS[index % len(PARCELS)], 110, WHITE)
    canvas = ImageDraw.Draw(image)
    middle = shapely.Point(OUT[0] * SCALE / 2, OUT[1] * SCALE / 2)
    chosen = min(parcels, key=lambda ring: shapely.Polygon(ring).centroid.distance(middle))
    corners = shapely.simplify(shapely.LinearRing(chosen), 9 * SCALE).coords
    canvas.line(list(corners), fill=GREEN, width=3 * SCALE, joint="curve")
    for column, row in corners:
        reach = 5 * SCALE
        box = (column - reach, row - reach, column + reach, row + reach)
        canvas.rectangle(box, fill=WHITE, outline=GREEN, width=2 * SCALE)
    return image


def _filled(
    image: Image.Image,
    rings: list[Ring],
    colour: Colour,
    opacity: int,
    line: Colour,
) -> Image.Image:
    layer = Image.new("RGBA", image.size, (*colour, 0))
    canvas = ImageDraw.Draw(layer)
    for ring in rings:
        canvas.polygon(ring, fill=(*colour, opacity))
        canvas.line(ring, fill=(*line, 255), width=2 * SCALE, joint="curve")
    return Image.alpha_composite(image.convert("RGBA"), layer).convert("RGB")


def _parcels(folder: Path, grid: Grid) -> list[Ring]:
    """Outer rings of the mapped parcels, in pixels of the canvas."""
    frame = pyogrio.read_dataframe(folder / "parcels.gpkg", layer="parcels")
    rings = []
    for geometry in frame.geometry:
        for part in getattr(geometry, "geoms", (geometry,)):
            x, y = np.asarray(part.exterior.coords).T[:2]
            rings.append(_to_canvas(grid, x, y))
    return rings


if __name__ == "__main__":
    draw(Path(sys.argv[1]))
