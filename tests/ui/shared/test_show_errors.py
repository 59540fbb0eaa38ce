import re
from pathlib import Path

import pytest

from ui.shared.show_errors import UNEXPECTED, as_told, for_pages

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("hint", "words"),
    [
        ("State it, for example --crs EPSG:32633; whoever made the file knows it.", "EPSG:32633"),
        ("Get A.tif from https://b.org and pass it with --landcover FILE.", "add it here"),
        ("Say which one it is with --product KEY.", "under Product"),
        ("Delete it and fetch it again: cropmap weights fetch sam_vit_b", "in the settings"),
    ],
)
def test_hints_name_no_option_of_the_command_line(hint, words) -> None:
    told = for_pages(hint)
    assert "--" not in told
    assert "cropmap weights" not in told
    assert words in told


def test_every_hint_of_what_the_pages_call_has_its_words() -> None:
    for folder in ("imagery", "landcover", "annotate", "project"):
        for file in (ROOT / "core" / folder).glob("*.py"):
            for literal in re.findall(r'"([^"\n]*--[a-z]+[^"\n]*)"', file.read_text("utf-8")):
                assert "--" not in for_pages(literal), f"{file.name}: {literal}"


def test_the_unexpected_is_logged_and_told_calmly(caplog) -> None:
    assert as_told(ValueError("secret")) is UNEXPECTED
    assert "secret" in caplog.text
    assert "secret" not in str(UNEXPECTED)
