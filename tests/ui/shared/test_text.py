import html
import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui.shared.text import count, escape, file_size

WORD_JOINER = "\u2060"
plain = st.text(st.characters(exclude_categories=["Cs", "Cc"]))


@given(plain)
def test_what_is_shown_is_what_was_written(text) -> None:
    assert seen(escape(text)) == text.replace(WORD_JOINER, "")


@given(st.text(string.printable))
def test_no_mark_of_any_markup_is_let_through(text) -> None:
    shown = escape(text)
    for mark in "<>\"'`$*_[]()\\!|~:{}@/":
        assert mark not in shown
    # What is left of & and # are the references themselves.
    assert shown.count("&") == shown.count(";") == shown.count("#")


# What Streamlit's page looks for in text that has been parsed: remark-gfm, remark-emoji, its icons
# and its marks (StreamlitMarkdown.js).
FOUND_AFTER_PARSING = [
    re.compile(r"(https?://|www(?=\.))([-.\w]+)([^ \t\r\n]*)", re.IGNORECASE),
    re.compile(r"([-.\w+]+)@([-\w]+(?:\.[-\w]+)+)"),
    re.compile(r":\+1:|:-1:|:[\w-]+:"),
    re.compile(r":material/\w+:"),
    re.compile(r"(^|\s)(<->|->|<-|--|>=|<=|~=)(\s|$)"),
]


@pytest.mark.parametrize(
    "text",
    [
        "see www.evil.example/x and WWW.evil.example",
        "https://evil.example HTTP://evil.example (http://evil.example/a.png)",
        "write to ana@evil.example, or a.b+c@d.e",
        ":bug: :+1: :-1: a:material/bug:b ::bug:: :streamlit:",
        "a -> b <- c -- d >= e <= f ~= g <-> h",
        "-> at the beginning, and at the end --",
    ],
)
def test_nothing_is_made_of_what_a_page_has_parsed(text) -> None:
    shown = html.unescape(escape(text))
    for pattern in FOUND_AFTER_PARSING:
        assert not pattern.search(shown), pattern.pattern
    assert seen(escape(text)) == text


def test_ordinary_text_gets_nothing_more() -> None:
    for text in ("North field 3, 12:30", "a-b <c> x=y", "/data/2024/scene.tif", "EPSG:32633"):
        assert WORD_JOINER not in escape(text)


def seen(escaped: str) -> str:
    """What a person reads."""
    return html.unescape(escaped).replace(WORD_JOINER, "")


def test_known_tricks() -> None:
    assert escape("${alert(1)}") == "&#36;&#123;alert&#40;1&#41;&#125;"
    assert "<" not in escape("<img src=x onerror=alert(1)>")
    assert "](" not in escape("[a](javascript:alert(1))")
    assert escape(None) == "None"


def test_numbers_in_words() -> None:
    assert count(1, "tile") == "1 tile"
    assert count(1200, "tile") == "1,200 tiles"
    assert count(2, "entry", "entries") == "2 entries"
    sizes = (20, 12_300, 999_499, 999_500, 40_728_226, 2_564_550_879)
    assert [file_size(v) for v in sizes] == ["1 kB", "12 kB", "999 kB", "1 MB", "41 MB", "2.6 GB"]
