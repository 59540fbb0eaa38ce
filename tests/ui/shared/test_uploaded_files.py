import io
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InputError, MissingCrsError, Remedy
from core.session.adding_scenes import safe_stem
from ui.shared.uploaded_files import Source, discard, store


class Project:
    """As much of a project as an upload needs."""

    def __init__(self, folder) -> None:
        self.folder = folder


class Sent(io.BytesIO):
    """A file that a browser sent."""

    def __init__(self, name: str, body: bytes) -> None:
        super().__init__(body)
        self.name, self.size = name, len(body)


def quiet(stage: str, done: int, total: int) -> None:
    """No progress."""


@given(st.text())
def test_a_safe_stem_is_a_file_name_and_nothing_else(name) -> None:
    stem = safe_stem(name)
    assert stem
    assert len(stem) <= 80
    assert set(stem) <= set(string.ascii_letters + string.digits + "_-")


def test_the_stem_keeps_what_products_are_recognised_by() -> None:
    assert safe_stem("C:\\maps\\ESA_WorldCover_10m_2021_v200_N48E012_Map.tif").startswith("ESA_Wor")
    assert safe_stem("../../etc/passwd") == "passwd"


def test_an_upload_goes_into_a_folder_of_its_own_with_its_world_file(tmp_path) -> None:
    sent = (
        Sent("../a b.tif", b"raster"),
        Sent("a b.tfw", b"1"),
        Sent("a b.TIF.aux.xml", b"2"),
        Sent("evil.vrt", b"x"),
    )
    stored = store(Project(tmp_path), Source(uploads=sent), quiet)
    assert stored.stored is not None
    assert stored.stored.read_bytes() == b"raster"
    assert {p.name for p in stored.stored.parent.iterdir()} == {
        "a_b.tif",
        "a_b.tfw",
        "a_b.tif.aux.xml",
    }
    assert stored.stored.is_relative_to(tmp_path / "uploads")
    assert store(Project(tmp_path), stored, quiet) is stored
    discard(stored)
    assert not stored.stored.parent.exists()


def test_an_upload_without_a_raster_is_refused(tmp_path) -> None:
    with pytest.raises(InputError, match="No raster"):
        store(Project(tmp_path), Source(uploads=(Sent("a.prj", b""),)), quiet)


def test_only_a_missing_crs_is_a_question(tmp_path) -> None:
    import numpy as np

    from core.imagery.scene import open_scene
    from tests.rasters import write_raster

    values = np.ones((3, 8, 8), dtype=np.uint8)
    plain = write_raster(tmp_path / "plain.tif", values, crs=None)
    nowhere = write_raster(tmp_path / "nowhere.tif", values, crs=None, transform=None)
    asked = {}
    for path in (plain, nowhere):
        with pytest.raises(MissingCrsError) as caught:
            open_scene(path)
        asked[path.stem] = caught.value.remedy is Remedy.STATE_CRS
    assert asked == {"plain": True, "nowhere": False}
