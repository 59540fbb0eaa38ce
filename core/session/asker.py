"""Whoever waits for answers of the model, and until when."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

PATIENCE_S = 2.5
"""How long answers of the model are waited for while somebody waits for the app."""

_PATIENCE_BEHIND_S = 600.0
"""The same, for work behind what is shown."""


def _soon() -> float:
    return time.monotonic() + PATIENCE_S


@dataclass(frozen=True, slots=True)
class Asker:
    """Somebody who waits; one for each request, however many questions it takes to answer it.

    Parameters
    ----------
    name : str
        The person: people take turns.
    until : float
        The moment, on the monotonic clock, at which nothing is waited for any longer.
    """

    name: str = ""
    until: float = field(default_factory=_soon)

    @classmethod
    def behind(cls, name: str = "") -> Asker:
        """One whose work goes on behind what is shown, and who waits for very long."""
        return cls(name, time.monotonic() + _PATIENCE_BEHIND_S)

    @property
    def seconds_left(self) -> float:
        """How long it still waits."""
        return max(0.0, self.until - time.monotonic())
