"""How long work tells what it has done, and how it stops: the only definition of each.

A step that takes long gets ``progress`` and ``cancelled``, tells the one and asks the other between
its pieces, and ends with :class:`~core.errors.CancelledError` once the person has had enough.
"""

from __future__ import annotations

from collections.abc import Callable

from core.errors import CancelledError

Progress = Callable[[str, int, int], None]
"""Called with the stage in words, steps done, and steps in all (0: nobody knows)."""

StageProgress = Callable[[str, float], None]
"""Called with what is being done, in words, and its share of the whole, 0 to 1."""

ShareProgress = Callable[[float], None]
"""Called with the share that is done, 0 to 1, by work that has one stage and no steps to count."""

Cancelled = Callable[[], bool]
"""Returns True once the person has cancelled."""


def silent(_stage: str, _done: int, _total: int) -> None:
    """A :data:`Progress` that shows nothing."""


def silent_stage(_stage: str, _share: float) -> None:
    """A :data:`StageProgress` that shows nothing."""


def silent_share(_share: float) -> None:
    """A :data:`ShareProgress` that shows nothing."""


def never() -> bool:
    """A :data:`Cancelled` of work that nobody can cancel."""
    return False


def check(cancelled: Cancelled, message: str, hint: str = "") -> None:
    """Stop here where the person has cancelled.

    Parameters
    ----------
    message, hint : str
        What was stopped and what of it is kept; how to go on.

    Raises
    ------
    CancelledError
        ``cancelled`` said so.
    """
    if cancelled():
        raise CancelledError(message, hint)
