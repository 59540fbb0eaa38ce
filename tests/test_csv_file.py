import csv
import io
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from core.csv_file import to_csv


def read(body: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline="")))


def test_cells_that_would_be_formulas_are_text() -> None:
    for text in ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1"):
        ((_,), (cell,)) = read(to_csv([{"a": text}], ["a"]))
        assert cell == f"'{text}"


def test_numbers_times_and_gaps() -> None:
    row = {
        "a": -1.5,
        "b": 3,
        "c": datetime(2025, 6, 1, 8, tzinfo=UTC),
        "d": None,
        "e": float("nan"),
    }
    assert read(to_csv([row], "abcdef"))[1] == [
        "-1.5",
        "3",
        "2025-06-01T08:00:00+00:00",
        "",
        "",
        "",
    ]


def test_a_spreadsheet_is_told_the_encoding() -> None:
    body = to_csv([{"a": "Höfe 农田"}], ["a"])
    assert body.startswith(b"\xef\xbb\xbf")
    assert read(body) == [["a"], ["Höfe 农田"]]


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=20), min_size=1, max_size=4))
def test_text_comes_back_and_never_begins_a_formula(texts: list[str]) -> None:
    columns = [f"c{n}" for n in range(len(texts))]
    _, back = read(to_csv([dict(zip(columns, texts, strict=True))], columns))
    for text, cell in zip(texts, back, strict=True):
        assert cell.removeprefix("'") == text.removeprefix("'")
        assert not cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
