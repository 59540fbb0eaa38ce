"""A small made project, and pages run without a browser."""

import html
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.jobs import job_dispatch
from core.jobs.job_store import JobStore
from core.jobs.job_worker import do_next_job
from core.project import Project, new_project_path, remember_project
from core.session.adding_scenes import add_scene
from core.session.opened import open_project
from core.settings import get_settings
from ui.shared import browser_session, preferences
from ui.shared.jobs import job_of
from ui.shared.preferences import Preferences

RUNNER = Path(__file__).with_name("runner.py")
SECONDS = 120

BROWSER = "b" * 43
"""What the cookie of every test's browser holds."""


@pytest.fixture(autouse=True)
def own_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache_with_graphs: Callable[[Path], Path]
) -> Iterator[None]:
    """Projects and memory of each test's own."""
    monkeypatch.setenv("CROPMAP_CACHE_DIR", str(cache_with_graphs(tmp_path / "cache")))
    monkeypatch.setenv("CROPMAP_PROJECTS_DIR", str(tmp_path / "projects"))
    get_settings.cache_clear()
    monkeypatch.setattr(browser_session, "_remembered_browser", lambda: BROWSER)
    preferences.save(BROWSER, Preferences(person="Ana"))
    monkeypatch.setattr(job_dispatch, "start_process", InThread)
    yield
    get_settings.cache_clear()


class InThread:
    """A worker of the jobs that outlive the app in this process, where a test has its way."""

    def __init__(self, name: str) -> None:
        settings = get_settings()
        self._thread = threading.Thread(
            target=do_next_job,
            args=(JobStore(settings.jobs_folder), name, 2, threading.Event(), lambda: None),
        )
        self._thread.start()

    def poll(self) -> int | None:
        return None if self._thread.is_alive() else 0


@pytest.fixture
def project(farmland) -> Project:
    """A project with one scene and its land cover."""
    path = new_project_path("Fields")
    Project.create(path, "Fields <b>&").close()
    made = open_project(path)
    add_scene(made, farmland.scene, name="North", landcover_path=farmland.landcover)
    remember_project(path)
    return made


@pytest.fixture
def empty_project() -> Project:
    """A project without a scene."""
    path = new_project_path("Empty")
    Project.create(path, "Empty").close()
    remember_project(path)
    return open_project(path)


@pytest.fixture
def page() -> Callable[..., AppTest]:
    """Run a page, in a project where one is given."""

    def run(name: str, inside: Project | None = None, **query: str) -> AppTest:
        app = AppTest.from_file(str(RUNNER), default_timeout=SECONDS)
        app.session_state["page_under_test"] = name
        if inside is not None:
            app.query_params["project"] = inside.id
        for key, value in query.items():
            app.query_params[key] = value
        app.run()
        assert not app.exception
        return app

    return run


def settle(app: AppTest, key: tuple) -> AppTest:
    """Wait for a job and draw the page again."""
    deadline = time.monotonic() + SECONDS
    while (job := job_of(key)) is not None and job.running:
        assert time.monotonic() < deadline, job.stage
        time.sleep(0.02)
    app.run()
    time.sleep(0.05)
    assert not app.exception
    return app


def press(app: AppTest, label: str) -> AppTest:
    """Click the button of this label."""
    next(b for b in app.button if b.label == label).click()
    app.run()
    assert not app.exception
    return app


def said(app: AppTest) -> str:
    """All errors, warnings, notes and texts of the page, as a person reads them."""
    parts = [*app.error, *app.warning, *app.info, *app.markdown, *app.caption, *app.title]
    return html.unescape("\n".join(str(part.value) for part in parts))


def wrong(app: AppTest) -> str:
    """The page's errors as a person reads them."""
    return html.unescape("\n".join(str(error.value) for error in app.error))
