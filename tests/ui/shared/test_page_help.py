"""Every page says in a few lines what can be done on it."""

import ast
from pathlib import Path

from ui.shared.page_help import HELP, MOST_LINES, PICTURES

PAGES = Path(__file__).parents[3] / "pages"


def test_each_page_has_a_few_lines_and_pictures_that_are_there() -> None:
    titles = {"Start"}
    for page in PAGES.glob("*.py"):
        for call in ast.walk(ast.parse(page.read_text("utf-8"))):
            if isinstance(call, ast.Call) and ast.unparse(call.func) == "project_page":
                titles.add(ast.literal_eval(call.args[0]))
    assert set(HELP) == titles
    for found in HELP.values():
        assert 0 < len(found.lines) <= MOST_LINES
        assert not found.picture or (PICTURES / found.picture).is_file()
