"""Settings: a checkpoint of one's own is added, and every file is looked at."""

from __future__ import annotations

import html
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from streamlit.testing.v1 import AppTest

from core.sam import architectures
from core.sam.registry import get_model, known_models
from core.settings import get_settings
from tests.sam import authors
from tests.sam.own_models import narrow
from ui.shared.jobs import JOBS
from ui.shared.own_weights import ADDING, LOOKING
from ui.shared.preferences import Preferences, cleaned
from ui.shared.uploaded_files import Source, at_hand


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Iterator[Path]:
    monkeypatch.setenv("CROPMAP_CACHE_DIR", str(tmp_path))
    monkeypatch.setenv("CROPMAP_WEIGHTS_DIR", str(tmp_path / "weights"))
    get_settings.cache_clear()
    monkeypatch.setattr(architectures, "sam_model_registry", {"vit_b": narrow})
    yield tmp_path
    for key in (ADDING, LOOKING):
        JOBS.forget(key)
    get_settings.cache_clear()


def script() -> None:
    from ui.shared.own_weights import own_checkpoints

    own_checkpoints()


def press(app: AppTest, label: str, key: tuple[str, str]) -> str:
    next(button for button in app.button if html.unescape(button.label) == label).click()
    app.run()
    job = JOBS.get(key)
    if job is not None:
        assert job.wait(60)
        app.run()
    assert not app.exception
    shown = (*app.success, *app.error, *app.caption)
    return html.unescape("\n".join(str(one.value) for one in shown))


def test_a_checkpoint_is_added_and_every_file_looked_at(folder) -> None:
    torch.save({"state_dict": authors.narrow_vit().state_dict()}, folder / "best of 9.ckpt")
    app = AppTest.from_function(script, default_timeout=60).run()
    assert f"Weights are in {folder / 'weights'}" in html.unescape(app.caption[0].value)
    assert "No checkpoint is named yet." in press(app, "Add the checkpoint", ADDING)
    path = next(one for one in app.text_input if one.key == "path own weights")
    path.set_value(str(folder / "best of 9.ckpt"))
    said = press(app, "Add the checkpoint", ADDING)
    spec = get_model("best_of_9")
    assert f"best_of_9 (your own vit_b) is here, SHA-256 {spec.sha256}" in said
    assert "found under 'state_dict'" in said
    (folder / "weights" / "other.pth").write_bytes(b"x")
    said = press(app, "Check every file", LOOKING)
    assert "is the file that was added" in said
    assert "other.pth is the file of no model" in said
    assert "add it in the settings" in said
    assert cleaned(Preferences("Ana", "best_of_9")).model == "best_of_9"
    assert cleaned(Preferences("Ana", "never_added")).model == "cropmap_small"
    said = press(app, "Delete best_of_9", ("no", "job"))
    assert "best_of_9 is deleted." in said
    assert not [button for button in app.button if button.label.startswith("Delete")]
    assert "best_of_9" not in known_models()


class Sent(io.BytesIO):
    name = "C:/x/fields.pth"
    size = 5


def test_an_upload_lies_on_the_disk_for_so_long_as_it_is_read(folder) -> None:
    with at_hand(Source(uploads=(Sent(b"hello"),)), folder / "new", lambda *_: None) as file:
        assert file.name == "fields.pth"
        assert file.path.read_bytes() == b"hello"
    assert not list((folder / "new").iterdir())
