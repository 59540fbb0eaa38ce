import html
import string

from hypothesis import given
from hypothesis import strategies as st

from ui.shared.text import count, escape, file_size, hectares

plain = st.text(st.characters(exclude_categories=["Cs", "Cc"]))


@given(plain)
def test_what_is_shown_is_what_was_written(text) -> None:
    assert html.unescape(escape(text)) == text


@given(st.text(string.printable))
def test_no_mark_of_any_markup_is_let_through(text) -> None:
    shown = escape(text)
    for mark in "<>\"'`$*_[]()\\!|~:{}@/":
        assert mark not in shown
    # What is left of & and # are the references themselves.
    assert shown.count("&") == shown.count(";") == shown.count("#")


def test_known_tricks() -> None:
    assert escape("${alert(1)}") == "&#36;&#123;alert&#40;1&#41;&#125;"
    assert "<" not in escape("<img src=x onerror=alert(1)>")
    assert "](" not in escape("[a](javascript:alert(1))")
    assert escape(None) == "None"


def test_numbers_in_words() -> None:
    assert count(1, "tile") == "1 tile"
    assert count(1200, "tile") == "1,200 tiles"
    assert count(2, "entry", "entries") == "2 entries"
    assert [hectares(v) for v in (0.416, 41.23, 1250.4, None)] == [
        "0.42 ha",
        "41.2 ha",
        "1,250 ha",
        "–",
    ]
    sizes = (20, 12_300, 999_499, 999_500, 40_728_226, 2_564_550_879)
    assert [file_size(v) for v in sizes] == ["1 kB", "12 kB", "999 kB", "1 MB", "41 MB", "2.6 GB"]
