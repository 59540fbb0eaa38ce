import io
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from core.errors import DiskFullError, OutputError
from core.files import name_in_folder, write_checked
from core.grid import WorldPoint
from core.label.kept_label import keep_label, load_label
from core.predict.kept_prediction import (
    Prediction,
    WorldPrompt,
    from_bytes,
    load_prediction,
    save_prediction,
    to_bytes,
)

KEY = "k" * 64


def prediction(instances: bool = True) -> Prediction:
    generator = np.random.default_rng(0)
    values = generator.integers(0, 251, (9, 7)).astype(np.uint8)
    numbers = generator.integers(0, 5, (9, 7)).astype(np.int32) if instances else None
    prompts = (WorldPrompt("auto-1", WorldPoint(500_000.123456, 5e6), 1),)
    return Prediction(values, values[::-1].copy(), values > 9, numbers, prompts, 3.25, None)


@given(arrays(np.float32, (4, 5), elements=st.floats(0, 1, width=32) | st.just(float("nan"))))
def test_values_come_back_within_half_a_step(values) -> None:
    back = from_bytes(to_bytes(values))
    assert np.array_equal(np.isnan(back), np.isnan(values))
    assert np.nanmax(np.abs(back - values), initial=0.0) <= 0.002 + 1e-6


@pytest.mark.parametrize("instances", [True, False])
def test_a_prediction_comes_back_whole(tmp_path, instances) -> None:
    path = tmp_path / "scene" / "t.placed"
    save_prediction(path, prediction(instances=instances), KEY)
    back = load_prediction(path, KEY)
    assert back is not None
    assert back.prompts == prediction().prompts
    assert (back.landcover_ha, back.disagreement) == (3.25, None)
    assert np.array_equal(back.probability, prediction().probability)
    assert np.array_equal(back.uncertainty, prediction().uncertainty)
    assert np.array_equal(back.valid, prediction().valid)
    assert (back.instances is not None) == instances


def test_other_inputs_are_never_served(tmp_path) -> None:
    path = tmp_path / "t.placed"
    assert load_prediction(path) is None
    save_prediction(path, prediction(), KEY)
    assert load_prediction(path, "other") is None


@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "header"])
def test_a_damaged_file_is_not_served_and_is_made_again(tmp_path, damage) -> None:
    path = tmp_path / "t.placed"
    save_prediction(path, prediction(), KEY)
    raw = bytearray(path.read_bytes())
    if damage == "cut":
        raw = raw[: len(raw) // 2]
    elif damage == "flip":
        raw[len(raw) // 2] ^= 1
    elif damage == "empty":
        raw.clear()
    else:
        raw[0] ^= 1
    path.write_bytes(bytes(raw))
    assert load_prediction(path) is None
    save_prediction(path, prediction(), KEY)
    assert load_prediction(path, KEY) is not None


def test_a_file_that_cannot_be_read_is_made_again_and_said(tmp_path, caplog) -> None:
    (tmp_path / "t.placed").mkdir()
    assert load_prediction(tmp_path / "t.placed") is None
    assert "t.placed cannot be read" in caplog.text
    with pytest.raises(OutputError, match=r"t\.placed"):
        save_prediction(tmp_path / "t.placed", prediction(), KEY)


def test_a_half_written_file_is_never_seen(tmp_path, monkeypatch) -> None:
    path = tmp_path / "t.placed"
    save_prediction(path, prediction(), KEY)

    def killed(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", killed)
    with pytest.raises(DiskFullError):
        save_prediction(path, prediction(), "another")
    assert load_prediction(path, KEY) is not None
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_does_not_tell_what_the_image_held_is_read(tmp_path) -> None:
    path = tmp_path / "t.placed"
    whole = prediction()
    facts = {"key": KEY, "prompts": [], "landcover_ha": None, "disagreement": 0.5}
    body = io.BytesIO()
    np.savez_compressed(
        body,
        probability=whole.probability,
        uncertainty=whole.uncertainty,
        facts=np.frombuffer(json.dumps(facts).encode(), dtype=np.uint8),
    )
    write_checked(path, body.getvalue(), name_in_folder(path))
    back = load_prediction(path)
    assert back is not None
    assert np.array_equal(back.valid, back.known)
    assert back.disagreement == 0.5


def test_a_folder_that_cannot_be_made_is_told(tmp_path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError):
        save_prediction(tmp_path / "file" / "t.placed", prediction(), KEY)


def test_a_label_that_cannot_be_kept_costs_nothing_else(tmp_path) -> None:
    (tmp_path / "file").write_text("in the way")
    keep_label(tmp_path / "file" / "t.label", {"version": "1"})
    assert load_label(tmp_path / "file" / "t.label") is None
    keep_label(tmp_path / "t.label", {"version": "1", "parcels": []})
    assert load_label(tmp_path / "t.label") == {"version": "1", "parcels": []}
