"""Unknown pixels of every kind, held against the same pixels with a nodata tag or a mask."""

from __future__ import annotations

import numpy as np
import pytest
import rasterio
from affine import Affine

from core.errors import EmptySceneError
from core.grid import Window
from core.imagery.cog import copy_as_cog
from core.imagery.scene import Scene, open_scene, read_preview, read_window
from core.imagery.validity import UnknownPixels, percent
from core.task import silent_share
from tests.rasters import write_raster

SIDE = 96
UTM_FINE = Affine(0.1, 0, 500_000, 0, -0.1, 5_000_000)


def picture(dtype, low=20, high=200, side=SIDE) -> np.ndarray:
    values = np.random.default_rng(3).integers(low, high, (3, side, side))
    if np.issubdtype(dtype, np.floating):
        return (values / 250.0).astype(dtype)
    return (values * (50 if np.dtype(dtype).itemsize > 1 else 1)).astype(dtype)


def triangle(side=SIDE) -> np.ndarray:
    """Two corners, as a scene turned to north has them."""
    rows, columns = np.mgrid[:side, :side]
    return (rows + columns < side * 0.6) | (rows + columns > side * 1.6)


def opened(path, **options) -> Scene:
    return open_scene(path, **options)


@pytest.mark.parametrize(
    ("dtype", "value"),
    [
        (np.uint8, 0),
        (np.uint8, 255),
        (np.uint16, 0),
        (np.uint16, 65535),
        (np.int16, 0),
        (np.float32, 0.0),
        (np.float32, 1.0),
    ],
)
def test_a_plain_collar_is_outside(tmp_path, dtype, value) -> None:
    outside = triangle()
    values = np.where(outside, value, picture(dtype)).astype(dtype)
    values[:, 50, 50] = 0  # dark inside the image stays what it is
    tagged = write_raster(tmp_path / "tagged.tif", values, mask=~outside)
    bare = write_raster(tmp_path / "bare.tif", values)
    scene, right = opened(bare), opened(tagged)
    assert np.array_equal(read_preview(scene).valid, ~outside)
    assert np.array_equal(read_preview(scene).rgb, read_preview(right).rgb)
    assert scene.stretch == right.stretch
    part = Window(10, 30, 40, 40)
    assert np.array_equal(read_window(scene, part).valid, ~outside[30:70, 10:50])
    colour = "black" if value == 0 else "white"
    (sentence,) = scene.unknown.sentences()
    assert f"{percent(outside.mean())} of the image is plain {colour}" in sentence
    assert Scene.from_json(scene.to_json()) == scene


@pytest.mark.parametrize(
    "value", [-9999, -32768, 3.4e38, -3.4028235e38, np.nan, -99999.0, -1.0, -1.0999, -28672]
)
def test_untagged_nodata_is_unknown_and_no_part_of_the_stretch(tmp_path, value) -> None:
    values = picture(np.float32)
    hole = np.random.default_rng(5).random((SIDE, SIDE)) < 0.2
    gone = np.where(hole, np.float32(value), values).astype(np.float32)
    right = opened(write_raster(tmp_path / "t.tif", np.where(hole, np.nan, values)))
    scene = opened(write_raster(tmp_path / "b.tif", gone))
    assert np.array_equal(read_preview(scene).valid, ~hole)
    assert scene.stretch == right.stretch
    if not np.isnan(value):
        assert f"{percent(hole.mean())} of the image holds" in scene.unknown.sentences()[0]


def test_one_band_of_three_is_enough_for_a_value_that_is_no_colour(tmp_path) -> None:
    values = picture(np.float32)
    values[1, 4:9, 4:9] = -9999
    valid = read_preview(opened(write_raster(tmp_path / "a.tif", values))).valid
    assert not valid[4:9, 4:9].any()
    assert valid.sum() == SIDE * SIDE - 25


def test_negative_values_that_belong_to_the_rest_stay(tmp_path) -> None:
    values = np.random.default_rng(1).integers(-10_400, -9_600, (3, SIDE, SIDE)).astype(np.int16)
    values[:, 10, 10] = -9999
    scene = opened(write_raster(tmp_path / "a.tif", values))
    assert scene.unknown == UnknownPixels()
    assert read_preview(scene).valid.all()
    clipped = np.random.default_rng(1).normal(0.1, 0.1, (3, SIDE, SIDE)).clip(-0.1, 0.6)
    assert (clipped == clipped.min()).mean() > 0.01
    scene = opened(write_raster(tmp_path / "c.tif", clipped.astype(np.float32)))
    assert scene.unknown == UnknownPixels()


def test_a_person_has_the_last_word(tmp_path) -> None:
    outside = triangle()
    values = np.where(outside, 0, picture(np.uint8)).astype(np.uint8)
    values[:, 40:44, 40:44] = 77
    path = write_raster(tmp_path / "a.tif", values)
    assert read_preview(opened(path, nodata=())).valid.all()
    black = read_preview(opened(path, nodata=(0.0,))).valid
    assert np.array_equal(black, ~outside)
    assert (~read_preview(opened(path, nodata=(77.0,))).valid).sum() == 16
    scene = opened(path)
    image = opened(path, unknown=scene.unknown.answered(unknown=False))
    assert read_preview(image).valid.all()
    assert "as you said" in image.unknown.sentences()[0]
    assert scene.unknown.answered(unknown=True).said_by == "person"


def test_what_was_never_written_is_unknown_wherever_it_lies(tmp_path) -> None:
    path = tmp_path / "sparse.tif"
    values = picture(np.uint8, side=256)
    profile = {"driver": "GTiff", "width": 256, "height": 256, "count": 3, "dtype": "uint8"}
    tiles = {"tiled": True, "blockxsize": 64, "blockysize": 64, "sparse_ok": True}
    place = {"crs": "EPSG:32633", "transform": Affine(10, 0, 500_000, 0, -10, 5_000_000)}
    written = np.zeros((256, 256), dtype=bool)
    with rasterio.open(path, "w", **profile, **tiles, **place) as out:  # noqa: TID251
        for row, column in [(0, 0), (64, 0), (128, 0), (192, 0), (0, 64), (192, 64), (128, 64)]:
            window = Window(column, row, 64, 64)
            written[window.slices] = True
            out.write(values[:, *window.slices], window=((row, row + 64), (column, column + 64)))
        out.write(values[:, :64, 192:], window=((0, 64), (192, 256)))
        written[:64, 192:] = True
    assert not written[64:128, 64:128].any()
    assert np.array_equal(read_preview(opened(path)).valid, written)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_band_called_alpha_that_is_near_infrared_hides_nothing(tmp_path, dtype) -> None:
    values = picture(dtype)
    infrared = picture(dtype)[:1]
    infrared[:, 20:40, 20:40] = 0  # water
    four = np.concatenate([values, infrared])
    path = write_raster(tmp_path / "a.tif", four, photometric="RGB", alpha="YES")
    scene = opened(path)
    assert read_preview(scene).valid.all()
    assert "tagged as transparency" in scene.unknown.sentences()[0]


def test_soft_edges_of_an_alpha_band_do_not_make_it_a_colour(tmp_path) -> None:
    outside = triangle()
    alpha = np.where(outside, 0, 255)
    alpha[~outside & np.roll(outside, 1, 0)] = 128
    four = np.concatenate([picture(np.uint8), alpha[None].astype(np.uint8)])
    path = write_raster(tmp_path / "a.tif", four, photometric="RGB", alpha="YES")
    assert np.array_equal(read_preview(opened(path)).valid, ~outside)


@pytest.mark.parametrize("value", [0, 255])
def test_coarser_pixels_are_means_of_what_is_known(tmp_path, value) -> None:
    """Working pixels of a fine scene: the same as with a nodata tag."""
    outside = triangle()
    values = np.where(outside, value, picture(np.uint8)).astype(np.uint8)
    bare = write_raster(tmp_path / "b.tif", values, transform=UTM_FINE)
    tagged = write_raster(tmp_path / "t.tif", values, transform=UTM_FINE, nodata=value)
    scene, right = opened(bare, working_gsd_m=0.4), opened(tagged, working_gsd_m=0.4)
    assert scene.working_factor == 4
    one = read_window(scene, scene.working_grid.extent)
    two = read_window(right, right.working_grid.extent)
    assert np.array_equal(one.valid, two.valid)
    assert np.abs(one.rgb.astype(int) - two.rgb).max() <= 1


@pytest.mark.parametrize(
    ("dtype", "value"), [(np.uint8, 0), (np.uint16, 65535), (np.float32, -9999), (np.int16, 0)]
)
def test_a_scene_that_is_nothing_but_collar_is_a_sentence(tmp_path, dtype, value) -> None:
    path = write_raster(tmp_path / "a.tif", np.full((3, 40, 40), value, dtype=dtype))
    with pytest.raises(EmptySceneError, match="all over"):
        opened(path)


@pytest.mark.parametrize("value", [1, 128, 254])
def test_a_scene_of_one_grey_is_a_scene(tmp_path, value) -> None:
    path = write_raster(tmp_path / "a.tif", np.full((3, 40, 40), value, dtype=np.uint8))
    assert read_preview(opened(path)).valid.all()


@pytest.mark.parametrize("width", [1, 2, 3, 5, 17, 64])
@pytest.mark.parametrize("height", [1, 2, 64])
def test_small_and_narrow_scenes_open(tmp_path, width, height) -> None:
    values = picture(np.uint8, side=64)[:, :height, :width]
    scene = opened(write_raster(tmp_path / "a.tif", values))
    assert read_window(scene, scene.working_grid.extent).valid.all()


def test_a_copy_keeps_what_the_sidecar_and_the_false_alpha_say(tmp_path) -> None:
    values = picture(np.uint8)
    values[:, :, 60:70] = 7
    four = np.concatenate([values, picture(np.uint8)[:1]])
    source = write_raster(tmp_path / "a.tif", four, photometric="RGB", alpha="YES")
    (tmp_path / "a.tif.aux.xml").write_text(
        '<PAMDataset><PAMRasterBand band="1"><NoDataValue>7</NoDataValue></PAMRasterBand>'
        "</PAMDataset>"
    )
    copy = tmp_path / "copy" / "c.tif"
    copy.parent.mkdir()
    copy_as_cog(source, copy, crs=None, categorical=False, progress=silent_share)
    one, two = read_preview(opened(source)), read_preview(opened(copy))
    assert not one.valid[:, 60:70].any()
    assert np.array_equal(one.valid, two.valid)


def test_shares_are_said_so_that_nothing_is_not_all() -> None:
    assert [percent(s) for s in (0.0, 0.001, 0.38, 0.9999, 1.0)] == [
        *("0 %", "less than 1 %", "38 %", "99 %", "100 %")
    ]


def field(side: int = 256) -> np.ndarray:
    """A picture with edges and shades, as a photo has them, and darker than most."""
    rows, columns = np.mgrid[:side, :side]
    shades = 90 + 50 * np.sin(rows / 9) * np.cos(columns / 13)
    noise = np.random.default_rng(4).normal(0, 8, (3, side, side))
    return np.clip(shades + noise, 25, 230).astype(np.uint8)


def as_jpeg(path, values: np.ndarray, quality: int):
    return write_raster(
        path, values, compress="JPEG", photometric="YCBCR", jpeg_quality=quality, tiled=True
    )


@pytest.mark.parametrize("value", [0, 255])
@pytest.mark.parametrize("quality", [20, 75])
def test_the_blurred_edge_of_a_collar_in_a_jpeg_is_collar(tmp_path, value, quality) -> None:
    outside = triangle(256)
    outside[:, :30] = True
    values = np.where(outside, value, field()).astype(np.uint8)
    scene = opened(as_jpeg(tmp_path / "a.tif", values, quality))
    with rasterio.open(scene.path) as dataset:  # noqa: TID251
        plain = (dataset.read() == value).all(axis=0)
    valid = read_preview(scene).valid
    missed = (valid & outside).sum() / outside.sum()
    assert missed < 0.05
    assert (~plain & outside).sum() / outside.sum() > 2 * missed, "equality alone misses more"
    assert (~valid & ~outside).sum() < 0.005 * outside.size, "and the image stays"
    assert Scene.from_json(scene.to_json()) == scene
    inside = Window(40, 60, 128, 128)
    assert np.array_equal(read_window(scene, inside).valid, valid[60:188, 40:168])


def test_dark_water_and_shadows_at_the_edge_of_a_jpeg_are_image(tmp_path) -> None:
    values = field()
    shade = np.random.default_rng(2).integers(0, 11, (256, 90))
    values[:, :, :90] = shade
    values[:, :, 200:] = np.array([2, 5, 9])[:, None, None]  # water, all of one colour
    scene = opened(as_jpeg(tmp_path / "a.tif", values, 75))
    assert not scene.unknown.is_suspicion
    # What is stored exactly has no blurred edges: values near black are image.
    values[:, :60] = 0
    values[:, 60:64] = 3
    scene = opened(write_raster(tmp_path / "b.tif", values))
    assert (~read_preview(scene).valid).sum() == 60 * 256


@pytest.mark.real_data
def test_no_real_image_is_suspected_wrongly_nor_as_a_jpeg(shared_data, tmp_path) -> None:
    """Water, shadows and clouds of five sources; all 126 were looked at once, in both forms."""
    folders = ("naip_fields/images", "es_pnoa_25cm/images", "naip_series", "sentinel2")
    paths = [path for folder in folders for path in sorted((shared_data / folder).glob("*.tif"))]
    paths += sorted((shared_data / "nl_s2_parcels/images").glob("*.tif"))
    paths += sorted((shared_data / "in_s2_agrifieldnet/images").glob("*.tif"))[::10]
    assert len(paths) == 36
    for path in paths[::2]:
        scene = opened(path)
        assert not scene.unknown.is_suspicion, path
        with rasterio.open(path) as dataset:  # noqa: TID251
            values = dataset.read(scene.bands, out_shape=(3, 512, 512))
        if values.dtype != np.uint8:  # not a stretch, which would cut dark water off
            values = np.clip(values * (255 / np.percentile(values, 99.95)), 0, 255)
        jpeg = opened(as_jpeg(tmp_path / "a.tif", values.astype(np.uint8), 75))
        assert not jpeg.unknown.is_suspicion, path
