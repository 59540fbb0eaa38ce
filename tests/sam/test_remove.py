"""Checkpoints of one's own are removed whole; nobody else's are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import InputError
from core.sam.registry import MODELS, known_models
from core.sam.remove import remove_weights
from core.settings import get_settings
from tests.sam.own_models import own


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch) -> Iterator[Path]:
    """The folder of the weights, a test's own."""
    monkeypatch.setenv("CROPMAP_WEIGHTS_DIR", str(tmp_path / "weights"))
    get_settings.cache_clear()
    yield tmp_path / "weights"
    get_settings.cache_clear()


def test_a_checkpoint_is_removed_whole_and_no_other(folder) -> None:
    own("one")
    own("one_more")
    assert {gone.name for gone in remove_weights("one")} == {"one.json", "one.pth"}
    assert [name for name in known_models() if name not in MODELS] == ["one_more"]
    # What is damaged can be removed, too.
    (folder / "own" / "one_more.json").write_text("{")
    remove_weights("one_more")
    assert not [file for file in (folder / "own").iterdir() if not file.name.startswith(".")]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("cropmap_small", "comes with cropmap"),
        ("sam_vit_b", "are not on this machine"),
        ("mobile_sam", "is a published model"),
        ("nobody", "no checkpoint of your own called 'nobody'"),
        ("../sam_vit_b", "no checkpoint of your own"),
        ("", "no checkpoint of your own"),
    ],
)
def test_what_is_nobodys_own_is_not_removed(folder, name, words) -> None:
    folder.mkdir()
    (folder / "mobile_sam.pt").write_bytes(b"published")
    (folder / "sam_vit_b.pth").write_bytes(b"beside")
    with pytest.raises(InputError, match=words):
        remove_weights(name)
    assert len(list(folder.iterdir())) == 2
