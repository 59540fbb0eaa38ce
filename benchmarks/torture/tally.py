"""What came of all that was tried, and the table that says so."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from benchmarks.torture.forked import Forked

BAD = ("edits lost", "silently wrong", "traceback", "signal", "hang", "door open")
MOST_MB = 1500


@dataclass(slots=True)
class Tally:
    """Of one part.

    Attributes
    ----------
    saved : int
        Edits that somebody was told are saved.
    peak_mb : int
        The most memory that a process took together with those that it had started.
    details : list of str
        Of what must not be, to be looked into.
    told : str
        What else there is to say, in words.
    """

    kind: str
    counts: Counter[str] = field(default_factory=Counter)
    saved: int = 0
    peak_mb: int = 0
    seconds: float = 0.0
    told: str = ""
    details: list[str] = field(default_factory=list)

    def add(self, outcome: str, number: int, detail: str = "", times: int = 1) -> None:
        """Count what came of one trial."""
        self.counts["tried"] += 1
        self.note(outcome, number, detail, times)

    def note(self, outcome: str, number: int, detail: str = "", times: int = 1) -> None:
        """Count something that was seen during a trial."""
        self.counts[outcome] += times
        if outcome in BAD and times:
            self.details.append(f"{self.kind} {number}: {outcome}\n{detail}")

    def seen(self, number: int, process: Forked) -> None:
        """Look at what a process of ours took, and at what it printed."""
        self.peak_mb = max(self.peak_mb, process.peak_mb)
        printed = process.said()
        if "Traceback (most recent call last)" in printed:
            place = printed.index("Traceback (most recent call last)")
            self.note("traceback", number, printed[place : place + 3000])

    def merge(self, other: Tally) -> None:
        """Take what another has counted of the same part."""
        self.counts += other.counts
        self.saved += other.saved
        self.peak_mb = max(self.peak_mb, other.peak_mb)
        self.details += other.details
        self.told = self.told or other.told

    @property
    def is_good(self) -> bool:
        """Whether nothing happened that must not."""
        return not any(self.counts[word] for word in BAD) and self.peak_mb <= MOST_MB


def table(tallies: list[Tally]) -> str:
    """A table of Markdown."""
    words = ("tried", "refused", "held", *BAD)
    names = ("", *words, "saved edits", "peak MB", "s")
    lines = ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    for tally in tallies:
        figures = [f"{tally.counts[word]:,}" for word in words]
        rest = [f"{tally.saved:,}", f"{tally.peak_mb:,}", f"{tally.seconds:.0f}"]
        lines.append("| " + " | ".join((tally.kind, *figures, *rest)) + " |")
    return "\n".join(lines)
