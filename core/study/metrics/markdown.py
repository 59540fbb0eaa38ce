"""Figures and tables as Markdown, for every page that is written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from core.study.metrics.bootstrap import Interval


def markdown_table(heads: Sequence[str], rows: Iterable[Iterable[str]]) -> list[str]:
    """Lines of a table; cells that hold a person's text are escaped by the caller."""
    lines = [heads, *rows]
    made = [f"| {' | '.join(cells)} |" for cells in lines]
    return [made[0], "|" + "---|" * len(heads), *made[1:]]


def escaped(text: str) -> str:
    """Text for a cell of a Markdown table: nothing in it is markup."""
    flat = " ".join(text.split())
    return "".join(f"\\{letter}" if letter in "\\`*_[]<>|#" else letter for letter in flat)


def shown(value: float | None, digits: int = 3) -> str:
    """A figure for a table; a dash where it is not defined."""
    return "–" if value is None else f"{value:.{digits}f}"


def with_interval(interval: Interval, *, sign: str = "") -> str:
    """A figure and its interval in brackets; with the sign ``+`` as a difference."""
    if interval.value is None:
        return shown(None)
    value = f"{interval.value:{sign}.3f}"
    if interval.low is None or interval.high is None:
        return value
    return f"{value} ({interval.low:{sign}.3f} to {interval.high:{sign}.3f})"


def many(count: int, noun: str) -> str:
    """A count with its noun."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
