import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from core.errors import OutputError
from core.grid import WorldPoint
from core.predict.kept import (
    AutoPrompt,
    Base,
    from_bytes,
    keep_label,
    load_base,
    load_label,
    save_base,
    to_bytes,
)


def base(key: str = "k" * 64, instances: bool = True) -> Base:
    generator = np.random.default_rng(0)
    values = generator.integers(0, 251, (9, 7)).astype(np.uint8)
    numbers = generator.integers(0, 5, (9, 7)).astype(np.int32) if instances else None
    prompts = (AutoPrompt("auto-1", WorldPoint(500_000.123456, 5e6), 1),)
    return Base(key, values, values[::-1].copy(), numbers, prompts, 3.25, None)


@given(arrays(np.float32, (4, 5), elements=st.floats(0, 1, width=32) | st.just(float("nan"))))
def test_values_come_back_within_half_a_step(values) -> None:
    back = from_bytes(to_bytes(values))
    assert np.array_equal(np.isnan(back), np.isnan(values))
    assert np.nanmax(np.abs(back - values), initial=0.0) <= 0.002 + 1e-6


@pytest.mark.parametrize("instances", [True, False])
def test_a_prediction_comes_back_whole(tmp_path, instances) -> None:
    path = tmp_path / "scene" / "t.placed"
    save_base(path, base(instances=instances))
    back = load_base(path, "k" * 64)
    assert back is not None
    assert back.prompts == base().prompts
    assert (back.landcover_ha, back.disagreement) == (3.25, None)
    assert np.array_equal(back.probability, base().probability)
    assert np.array_equal(back.uncertainty, base().uncertainty)
    assert (back.instances is not None) == instances


def test_other_inputs_and_damage_are_never_served(tmp_path) -> None:
    path = tmp_path / "t.placed"
    assert load_base(path) is None
    save_base(path, base())
    assert load_base(path, "other") is None
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)
    assert load_base(path) is None


def test_a_folder_that_cannot_be_made_is_told(tmp_path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError):
        save_base(tmp_path / "file" / "t.placed", base())


def test_a_label_that_cannot_be_kept_costs_nothing_else(tmp_path) -> None:
    (tmp_path / "file").write_text("in the way")
    keep_label(tmp_path / "file" / "t.label", {"version": "1"})
    assert load_label(tmp_path / "file" / "t.label") is None
    keep_label(tmp_path / "t.label", {"version": "1", "parcels": []})
    assert load_label(tmp_path / "t.label") == {"version": "1", "parcels": []}
