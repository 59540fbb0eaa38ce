"""What came of all mutants and kills, and the table that says so."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

BAD = ("edits lost", "silently wrong", "traceback", "signal", "hang")
MOST_MB = 1500


@dataclass(slots=True)
class Tally:
    """Of one kind.

    Attributes
    ----------
    details : list of str
        Of what must not be, to be looked into.
    """

    kind: str
    counts: Counter[str] = field(default_factory=Counter)
    peak_mb: int = 0
    details: list[str] = field(default_factory=list)

    def add(self, outcome: str, number: int, detail: str = "", times: int = 1) -> None:
        """Count what came of one mutant."""
        self.counts[outcome] += times
        self.counts["tried"] += 1
        if outcome in BAD and times:
            self.details.append(f"{self.kind} {number}: {outcome}\n{detail}")

    @property
    def is_good(self) -> bool:
        """Whether nothing happened that must not."""
        return not any(self.counts[word] for word in BAD) and self.peak_mb <= MOST_MB


def table(tallies: list[Tally]) -> str:
    """A table of Markdown."""
    words = ("tried", "refused", "read", *BAD)
    lines = [
        "| " + " | ".join(("", *words, "peak MB")) + " |",
        "|" + "---|" * (len(words) + 2),
    ]
    for tally in tallies:
        figures = [f"{tally.counts[word]:,}" for word in words]
        lines.append("| " + " | ".join((tally.kind, *figures, f"{tally.peak_mb:,}")) + " |")
    return "\n".join(lines)
