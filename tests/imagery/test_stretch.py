import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from core.errors import InputError
from core.imagery.stretch import IDENTITY, Stretch, estimate_stretch, suggest_stretch
from core.imagery.value_range import Scaling

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")
NUMBERS = st.floats(-1e9, 1e9, allow_subnormal=False)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "uint32", "float32", "float64"])
def test_percentiles_become_black_and_white(dtype) -> None:
    lowest = -90 if np.dtype(dtype).kind in "if" else 10
    band = np.linspace(lowest, lowest + 200, 32 * 32).reshape(32, 32).astype(dtype)
    values = np.stack([band] * 3)
    stretch = estimate_stretch(values, np.ones((32, 32), dtype=bool))
    assert stretch.low[0] == pytest.approx(lowest + 4, abs=1)
    assert stretch.high[0] == pytest.approx(lowest + 196, abs=1)
    image = stretch.apply(values)
    assert image.shape == (32, 32, 3)
    assert (image == 0).mean() == pytest.approx(0.02, abs=0.01)
    assert (image == 255).mean() == pytest.approx(0.02, abs=0.01)
    assert 125 <= image[..., 0].mean() <= 130


@settings(max_examples=60, deadline=None)
@given(arrays.arrays(np.float64, (3, 6, 6), elements=NUMBERS))
def test_any_values_give_a_range_an_order_and_a_round_trip(values) -> None:
    stretch = estimate_stretch(values, np.ones((6, 6), dtype=bool))
    assert all(low < high for low, high in zip(stretch.low, stretch.high, strict=True))
    assert Stretch.from_json(stretch.to_json()) == stretch
    image = stretch.apply(values)
    for band in range(3):
        order = np.argsort(values[band], axis=None, kind="stable")
        assert (np.diff(image[..., band].ravel()[order].astype(int)) >= 0).all()


@pytest.mark.parametrize(
    "value", [0.0, 7.0, -9.5, 4e9, 1e17, np.float32(1e8)], ids=lambda v: f"{v:g}"
)
def test_one_value_becomes_grey_however_large(value) -> None:
    values = np.full((3, 4, 4), value)
    stretch = estimate_stretch(values, np.ones((4, 4), dtype=bool))
    assert (np.abs(stretch.apply(values).astype(int) - 128) <= 1).all()


def test_large_integers_that_differ_by_little_stay_apart() -> None:
    values = np.stack([(4_000_000_000 + np.arange(64)).reshape(8, 8).astype(np.uint32)] * 3)
    stretch = estimate_stretch(values, np.ones((8, 8), dtype=bool))
    assert len(np.unique(stretch.apply(values))) > 55


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_lowest_float_as_nodata_does_no_harm(dtype) -> None:
    values = np.random.default_rng(0).random((3, 8, 8)).astype(dtype)
    valid = np.ones((8, 8), dtype=bool)
    valid[0] = False
    expected = estimate_stretch(values, valid)
    values[:, 0] = np.finfo(dtype).min
    stretch = estimate_stretch(values, valid)
    assert stretch == expected
    assert (stretch.apply(values)[0] == 0).all()
    assert stretch.apply(values)[1:].std() > 50


def test_what_is_not_finite_is_left_out_and_shown() -> None:
    values = np.stack([np.arange(64, dtype=np.float32).reshape(8, 8)] * 3)
    values[:, 0, :3] = np.nan, np.inf, -np.inf
    image = Stretch((10, 10, 10), (50, 50, 50)).apply(values)
    assert image[0, :3, 0].tolist() == [0, 255, 0]
    stretch = estimate_stretch(values, np.ones((8, 8), dtype=bool))
    assert 3 <= stretch.low[0] <= 5
    values[:] = np.nan
    assert estimate_stretch(values, np.ones((8, 8), dtype=bool)).high == (1, 1, 1)


def test_the_identity_leaves_colours_alone() -> None:
    colours = np.arange(192, dtype=np.uint8).reshape(3, 8, 8)
    np.testing.assert_array_equal(IDENTITY.apply(colours), np.moveaxis(colours, 0, -1))


def ramp(low, high, dtype) -> np.ndarray:
    return np.linspace(low, high, 3 * 256).reshape(3, 16, 16).astype(dtype)


@pytest.mark.parametrize(
    ("values", "white"),
    [
        (ramp(40, 190, "uint8"), 255),  # an orthophoto
        (ramp(40, 190, "uint8").astype("uint16"), 255),
        (ramp(40, 190, "uint8").astype("int16"), 255),
        (ramp(40, 190, "uint8").astype("float32"), 255),
        (ramp(40, 190, "uint8").astype("uint16") * 257, 65535),
        (ramp(40, 190, "uint8").astype("uint16") << 8, 65280),
        (ramp(40, 190, "uint8").astype("float32") * 257, 65535),
        ((ramp(40, 190, "uint8") / 255).astype("float32"), 1),
        ((ramp(40, 190, "uint8") / 255).astype("float16"), 1),
        (ramp(0.1, 0.95, "float32"), 1),  # warped: no 256ths any more
    ],
    ids=lambda v: v.dtype.name if isinstance(v, np.ndarray) else str(v),
)
def test_colours_that_are_ready_to_be_seen_are_left_alone_whatever_holds_them(
    values, white
) -> None:
    valid = np.ones((16, 16), dtype=bool)
    found = suggest_stretch((values, valid), windows=[(values, valid)])
    assert found.way == "file"
    assert found.stretch == Stretch((0, 0, 0), (white, white, white))
    level = values.astype(np.float64) / white * 255
    colours = found.stretch.apply(values)
    np.testing.assert_array_equal(colours, np.moveaxis(np.rint(level), 0, -1))


@pytest.mark.parametrize(
    "values",
    [
        ramp(3, 60, "uint8"),  # satellite data squeezed into 8 bits
        ramp(300, 3400, "uint16"),  # reflectance times 10,000
        ramp(7000, 43000, "uint16"),  # the same as Landsat has it
        ramp(0.02, 0.35, "float32"),  # reflectance
        ramp(-0.1, 0.9, "float32"),
        ramp(0, 20, "uint16"),
        ramp(10.5, 220.5, "float32"),
    ],
    ids=lambda v: f"{v.dtype.name}-{v.max():g}",
)
def test_what_is_no_colour_gets_one_width_from_each_bands_dark_end(values) -> None:
    valid = np.ones((16, 16), dtype=bool)
    values = values.copy()
    values[0] = (values[0] + values[0].min().astype(np.float64)) / 2  # a dull band
    found = suggest_stretch((values, valid), windows=[(values, valid)])
    assert found.way == "one"
    low, high = np.percentile(values.astype(np.float64), (2, 98), axis=(1, 2))
    assert found.stretch.low == pytest.approx(low)
    width = (high - low).max()
    assert np.array(found.stretch.high) - low == pytest.approx(width)
    # Half as much contrast stays half as much, and haze goes.
    colours = found.stretch.apply(values).astype(int)
    assert np.ptp(colours[..., 0]) < 0.6 * np.ptp(colours[..., 2])
    assert colours.min(axis=(0, 1)).max() == 0


def test_a_person_asks_for_each_band_or_for_the_file() -> None:
    values, valid = ramp(3, 60, "uint8"), np.ones((16, 16), dtype=bool)
    each = suggest_stretch((values, valid), way="each")
    assert each.stretch == estimate_stretch(values, valid)
    assert each.stretch.low[2] > each.stretch.high[0]
    assert suggest_stretch((values, valid), way="file").stretch == IDENTITY
    photo = ramp(40, 190, "uint8")
    assert suggest_stretch((photo, valid), way="one").stretch != IDENTITY
    with pytest.raises(InputError, match="no colours that can be seen as they are"):
        suggest_stretch((ramp(300, 3400, "uint16"), valid), way="file")


def test_one_width_is_one_in_what_the_values_mean() -> None:
    # The same reflectances three times: as baseline 04.00 has them, as before, and in 12 bits.
    meant = np.linspace(0.02, 0.4, 1024).reshape(32, 32)
    scaling = Scaling((1e-4, 1e-4, 1 / 4096), (-0.1, 0.0, 0.0))
    values = np.stack([meant * 1e4 + 1000, meant * 1e4, meant * 4096]).round().astype(np.uint16)
    valid = np.ones((32, 32), dtype=bool)
    found = suggest_stretch((values, valid), scaling=scaling)
    colours = found.stretch.apply(values).astype(int)
    assert found.stretch.low[0] == pytest.approx(found.stretch.low[1] + 1000, abs=1)
    assert np.ptp(colours, axis=-1).max() <= 1
    assert colours.min() == 0
    assert colours.max() == 255
