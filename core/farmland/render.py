"""From a layout to a picture that looks like an aerial photograph."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from core.farmland.layout import BARE, BUILT, GRASS, TREES, WATER, Layout, smooth_noise

Picture = npt.NDArray[np.float32]

_CROPS = np.array(
    [
        [86, 112, 62],  # maize in leaf
        [98, 124, 70],  # soybeans
        [74, 100, 58],  # beet, potatoes
        [176, 160, 112],  # ripe wheat
        [196, 180, 138],  # stubble
        [138, 116, 92],  # bare soil
        [156, 134, 106],  # dry soil
        [120, 138, 76],  # cover crop
    ],
    dtype=np.float32,
)
_CROP_SHARES = np.array([0.25, 0.19, 0.09, 0.14, 0.11, 0.08, 0.07, 0.07])
_BASE = {
    GRASS: (112, 122, 82),
    TREES: (52, 70, 46),
    BUILT: (134, 130, 112),
    BARE: (172, 166, 152),
    WATER: (54, 68, 72),
}
_SUN = np.array([0.55, 0.83])
"""Direction of shadows, columns and rows."""


def render(generator: np.random.Generator, layout: Layout, gsd_m: float) -> npt.NDArray[np.uint8]:
    """Colours of a layout, uint8 (rows, columns, 3)."""
    size = len(layout.classes)
    picture = np.zeros((size, size, 3), dtype=np.float32)
    for code, colour in _BASE.items():
        picture[layout.classes == code] = colour
    _grass(generator, picture, layout, gsd_m)
    _fields(generator, picture, layout, gsd_m)
    _farmsteads(generator, picture, layout, gsd_m)
    _trees(generator, picture, layout, gsd_m)
    return _photograph(generator, picture, gsd_m)


def _grass(generator: np.random.Generator, picture: Picture, layout: Layout, gsd_m: float) -> None:
    """Patchy meadows, each with a tint of its own, and worn roads."""
    size = len(picture)
    patches = smooth_noise(generator, size, 14.0 / gsd_m) * 7 + smooth_noise(generator, size, 1.2)
    tints = generator.normal(0, 4, (int(layout.plots.max()) + 1, 3)).astype(np.float32)
    where = layout.classes == GRASS
    picture[where] += patches[where, None] * np.array([1.0, 0.8, 0.7]) + tints[layout.plots[where]]
    worn = smooth_noise(generator, size, 2.0) * 6
    picture[layout.roads] += worn[layout.roads, None]


def _fields(generator: np.random.Generator, picture: Picture, layout: Layout, gsd_m: float) -> None:
    """Crops in rows, tramlines, headlands, soil and moisture showing through."""
    size = len(picture)
    soil = smooth_noise(generator, size, 45.0 / gsd_m)
    patches = smooth_noise(generator, size, 9.0 / gsd_m)
    fine = smooth_noise(generator, size, 0.8)
    for number, box in enumerate(ndimage.find_objects(layout.parcels), start=1):
        if box is None:
            continue
        inside = layout.parcels[box] == number
        colour = _CROPS[generator.choice(len(_CROPS), p=_CROP_SHARES)]
        colour = colour + generator.normal(0, 3, 3) + generator.normal(0, 7)
        light = _rows(generator, inside, gsd_m)
        light = light + soil[box] * generator.uniform(2, 7) + patches[box] * generator.uniform(1, 4)
        light = light + fine[box] * generator.uniform(1.5, 3.5)
        light = light + _slope(generator, inside.shape) * generator.uniform(0, 5)
        tint = np.array([1.0, 0.93, 0.82], dtype=np.float32)
        picture[box][inside] = (colour + light[..., None] * tint)[inside]


def _rows(generator: np.random.Generator, inside: npt.NDArray[np.bool_], gsd_m: float) -> Picture:
    """Brightness of crop rows and tramlines; the headland is worked the other way round."""
    rows, columns = np.indices(inside.shape).astype(np.float32) * gsd_m
    long_side = 0.0 if inside.shape[1] >= inside.shape[0] else np.pi / 2
    angle = long_side + generator.normal(0, 0.05)
    along = rows * np.cos(angle) - columns * np.sin(angle)
    cross = rows * np.sin(angle) + columns * np.cos(angle)
    padded = np.pad(inside, 1)
    edge_m = ndimage.distance_transform_edt(padded)[1:-1, 1:-1] * gsd_m
    working = np.where(edge_m < generator.uniform(8, 16), cross, along)
    # Rows closer than two pixels would only alias: what the camera sees then are broad passes.
    spacing = max(generator.uniform(2.2, 6.5), 2.6 * gsd_m)
    texture = generator.uniform(1.0, 4.0) * np.sin(working * (2 * np.pi / spacing))
    passes = generator.uniform(0.5, 3.0) * np.sin(working * (2 * np.pi / generator.uniform(11, 20)))
    tramline = np.abs((working % generator.uniform(18, 30)) - 4.0) < 0.6 * max(1.0, gsd_m)
    return np.asarray(texture + passes - tramline * generator.uniform(0, 9), dtype=np.float32)


def _slope(generator: np.random.Generator, shape: tuple[int, ...]) -> Picture:
    """A gentle change of brightness across a field."""
    direction = generator.uniform(0, 2 * np.pi)
    rows = np.linspace(-1, 1, shape[0])[:, None] * np.sin(direction)
    columns = np.linspace(-1, 1, shape[1])[None, :] * np.cos(direction)
    return np.asarray(rows + columns, dtype=np.float32)


def _farmsteads(
    generator: np.random.Generator, picture: Picture, layout: Layout, gsd_m: float
) -> None:
    """Roofs with shadows on yards, one cluster for each built plot."""
    built = np.where(layout.classes == BUILT, layout.plots, 0)
    yard = smooth_noise(generator, len(picture), 3.0 / gsd_m) * 8
    picture[built > 0] += yard[built > 0, None]
    roofs = np.array([[188, 186, 182], [150, 92, 74], [206, 204, 200], [112, 112, 116]])
    for box in ndimage.find_objects(built):
        if box is None:
            continue
        for _ in range(int(generator.integers(3, 8))):
            height, width = (max(2, int(n / gsd_m)) for n in generator.uniform(7, 26, 2))
            free_rows = box[0].stop - box[0].start - height - 4
            free_columns = box[1].stop - box[1].start - width - 4
            if free_rows < 1 or free_columns < 1:
                continue
            row = box[0].start + int(generator.integers(free_rows))
            column = box[1].start + int(generator.integers(free_columns))
            if not built[row : row + height, column : column + width].all():
                continue
            shade = max(1, int(3 / gsd_m))
            picture[
                row + shade : row + height + shade, column + shade : column + width + shade
            ] *= 0.5
            roof = roofs[generator.integers(len(roofs))] + generator.normal(0, 6)
            picture[row : row + height, column : column + width] = roof
            half = slice(row, row + height // 2)
            picture[half, column : column + width] *= 0.88


def _trees(generator: np.random.Generator, picture: Picture, layout: Layout, gsd_m: float) -> None:
    """Crowns lit from one side, and the shadow of the wood's edge on the land beside it."""
    size = len(picture)
    wood = layout.classes == TREES
    scattered = (layout.classes == BUILT) | ((layout.classes == GRASS) & (layout.plots == 0))
    single = smooth_noise(generator, size, max(0.9, 2.2 / gsd_m)) > 2.1
    trees = wood | (scattered & single)
    crowns = smooth_noise(generator, size, max(0.8, 1.9 / gsd_m))
    crowns += 0.6 * smooth_noise(generator, size, max(0.7, 0.9 / gsd_m))
    lit = crowns - ndimage.shift(crowns, _SUN * 1.6 / gsd_m, order=1, mode="nearest")
    tone = smooth_noise(generator, size, 25.0 / gsd_m)
    light = 9 * lit + 7 * crowns + 5 * tone
    reach = _SUN[::-1] * 5.0 / gsd_m
    shadow = ndimage.shift(trees.astype(np.float32), reach, order=1, mode="constant") * ~trees
    picture *= 1.0 - 0.42 * shadow[..., None]
    colour = np.array(_BASE[TREES], dtype=np.float32)
    picture[trees] = colour + light[trees, None] * np.array([0.8, 1.0, 0.7], dtype=np.float32)


def _photograph(
    generator: np.random.Generator, picture: Picture, gsd_m: float
) -> npt.NDArray[np.uint8]:
    """Optics and atmosphere: blur, uneven light, haze, sensor noise."""
    size = len(picture)
    blurred = ndimage.gaussian_filter(picture, (0.65, 0.65, 0))
    uneven = 1.0 + 0.02 * smooth_noise(generator, size, size / 4)
    hazy = blurred * uneven[..., None] * 0.93 + np.array([9.0, 11.0, 14.0], dtype=np.float32)
    noise = generator.normal(0, 2.2, (size, size, 1)) + generator.normal(0, 1.0, (size, size, 3))
    photograph: npt.NDArray[np.uint8] = np.clip(np.rint(hazy + noise), 0, 255).astype(np.uint8)
    return photograph
