"""A bundle is read as something that a stranger sent."""

import json
import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InputError
from core.export.replay import bundle_file as bundles
from core.export.replay.bundle_file import read_bundle
from core.export.replay.input_hashes import file_name


def write(path: Path, **bodies: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in bodies.items():
            archive.writestr(name, body)
    return path


def refused(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        read_bundle(path)
    return str(caught.value)


def test_no_zip(tmp_path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(b"PK\x03\x04 not really")
    assert "no zip file" in refused(path)
    assert "There is no file" in refused(tmp_path / "none.zip")
    assert "is a folder, not a file" in refused(tmp_path)


@pytest.mark.parametrize("name", ["../../evil.json", "/etc/x", "weights.pt", "a/replay.json"])
def test_anything_else_inside_is_refused(tmp_path, name) -> None:
    path = write(tmp_path / "a.zip", **{"replay.json": b"{}", "label.geojson": b"{}", name: b"x"})
    assert "something else" in refused(path)
    assert [p.name for p in tmp_path.iterdir()] == ["a.zip"]


def test_two_of_one_name_are_refused(tmp_path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("replay.json", "label.geojson", "replay.json"):
            with pytest.warns() if name in archive.namelist() else nothing():
                archive.writestr(name, b"{}")
    assert "does not hold one" in refused(path)


def nothing():
    from contextlib import nullcontext

    return nullcontext()


def test_a_bomb_is_not_unpacked(tmp_path, monkeypatch) -> None:
    monkeypatch.setitem(bundles._MOST_BYTES, "label.geojson", 1 << 20)
    path = write(tmp_path / "a.zip", **{"replay.json": b"{}", "label.geojson": bytes(3 << 20)})
    assert path.stat().st_size < 10_000
    assert "larger than 1 MB" in refused(path)


def test_a_lying_size_is_refused(tmp_path) -> None:
    path = write(tmp_path / "a.zip", **{"replay.json": b"{}" * 5000, "label.geojson": b"{}"})
    raw = bytearray(path.read_bytes())
    place = raw.index(b"PK\x01\x02") + 24
    raw[place : place + 4] = struct.pack("<I", 3)
    path.write_bytes(raw)
    assert "damaged" in refused(path)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"nothing", "is no JSON"),
        (b'{"format": NaN}', "is no JSON"),
        (b"[" * 200_000, "is no JSON"),
        (b"[]", "does not say what it must"),
        (b'{"format": 99}', "a newer version"),
        (b'{"format": 1}', "does not say what it must"),
        (b'{"format": 1, "weights": "here"}', "does not say what it must"),
    ],
)
def test_a_record_that_is_none(tmp_path, body, words) -> None:
    path = write(tmp_path / "a.zip", **{"replay.json": body, "label.geojson": b"{}"})
    assert words in refused(path)


@settings(max_examples=50, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_whatever_the_record_holds_it_is_one_sentence(tmp_path_factory, value) -> None:
    folder = tmp_path_factory.mktemp("any")
    body = json.dumps({"format": 1, "tiles": value, "scene": value}).encode()
    assert refused(write(folder / "a.zip", **{"replay.json": body, "label.geojson": b""}))


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/home/ana/secret/field.tif", "field.tif"),
        ("C:\\Users\\Ana\\field.tif", "field.tif"),
        ("https://user:word@host/a/b.tif?signature=x", "b.tif"),
    ],
)
def test_a_name_tells_no_folder(path, name) -> None:
    assert file_name(path) == name
