"""Every file in the folder of the weights is spoken of."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from core.cli.remedies import command_hint
from core.sam.added import own_folder
from core.sam.registry import MODELS
from core.sam.weights_folder import WeightsFile, weights_files
from core.settings import get_settings
from tests.sam.own_models import OWN_SHA256, own

BODY = b"the published file"


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Iterator[Path]:
    """A folder with one of everything; MobileSAM and ViT-B are published as small files."""
    # A folder that is hidden itself is no reason to pass its files over.
    monkeypatch.setenv("CROPMAP_WEIGHTS_DIR", str(tmp_path / ".weights"))
    get_settings.cache_clear()
    (tmp_path / ".weights").mkdir()
    for key, body in (("mobile_sam", BODY), ("sam_vit_b", BODY[::-1])):
        sha256 = hashlib.sha256(body).hexdigest()
        monkeypatch.setitem(MODELS, key, replace(MODELS[key], size_bytes=len(body), sha256=sha256))
    own_folder().mkdir()
    yield tmp_path / ".weights"
    get_settings.cache_clear()


def said() -> dict[str, WeightsFile]:
    return {found.path.name: found for found in weights_files()}


def test_an_empty_folder_has_the_model_that_ships_alone(folder) -> None:
    (only,) = weights_files()
    assert "is the published file" in only.sentence
    assert MODELS["cropmap_small"].file_name in only.sentence


def test_every_file_is_spoken_of(folder) -> None:
    (folder / "mobile_sam.pt").write_bytes(BODY)
    (folder / "sam_vit_b_01ec64.pth").write_bytes(b"fine-tuned")
    (folder / "vit_b_copy.pth").write_bytes(BODY[::-1])
    (folder / "sam_hq_vit_b.pth").write_bytes(b"of the same size"[: len(BODY)].ljust(len(BODY)))
    (folder / "sam_vit_l_0b3195.pth.part").write_bytes(b"half")
    (folder / "notes.txt").write_text("mine")
    own("good")
    own("changed", b"other!")
    own("gone", b"")
    (own_folder() / "alone.pth").write_bytes(b"x")
    (own_folder() / "broken.json").write_text("{")
    (own_folder() / "foreign.json").write_text("{}")
    found = said()
    names = {path.name for path in folder.rglob("*") if path.is_file()}
    assert found.keys() == {*names, MODELS["cropmap_small"].file_name, "gone.pth"}
    assert all(bool(one.sentence) != (one.error is not None) for one in found.values())
    words = {
        "mobile_sam.pt": "is the published file",
        "vit_b_copy.pth": "published file of Segment Anything ViT-B under another name",
        "sam_vit_l_0b3195.pth.part": "broke off after 0 of 1,250 MB",
        "good.pth": f"that was added (SHA-256 {OWN_SHA256}, from best.ckpt",
        "good.json": "record of your own model 'good'",
    }
    for name, sentence in words.items():
        assert sentence in found[name].sentence, name
    wrong = {
        "sam_vit_b_01ec64.pth": "is not the published file of Segment Anything ViT-B",
        "changed.pth": "is not the file that was added as 'changed'",
        "gone.pth": "The file of your own model 'gone' is gone",
        "broken.json": "cannot be read",
        "foreign.json": "cannot be read",
    }
    harmless = ("sam_hq_vit_b.pth", "notes.txt", "alone.pth")
    for name, one in found.items():
        assert one.sound == (name not in wrong), name
    for name, sentence in wrong.items():
        error = found[name].error
        assert error is not None
        assert sentence in error.message
    for name in harmless:
        error = found[name].error
        assert error is not None
        assert "is the file of no model that is known here" in error.message
        assert f"cropmap weights add {found[name].path} --architecture" in command_hint(error)
    tuned = found["sam_vit_b_01ec64.pth"].error
    assert tuned is not None
    hint = command_hint(tuned)
    assert f"cropmap weights add {folder / 'sam_vit_b_01ec64.pth'} --architecture vit_b" in hint
    assert "fetch it again: cropmap weights fetch sam_vit_b" in hint
