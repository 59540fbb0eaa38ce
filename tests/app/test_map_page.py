import time
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.errors import CropMapError
from core.pipeline import MapOptions, SceneRequest
from ui.job import Job

PAGE = str(Path(__file__).resolve().parents[2] / "pages" / "map_scene.py")


def finish(app: AppTest) -> AppTest:
    deadline = time.monotonic() + 90
    while "job" in app.session_state and app.session_state["job"].running:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    return app.run(timeout=60)


def fill(app: AppTest, scene: str, landcover: str, out: str) -> AppTest:
    for field, value in zip(app.text_input, (scene, landcover, out), strict=False):
        field.set_value(value)
    return app.button[0].click().run(timeout=60)


def test_an_empty_form_is_asked_for_what_is_missing() -> None:
    app = AppTest.from_file(PAGE, default_timeout=60).run()
    app.button[0].click().run()
    assert "scene and the land cover and the folder" in app.warning[0].value
    assert not app.exception


def test_a_missing_file_is_one_sentence_and_the_form_keeps_what_was_typed(tmp_path) -> None:
    app = AppTest.from_file(PAGE, default_timeout=60).run()
    app = finish(fill(app, str(tmp_path / "gone.tif"), "/nowhere.tif", str(tmp_path / "out")))
    assert "There is no file" in app.error[0].value
    assert not app.exception
    app.button[0].click().run()
    assert app.text_input[0].value == str(tmp_path / "gone.tif")


def test_the_made_scene_ends_in_parcels_and_downloads() -> None:
    app = AppTest.from_file(PAGE, default_timeout=60).run()
    app.button[1].click().run()
    app = finish(app)
    assert not app.exception
    assert not app.error
    assert "parcels" in app.title[0].value
    assert "SIMULATED" in app.caption[0].value
    job = app.session_state["job"]
    assert (job.out / "parcels.shp.zip").exists()


def test_a_mistake_of_ours_is_told_without_a_traceback(tmp_path, caplog) -> None:
    def broken() -> SceneRequest:
        raise ZeroDivisionError

    job = Job(broken, MapOptions(model=None), tmp_path)
    job.start()
    while job.running:
        time.sleep(0.01)
    assert isinstance(job.error, CropMapError)
    assert "Something went wrong" in job.error.message
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.parametrize("wait", [0.0, 0.3])
def test_cancelling_ends_the_run(tmp_path, wait) -> None:
    from core.farmland import write_scene

    def prepare() -> SceneRequest:
        files = write_scene(tmp_path, seed=1, size=256)
        time.sleep(wait)
        return SceneRequest(str(files.scene), str(files.landcover))

    job = Job(prepare, MapOptions(model=None), tmp_path)
    job.cancel()
    job.start()
    while job.running:
        time.sleep(0.01)
    assert job.result is None
    assert job.error is not None
    assert "are done and kept" in job.error.message
