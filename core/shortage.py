"""Errors that mean the machine lacks something: memory, threads, or a library."""

from __future__ import annotations

import errno

from core.errors import CropMapError

_NO_MEMORY = (
    "allocate memory",
    "bad_alloc",
    "bad allocation",
    "failed to allocate",
    "failed to map segment",
    "out of memory",
    "memory exhausted",
)
_NO_THREAD = ("can't start new thread", "thread creation failed", "pthread_create")


def shortage_of(error: BaseException) -> CropMapError | None:
    """What the machine lacks, as one sentence and what to do; None for any other error.

    Libraries say so each in their own way, most of them in words alone.
    """
    text = str(error).lower()
    number = error.errno if isinstance(error, OSError) else None
    if isinstance(error, MemoryError) or number == errno.ENOMEM or _says(text, _NO_MEMORY):
        return CropMapError(
            "There is not enough memory for this.",
            "Close other programs, or allow more memory (ulimit -v), and run it again: what was "
            "finished is kept.",
        )
    if number == errno.EAGAIN or _says(text, _NO_THREAD):
        return CropMapError(
            "The system allows no further thread or process.",
            "Close other programs, or allow more (ulimit -u), and run it again: what was finished "
            "is kept.",
        )
    if isinstance(error, ImportError) or (isinstance(error, OSError) and ".so" in text):
        return CropMapError(
            f"A library cannot be loaded: {error}.", "Install cropmap and what it needs again."
        )
    return None


def _says(text: str, phrases: tuple[str, ...]) -> bool:
    return any(phrase in text for phrase in phrases)
