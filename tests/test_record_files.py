"""Records in files of our own: read by their schema, named where they cannot be, never lost."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

import pytest

from core import record_files
from core.record_files import UnreadableRecordError, read_record, write_record


@dataclass(frozen=True, slots=True)
class Part:
    name: str
    share: float | None


@dataclass(frozen=True, slots=True)
class Kept:
    FORMAT: ClassVar[int] = 3

    made: datetime
    parts: tuple[Part, ...]
    labels: dict[str, str | int | float]


RECORD = Kept(
    datetime(2026, 5, 1, tzinfo=UTC),
    (Part("Äcker", 0.25), Part("b", None)),
    {"seed": 1, "share": 0.5, "name": "1"},
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    folder = tmp_path / "kept"
    folder.mkdir()
    return folder / "made.json"


def test_a_record_comes_back_as_it_was(path: Path) -> None:
    assert read_record(path, Kept) is None
    write_record(path, RECORD)
    found = read_record(path, Kept)
    assert found == RECORD
    assert [type(value) for value in found.labels.values()] == [int, float, str]
    assert json.loads(path.read_text(encoding="utf-8"))["format"] == 3


def test_older_records_and_those_without_a_number_are_read(path: Path) -> None:
    write_record(path, RECORD)
    whole = json.loads(path.read_text(encoding="utf-8"))
    for older in ({**whole, "format": 1}, {k: v for k, v in whole.items() if k != "format"}):
        path.write_text(json.dumps(older), encoding="utf-8")
        assert read_record(path, Kept) == RECORD


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "it is damaged"),
        (b"\xff\xfe", "it is damaged"),
        (b"[1, 2]", "it is damaged"),
        (b'{"format": "x"}', "it is damaged"),
        (b'{"format": 3}', "it is damaged at made"),
        (b'{"made": "2026-05-01", "parts": [{"name": 5}], "labels": {}}', "at parts.0.name"),
        (b'{"format": 4}', "a newer version of CropMap wrote it"),
    ],
)
def test_what_cannot_be_read_is_named_and_never_lost(path: Path, body: bytes, why: str) -> None:
    path.write_bytes(body)
    with pytest.raises(UnreadableRecordError) as raised:
        read_record(path, Kept)
    assert raised.value.message.startswith("The record kept/made.json cannot be read (")
    assert why in raised.value.message
    assert raised.value.message.endswith("it is kept as it is.")
    assert raised.value.hint
    assert path.read_bytes() == body
    write_record(path, RECORD)
    assert read_record(path, Kept) == RECORD
    assert path.with_name("made.unreadable-1.json").read_bytes() == body


def test_a_file_that_may_not_be_read_is_not_absent(path: Path) -> None:
    path.mkdir()
    with pytest.raises(UnreadableRecordError, match="is a directory"):
        read_record(path, Kept)


def test_mistakes_of_our_own_are_no_damage(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_record(path, RECORD)

    def broken(*_: object) -> None:
        raise TypeError("ours")

    monkeypatch.setattr(record_files.TypeAdapter, "validate_python", broken)
    with pytest.raises(TypeError, match="ours"):
        read_record(path, Kept)
