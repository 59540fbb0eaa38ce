"""Answers that hold what JSON cannot."""

import json
from pathlib import Path

import pytest

from core.errors import ConflictError, CropMapError, InputError
from core.project.database import busy, damaged
from ui.server.errors import error_response
from ui.server.json_answer import json_bytes

HALF = "\ud800"


def nested(depth: int) -> list:
    value: list = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ({"a": HALF}, {"a": HALF}),
        ({HALF: 1}, {HALF: 1}),
        ({1: "number"}, {"1": "number"}),
        ([1 << 200, "ä"], [1 << 200, "ä"]),
        ([10**400, object(), b"x", {1, 2}], [None] * 4),
        ([float("nan"), float("inf"), HALF], [None, None, HALF]),
    ],
)
def test_what_json_cannot_hold_is_left_out(value, read) -> None:
    assert json.loads(json_bytes(value)) == read


def test_however_deep() -> None:
    assert json_bytes(nested(100_000)).startswith(b"[[")


class SilentError(CropMapError):
    """Cannot even be told."""

    def hint_in(self, words):
        raise KeyError(words)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (InputError(f"The file {HALF}.tif is missing.", f"Choose {HALF}."), 400),
        (ConflictError("Late."), 409),
        # What the map keeps and sends again: not 404, after which it would drop the edit.
        (busy(Path("farm.cropmap")), 503),
        (damaged(Path("farm.cropmap"), "database disk image is malformed"), 503),
        (SilentError("No words."), 500),
        (UnicodeEncodeError("utf-8", HALF, 0, 1, "surrogates not allowed"), 500),
    ],
)
def test_an_errors_answer_never_raises(error, status) -> None:
    answer = error_response(error, details={"state": {"id": HALF, "number": 10**400}})
    assert answer.status_code == status
    assert json.loads(answer.body)["message"].endswith(".")
