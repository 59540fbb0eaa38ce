"""What people name in the browser lies in folders that the operator allows."""

import os

import pytest

from core.allowed_folders import allowed_folders, check_allowed
from core.errors import InputError
from core.settings import get_settings


@pytest.fixture
def allowing(tmp_path, monkeypatch):
    def allow(**variables: str) -> None:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        get_settings.cache_clear()

    monkeypatch.setenv("CROPMAP_PROJECTS_DIR", str(tmp_path / "projects"))
    yield allow
    monkeypatch.undo()
    get_settings.cache_clear()


def test_a_link_or_a_way_back_leads_nowhere_else(tmp_path, allowing) -> None:
    inside, outside = tmp_path / "fields", tmp_path / "fields-of-others"
    for folder in (inside, outside):
        folder.mkdir()
        (folder / "a.tif").touch()
    (inside / "link.tif").symlink_to(outside / "a.tif")
    (inside / "links").symlink_to(outside)
    (outside / "back.tif").symlink_to(inside / "a.tif")
    allowing(CROPMAP_ALLOWED_FOLDERS=os.pathsep.join([str(inside), str(tmp_path / "none"), ""]))
    for path in (inside / "a.tif", tmp_path / "projects" / "p.cropmap", outside / "back.tif"):
        check_allowed(path)
    for path in (
        outside / "a.tif",
        inside / "link.tif",
        inside / "links" / "a.tif",
        inside / ".." / "fields-of-others" / "a.tif",
    ):
        with pytest.raises(InputError, match="does not lie in a folder") as refused:
            check_allowed(path)
        assert "CROPMAP_ALLOWED_FOLDERS" in refused.value.hint


def test_whom_the_app_serves_decides_without_the_setting(tmp_path, allowing, monkeypatch) -> None:
    check_allowed(tmp_path)
    assert allowed_folders() == ()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    allowing(CROPMAP_ALLOWED_HOSTS="maps.example.org")
    check_allowed(tmp_path / "home" / "a.tif")
    with pytest.raises(InputError):
        check_allowed(tmp_path / "a.tif")
