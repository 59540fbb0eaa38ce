"""One definition of progress and of cancelling, and how a step stops."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from core.errors import CancelledError
from core.task import Cancelled, Progress, check, never, silent, silent_share

ROOT = Path(__file__).parent.parent

NAMES = {"Progress", "ShareProgress", "Cancelled", "silent", "silent_share", "never"}

SIGNATURES = {"Callable[[str, int, int], None]"}
"""Progress, spelled out instead of imported."""


def test_a_step_stops_once_it_is_cancelled_and_says_what_is_kept() -> None:
    check(never, "Stopped.")
    with pytest.raises(CancelledError, match=r"3 of 9 are done\. Start again to continue\."):
        check(lambda: True, "3 of 9 are done.", "Start again to continue.")


def test_nothing_shown_and_nothing_cancelled() -> None:
    progress: Progress = silent
    cancelled: Cancelled = never
    progress("Mapping", 1, 2)
    silent_share(0.5)
    assert cancelled() is False


def _sources() -> list[Path]:
    folders = ("core", "ui", "pages", "training", "benchmarks")
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def test_nobody_else_defines_progress_or_cancelling() -> None:
    task = ROOT / "core" / "task.py"
    again = {path.relative_to(ROOT): _again(path) for path in _sources() if path != task}
    assert {path: names for path, names in again.items() if names} == {}


def _again(path: Path) -> set[str]:
    """What of it a module defines itself, or spells out instead of importing it."""
    defined: set[str] = set()
    spelled: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Assign):
            defined |= {t.id.lstrip("_") for t in node.targets if isinstance(t, ast.Name)}
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            defined.add(node.name.lstrip("_"))
        elif isinstance(node, ast.Subscript) and getattr(node.value, "id", "") == "Callable":
            spelled.add(ast.unparse(node))
    return defined & NAMES | spelled & SIGNATURES
