"""Kept files of another tile, or with a flipped bit: never served."""

import random

from core.label.kept_label import keep_label, load_label
from core.predict.kept_prediction import load_prediction, save_prediction
from tests.predict.test_kept_prediction import KEY, prediction


def test_a_kept_file_of_another_tile_or_scene_is_not_served(tmp_path) -> None:
    kept = tmp_path / "a" / "x0_y0.placed"
    save_prediction(kept, prediction(), KEY)
    keep_label(tmp_path / "a" / "x0_y0.label", {"version": "1", "parcels": []})
    assert load_prediction(kept) is not None
    assert load_label(tmp_path / "a" / "x0_y0.label") is not None
    for other in ("a/x1_y0", "b/x0_y0"):
        for suffix in ("placed", "label"):
            path = tmp_path / f"{other}.{suffix}"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes((tmp_path / "a" / f"x0_y0.{suffix}").read_bytes())
        assert load_prediction(tmp_path / f"{other}.placed") is None
        assert load_label(tmp_path / f"{other}.label") is None


def test_no_flipped_bit_is_served(tmp_path) -> None:
    path, generator = tmp_path / "a.placed", random.Random(23)
    save_prediction(path, prediction(), KEY)
    whole = path.read_bytes()
    for _ in range(100):
        changed = bytearray(whole)
        changed[generator.randrange(len(changed))] ^= 1 << generator.randrange(8)
        path.write_bytes(changed)
        assert load_prediction(path) is None
