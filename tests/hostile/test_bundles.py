"""Bundles of strangers, and bad downloads: a sentence, whatever the bytes are."""

import base64
import json
import os
import random
import struct
import sys
import zipfile
import zlib
from contextlib import suppress
from functools import partial

import pytest
import shapely

from benchmarks.torture.mutants import mutate_json
from core.cli.main import main
from core.errors import CropMapError, InputError
from core.export.replay.bundle_file import read_bundle
from core.label.correction_import import import_from_json
from core.parcels.wkb import read_wkb, read_wkbs
from tests.hostile.bundles import BASE, changed, edit


def nested_wkb(depth: int, kind: int = 7) -> bytes:
    """Collections in one another, and a point in the last."""
    return struct.pack("<BII", 1, kind, 1) * depth + struct.pack("<BIdd", 1, 1, 0.0, 0.0)


@pytest.mark.parametrize("kind", [4, 5, 6, 7, 1007, 0x80000007])
def test_nested_wkb_never_reaches_geos(kind) -> None:
    with pytest.raises(ValueError, match="nested too deep"):
        read_wkb(nested_wkb(100_000, kind))
    packed = base64.b64encode(zlib.compress(nested_wkb(100_000, kind))).decode()
    data = {"source": "a", "ids": [], "scores": [], "said": [], "sayings": [], "area": None}
    with pytest.raises(InputError):
        import_from_json({**data, "shapes": packed}, lambda shapes: shapes)


def test_wkb_that_claims_more_than_its_bytes() -> None:
    square = shapely.box(0, 0, 1, 1)
    for wkb in (square.wkb, shapely.to_wkb(square, byte_order=0, output_dimension=3)):
        assert read_wkb(wkb).equals(square)
        for end in range(len(wkb)):
            with pytest.raises(ValueError, match="cut short"):
                read_wkb(wkb[:end])
    for kind in (2, 3, 6, 7):
        with pytest.raises(ValueError, match="cut short"):
            read_wkb(struct.pack("<BII", 1, kind, 2**32 - 1))
    shapes = [square, shapely.MultiPolygon([square]), shapely.from_wkt("POINT Z (1 2 3)")]
    found = read_wkbs([shape.wkb for shape in shapes])
    assert all(shape.equals(other) for shape, other in zip(found, shapes, strict=True))
    both = shapely.GeometryCollection(shapes[:2])
    assert read_wkb(shapely.to_wkb(shapely.set_srid(both, 4326), include_srid=True)).equals(both)


def test_six_hundred_bundles_with_one_changed_byte(tmp_path) -> None:
    generator, path, refused = random.Random(20), tmp_path / "b.zip", 0
    for _ in range(600):
        body = bytearray(BASE.read_bytes())
        body[generator.randrange(len(body))] ^= generator.randrange(1, 256)
        path.write_bytes(body)
        try:
            read_bundle(path)
        except CropMapError:
            refused += 1
    assert 300 < refused < 600


def test_records_with_one_mistaken_value(tmp_path) -> None:
    generator = random.Random(21)
    for _ in range(200):
        path = changed(tmp_path / "b.zip", partial(mutate_json, generator=generator))
        with suppress(CropMapError):
            read_bundle(path)


@pytest.mark.parametrize(
    "change",
    [
        edit("area_add", {"ring": json.loads("[" * 500 + "]" * 500)}),
        edit("prompt_delete", {"id": "a"}, at="0001-01-01T00:00:00+14:00"),
        edit("prompt_delete", {"id": "a"}, at="9999-12-31T23:59:59-14:00"),
    ],
)
def test_edits_that_mean_nothing(tmp_path, change) -> None:
    with pytest.raises(InputError):
        read_bundle(changed(tmp_path / "b.zip", change))


def test_a_small_file_that_unpacks_to_much(tmp_path) -> None:
    path = tmp_path / "b.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("replay.json", b"[" + b"{}," * 10_000_000 + b"{}]")
        archive.writestr("label.geojson", b"{}")
    with pytest.raises(InputError, match="claims more than was packed"):
        read_bundle(path)


@pytest.mark.parametrize("special", ["/dev/zero", "pipe", "folder"])
def test_what_is_no_file(tmp_path, special) -> None:
    path = tmp_path / special
    if special == "pipe":
        os.mkfifo(path)
    if special == "folder":
        path.mkdir()
    with pytest.raises(InputError, match=r"a device or a pipe|is a folder"):
        read_bundle(path)


def test_escapes_of_a_file_do_not_reach_the_terminal(tmp_path, monkeypatch, capfd) -> None:
    path = tmp_path / "a\x1b]0;title\x07\x9b31m.zip"
    path.write_bytes(BASE.read_bytes()[:-9])
    arguments = ["replay", str(path), "--scene", "none.tif", "--out", str(tmp_path / "out")]
    monkeypatch.setattr(sys, "argv", ["cropmap", *arguments])
    with pytest.raises(SystemExit) as left:
        main()
    shown = capfd.readouterr()
    assert left.value.code == 1
    assert not {"\x1b", "\x07", "\x9b"} & {*shown.out, *shown.err}
    told = str(InputError("a\x1b[31mb\u202ec\ud800", "d\re"))
    assert told == "a\ufffd[31mb\ufffdc\ufffd d\ufffde"
