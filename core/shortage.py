"""Errors that mean the machine lacks something: memory, threads, or a library."""

from __future__ import annotations

import errno
import sys
import threading

from core.errors import CropMapError

_NO_MEMORY = (
    "allocate memory",
    "bad_alloc",
    "bad allocation",
    "failed to allocate",
    "failed to map segment",
    "out of memory",
    "memory exhausted",
    "std::bad_array_new_length",
)
_SMALL_STACK = 256 * 1024
_NO_THREAD = ("can't start new thread", "thread creation failed", "pthread_create")


def shortage_of(error: BaseException) -> CropMapError | None:
    """What the machine lacks, as one sentence and what to do; None for any other error.

    Libraries say so each in their own way, most of them in words alone, or only in the error that
    led to theirs.
    """
    chain = _chain(error)
    if any(_is_of_memory(one) for one in chain):
        return CropMapError(
            "There is not enough memory for this.",
            "Close other programs, or allow more memory (ulimit -v), and run it again: what was "
            "finished is kept.",
        )
    if any(_number(one) == errno.EAGAIN or _says(one, _NO_THREAD) for one in chain):
        return CropMapError(
            "The system allows no further thread or process.",
            "Close other programs, or allow more (ulimit -u; each takes memory, too: ulimit -v), "
            "and run it again: what was finished is kept.",
        )
    if isinstance(error, ImportError) or (isinstance(error, OSError) and ".so" in str(error)):
        return CropMapError(
            f"A library cannot be loaded: {error}.", "Install cropmap and what it needs again."
        )
    return None


def stop_where_little_is_allowed(least_bytes: int) -> None:
    """End the program with a sentence where it may not have so much address space.

    With too little, libraries of linear algebra ask for memory again and again, for ever.

    Raises
    ------
    SystemExit
        With status 1.
    """
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415

    allowed, _ = resource.getrlimit(resource.RLIMIT_AS)
    if allowed != resource.RLIM_INFINITY and allowed < least_bytes:
        sys.stderr.write(
            f"Error: There is not enough memory: {allowed / 1e9:.1f} GB are allowed (ulimit -v), "
            f"and {least_bytes / 1e9:.1f} GB are needed.\nAllow more and start it again.\n"
        )
        sys.exit(1)


def stop_where_threads_are_lacking(count: int) -> None:
    """End the program with a sentence where so many threads cannot be had at once.

    It is found out before libraries are loaded, some of which end the program in their own way, or
    wait for ever for threads that they did not get.

    Raises
    ------
    SystemExit
        With status 1.
    """
    enough = threading.Event()
    started: list[threading.Thread] = []
    # They only wait: with stacks of the usual size they would ask for much memory.
    usual = threading.stack_size(_SMALL_STACK)
    try:
        for _ in range(count):
            thread = threading.Thread(target=enough.wait, daemon=True)
            thread.start()
            started.append(thread)
    except (RuntimeError, MemoryError) as error:
        enough.set()
        stop_where_lacking(error)
        raise
    finally:
        enough.set()
        threading.stack_size(usual)
        for thread in started:
            thread.join()


def stop_where_lacking(error: BaseException) -> None:
    """End the program with a sentence where the machine lacks something; else return.

    Raises
    ------
    SystemExit
        With status 1.
    """
    lacking = shortage_of(error)
    if lacking is not None:
        sys.stderr.write(f"Error: {lacking.message}\n{lacking.hint}\n")
        sys.exit(1)


def _chain(error: BaseException) -> list[BaseException]:
    """An error and those that led to it."""
    found: list[BaseException] = []
    one: BaseException | None = error
    while one is not None and one not in found:
        found.append(one)
        one = one.__cause__ or one.__context__
    return found


def _is_of_memory(error: BaseException) -> bool:
    return (
        isinstance(error, MemoryError) or _number(error) == errno.ENOMEM or _says(error, _NO_MEMORY)
    )


def _number(error: BaseException) -> int | None:
    return error.errno if isinstance(error, OSError) else None


def _says(error: BaseException, phrases: tuple[str, ...]) -> bool:
    text = str(error).lower()
    return any(phrase in text for phrase in phrases)
