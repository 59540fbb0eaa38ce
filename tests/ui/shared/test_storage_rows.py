"""Settings: what can be made again is cleared from the list, not while it is needed."""

import html
import threading

import pytest
from streamlit.testing.v1 import AppTest

from core.settings import get_settings
from ui.shared.jobs import JOBS


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("CROPMAP_CACHE_DIR", str(tmp_path))
    monkeypatch.setenv("CROPMAP_PROJECTS_DIR", str(tmp_path / "projects"))
    get_settings.cache_clear()
    for folder, name in (("embeddings", "a.embedding"), ("onnx/sam", "encoder")):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / name).write_bytes(bytes(2_000_000))
    yield tmp_path
    get_settings.cache_clear()


def script() -> None:
    from ui.shared import storage_rows

    storage_rows.show(None)


def test_sizes_are_shown_and_cleared_but_not_under_a_job(cache, monkeypatch) -> None:
    monkeypatch.setattr("core.session.kept_files._SETTLED_S", -1.0)
    app = AppTest.from_function(script, default_timeout=60).run()
    assert not app.markdown
    goes_on = threading.Event()
    job = JOBS.start(("a", "job"), "Mapping", lambda _progress, _cancelled: goes_on.wait(60))
    app.toggle[0].set_value(True).run()
    assert app.button(key="clear graphs").disabled
    app.button(key="clear embeddings").click().run()
    assert "2 MB are free again" in html.unescape(app.success[0].value)
    assert not list((cache / "embeddings").iterdir())
    said = html.unescape("\n".join(one.value for one in app.markdown))
    assert "What models saw (embeddings)** · empty" in said
    goes_on.set()
    assert job.wait(60)
    app.run()
    app.button(key="clear graphs").click().run()
    assert not app.exception
    assert not (cache / "onnx" / "sam" / "encoder").exists()
