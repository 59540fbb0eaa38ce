"""One name, one thing: nobody has to ask which ``record.py`` or which ``Question`` is meant."""

from __future__ import annotations

import ast
from collections import defaultdict
from functools import cache
from pathlib import Path

CORE = Path(__file__).parent.parent / "core"
WIRE = CORE / "wire.py"


def test_no_two_modules_of_core_have_one_name() -> None:
    places = defaultdict(list)
    for path in _sources():
        if not path.stem.startswith("__"):
            places[path.stem].append(_place(path))
    assert _several(places) == {}


def test_no_two_public_classes_of_core_have_one_name() -> None:
    assert _several(_defined(ast.ClassDef)) == {}


def test_a_scene_is_opened_by_one_function() -> None:
    assert _defined(ast.FunctionDef)["open_scene"] == ["imagery/scene.py"]


@cache
def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def _sources() -> list[Path]:
    found = sorted(CORE.rglob("*.py"))
    assert len(found) > 100
    return found


def _defined(kind: type[ast.ClassDef | ast.FunctionDef]) -> dict[str, list[str]]:
    """Modules that define each public name, by name; the wire's bear the browser's names."""
    places = defaultdict(list)
    for path in _sources():
        if path == WIRE:
            continue
        for node in _parsed(path).body:
            if isinstance(node, kind) and not node.name.startswith("_"):
                places[node.name].append(_place(path))
    return places


def _several(places: dict[str, list[str]]) -> dict[str, list[str]]:
    return {name: found for name, found in places.items() if len(found) > 1}


def _place(path: Path) -> str:
    return path.relative_to(CORE).as_posix()
