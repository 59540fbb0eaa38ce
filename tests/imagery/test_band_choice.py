import numpy as np
import pytest
import rasterio
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.enums import ColorInterp

from core.errors import InputError
from core.imagery.cog import copy_as_cog
from core.imagery.scene import Scene, open_scene, read_window
from core.imagery.scene_words import bands_said, scene_remarks
from core.task import silent_share
from tests.rasters import write_raster


def made(path, count, *, gsd=10.0, dtype="uint16", names=None, colours=None, tags=None, bands=None):
    """A raster of some bands of noise, described as asked."""
    values = np.random.default_rng(0).integers(1, 200, (count, 8, 8)).astype(dtype)
    transform = Affine(gsd, 0, 500_000, 0, -gsd, 5_000_000)
    profile = {"photometric": "MINISBLACK", "transform": transform}
    with rasterio.open(write_raster(path, values, **profile), "r+") as out:  # noqa: TID251
        if names:
            out.descriptions = names
        if colours:
            out.colorinterp = colours
        out.update_tags(**(tags or {}))
        for band, more in (bands or {}).items():
            out.update_tags(band, **more)
    return path


NAMES = ("B2", "B3", "B4", "B8")
RGBN = (ColorInterp.red, ColorInterp.green, ColorInterp.blue, ColorInterp.undefined)
BGRN = (ColorInterp.blue, ColorInterp.green, ColorInterp.red, ColorInterp.undefined)


def test_names_come_before_colours_and_colours_before_the_usual_order(tmp_path) -> None:
    both = open_scene(made(tmp_path / "a.tif", 4, names=NAMES, colours=RGBN))
    assert (both.bands, both.bands_source) == ((3, 2, 1), "names")
    assert both.band_names == NAMES
    assert Scene.from_json(both.to_json()) == both
    marked = open_scene(made(tmp_path / "b.tif", 4, colours=RGBN))
    assert (marked.bands, marked.bands_source) == ((1, 2, 3), "colours")
    assert open_scene(made(tmp_path / "c.tif", 4, colours=BGRN)).bands == (3, 2, 1)
    assert open_scene(made(tmp_path / "d.tif", 4)).bands == (3, 2, 1)
    assert scene_remarks(both) == scene_remarks(marked) == ()


@pytest.mark.parametrize(
    ("name", "count", "gsd", "dtype", "expected", "source"),
    [
        # By the number of bands, their type and the size of a pixel.
        ("a", 4, 10, "uint16", (3, 2, 1), "Sentinel-2"),
        ("a", 10, 10, "uint16", (3, 2, 1), "Sentinel-2"),
        ("a", 12, 10, "uint16", (4, 3, 2), "Sentinel-2"),
        ("a", 13, 10, "float32", (4, 3, 2), "Sentinel-2"),
        ("a", 7, 30, "uint16", (4, 3, 2), "Landsat 8 and 9"),
        ("a", 6, 30, "int16", (3, 2, 1), "Landsat 8 and 9"),
        ("a", 4, 3, "uint16", (3, 2, 1), "PlanetScope"),
        ("a", 8, 3, "uint16", (6, 4, 2), "PlanetScope"),
        ("a", 5, 5, "uint16", (3, 2, 1), "PlanetScope"),
        ("a", 8, 1.8, "uint16", (5, 3, 2), "WorldView"),
        ("a", 4, 0.6, "uint8", (1, 2, 3), "NAIP and other aerial photographs"),
        # By the file's name.
        ("LT05_L2SP_190026", 7, 30, "uint16", (3, 2, 1), "Landsat 4 to 7"),
        ("LE71900262000", 7, 30, "uint8", (1, 2, 3), "first"),  # no such name
        ("LE71900262000123EDC00", 7, 30, "uint8", (3, 2, 1), "Landsat 4 to 7"),
        ("site_s2", 4, 1.8, "uint16", (1, 2, 3), "first"),  # not with such pixels
        ("LC08_L2SP_190026", 7, 60, "uint16", (4, 3, 2), "Landsat 8 and 9"),
        ("S2A_MSIL2A_2021", 4, 3, "uint8", (3, 2, 1), "Sentinel-2"),
        ("20210601_PSScene_AnalyticMS_SR", 8, 10, "uint16", (6, 4, 2), "PlanetScope"),
        ("m_4109123_ne_15_060", 4, 2, "uint8", (1, 2, 3), "NAIP and other aerial photographs"),
        ("fields_rgbnir", 4, 10, "uint16", (1, 2, 3), "file name"),
        ("composite_BGRN", 4, 0.5, "uint8", (3, 2, 1), "file name"),
        # Nothing says so.
        ("a", 4, 1.8, "uint16", (1, 2, 3), "first"),
        ("a", 4, 10, "uint8", (1, 2, 3), "first"),
        ("two_dates", 8, 10, "uint16", (1, 2, 3), "first"),
        ("a", 3, 10, "uint16", (1, 2, 3), "first"),
        ("a", 2, 10, "uint16", (1, 1, 1), "only"),
    ],
)
def test_the_usual_order_of_sensors(tmp_path, name, count, gsd, dtype, expected, source) -> None:
    path = made(tmp_path / f"{name}.tif", count, gsd=float(gsd), dtype=dtype)
    scene = open_scene(path)
    assert (scene.bands, scene.bands_source) == (expected, source)
    guessed = source not in ("file name", "only") and count > 3
    assert bool(scene_remarks(scene)) == guessed
    if source == "Sentinel-2":
        assert f"the usual order of Sentinel-2 with {count} bands" in bands_said(scene)


def test_names_in_tags_count_and_survive_the_copy(tmp_path) -> None:
    names = {band: {"BandName": name} for band, name in enumerate(NAMES, start=1)}
    path = made(tmp_path / "a.tif", 4, gsd=0.5, dtype="uint8", bands=names)
    listed = made(tmp_path / "b.tif", 4, gsd=0.5, dtype="uint8", tags={"bands": "nir,r,g,b"})
    assert open_scene(path).bands == (3, 2, 1)
    assert open_scene(listed).bands == (2, 3, 4)
    copy_as_cog(
        path, copy := tmp_path / "x.tif", crs=None, categorical=False, progress=silent_share
    )
    assert open_scene(copy).band_names == NAMES


def test_a_false_colour_image_keeps_its_order_and_an_alpha_band_is_none(tmp_path) -> None:
    false = made(tmp_path / "a.tif", 4, names=("nir", "red", "green", "swir"))
    assert open_scene(false).bands_source == "first"
    assert open_scene(false).bands == (1, 2, 3)
    shown = (ColorInterp.gray, ColorInterp.undefined, ColorInterp.undefined, ColorInterp.alpha)
    alpha = open_scene(made(tmp_path / "b.tif", 4, dtype="uint8", colours=shown))
    assert alpha.bands == (1, 2, 3)


SCHEMES = (
    ("B4", "B3", "B2", "B8"),
    ("SR_B4", "SR_B3", "SR_B2", "SR_B5"),
    ("red", "green", "blue", "nir"),
    ("Rouge", "Vert", "Bleu", "Proche infrarouge"),
    ("BAND_R", "BAND_G", "BAND_B", "BAND_N"),
    ("665 nm", "560 nm", "490 nm", "842 nm"),
    ("0.665 µm", "0.56 µm", "0.49 µm", "0.842 µm"),
)
STORED = {
    "bytes": lambda photo: photo,
    "16 bits": lambda photo: photo.astype(np.uint16) * 257,
    "shifted": lambda photo: photo.astype(np.uint16) << 8,
    "wide": lambda photo: photo.astype(np.int32),
    "floats": lambda photo: photo.astype(np.float32),
    "shares": lambda photo: photo / np.float32(255),
}


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from(SCHEMES),
    st.permutations(range(4)),
    st.sampled_from(sorted(STORED)),
    st.sampled_from((RGBN, BGRN, None)),
    st.sampled_from((0.5, 3.0, 10.0, 30.0)),
)
def test_named_bands_in_any_order_and_type_are_the_same_picture(
    tmp_path_factory, scheme, order, stored, colours, gsd
) -> None:
    photo = np.random.default_rng(1).integers(20, 240, (4, 12, 12)).astype(np.uint8)
    values = STORED[stored](photo)[list(order)]
    path = tmp_path_factory.getbasetemp() / "any_order.tif"
    transform = Affine(gsd, 0, 500_000, 0, -gsd, 5_000_000)
    write_raster(path, values, photometric="MINISBLACK", transform=transform)
    with rasterio.open(path, "r+") as out:  # noqa: TID251
        out.descriptions = [scheme[band] for band in order]
        # Whatever the writer marked as colours: the names are surer.
        if colours is not None:
            out.colorinterp = colours
    scene = open_scene(path)
    image = read_window(scene, scene.grid.extent)
    np.testing.assert_array_equal(image.rgb, np.moveaxis(photo[:3], 0, -1))


def test_names_in_another_encoding_do_not_keep_the_image_out(tmp_path) -> None:
    path = made(tmp_path / "a.tif", 4, names=("Blau", "GrXXn", "Rot", "NIR"), tags={"A": "GrXXn"})
    path.write_bytes(path.read_bytes().replace(b"GrXXn", b"Gr\xfc\xfcn"))
    scene = open_scene(path)
    assert scene.bands_source in ("Sentinel-2", "first")


def test_the_person_decides(tmp_path) -> None:
    path = made(tmp_path / "a.tif", 4, names=NAMES)
    scene = open_scene(path, bands=(4, 3, 2))
    assert (scene.bands, scene.bands_source) == ((4, 3, 2), "person")
    assert bands_said(scene) == "Red, green and blue are bands 4, 3 and 2: as you chose."
    with pytest.raises(InputError, match="has 4 bands"):
        open_scene(path, bands=(5, 1, 2))


def test_a_scene_of_an_earlier_version_still_opens(tmp_path) -> None:
    scene = open_scene(made(tmp_path / "a.tif", 4))
    old = scene.to_json()
    for name in ("bands_source", "stretch_source", "band_names"):
        del old[name]
    opened = Scene.from_json(old)
    assert (opened.bands, opened.stretch) == (scene.bands, scene.stretch)
    assert bands_said(opened) == "Red, green and blue are bands 3, 2 and 1."
    assert scene_remarks(opened) == ()


def in_order(path, order: str, dtype: str, gsd: float = 10.0, **profile: object):
    """Four unnamed bands as land has them: red varies more than green, and green more than blue."""
    reach = {"R": 150, "G": 120, "B": 90, "N": 200}
    noise = np.random.default_rng(0).random((4, 48, 48))
    values = [300 + reach[letter] * part for letter, part in zip(order, noise, strict=True)]
    transform = Affine(gsd, 0, 500_000, 0, -gsd, 5_000_000)
    stored = np.stack(values if dtype == "uint16" else [v - 250 for v in values]).astype(dtype)
    return write_raster(path, stored, transform=transform, photometric="MINISBLACK", **profile)


@pytest.mark.parametrize(
    ("order", "dtype", "gsd", "expected", "source"),
    [
        ("RGBN", "uint16", 10.0, (1, 2, 3), "contrast"),
        ("BGRN", "uint16", 10.0, (3, 2, 1), "Sentinel-2"),
        ("RGBN", "uint8", 10.0, (1, 2, 3), "first"),
        ("BGRN", "uint8", 10.0, (3, 2, 1), "contrast"),
        ("RGBN", "uint16", 3.0, (1, 2, 3), "contrast"),
        ("BGRN", "uint8", 0.6, (3, 2, 1), "contrast"),
    ],
)
def test_an_order_that_only_the_size_of_the_pixels_says_is_held_against_the_contrast(
    tmp_path, order, dtype, gsd, expected, source
) -> None:
    scene = open_scene(in_order(tmp_path / "a.tif", order, dtype, gsd))
    assert (scene.bands, scene.bands_source) == (expected, source)
    if source == "contrast":
        (said,) = scene_remarks(scene)
        assert said.endswith("by their contrast, red varying more than blue.")
    # A name is surer than what pixels look like.
    named = open_scene(in_order(tmp_path / "fields_bgrn.tif", order, dtype, gsd))
    assert (named.bands, named.bands_source) == ((3, 2, 1), "file name")


@pytest.mark.real_data
def test_four_bands_of_real_scenes_are_found_in_both_orders(shared_data, tmp_path) -> None:
    """Without any name: Dutch and Danubian reflectances, Indian and American bytes."""
    dutch, indian, american = (
        sorted((shared_data / folder).glob("*.tif"))
        for folder in ("nl_s2_parcels/images", "in_s2_agrifieldnet/images", "naip_series")
    )
    danube = shared_data / "sentinel2" / "s2_two_dates_danube_utm33.tif"
    scenes = [(path, (3, 2, 1, 4)) for path in dutch]
    scenes += [(path, (1, 2, 3, 4)) for path in (danube, *indian[::25], *american)]
    wrong = []
    for path, rgbn in scenes:
        with rasterio.open(path) as dataset:  # noqa: TID251
            gsd = 10.0 if dataset.res[0] > 5 else 5.0
            values = dataset.read(rgbn, out_shape=(4, 256, 256))
        profile = {"transform": Affine(gsd, 0, 500_000, 0, -gsd, 5_000_000)}
        for order, bands in (((0, 1, 2, 3), (1, 2, 3)), ((2, 1, 0, 3), (3, 2, 1))):
            stored = values[list(order)]
            there = write_raster(tmp_path / "a.tif", stored, photometric="MINISBLACK", **profile)
            scene = open_scene(there)
            if scene.bands != bands:
                wrong.append((path.name, rgbn == tuple(band + 1 for band in (*order[:3], 3))))
                assert scene.bands_source != "contrast", path
    # Five times, in the order that the file has not, red varies little more than blue.
    assert len(scenes) == 15
    assert [of_its_own for _, of_its_own in wrong] == [False] * 5
