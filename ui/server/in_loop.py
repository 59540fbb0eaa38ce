"""Waiting in the event loop for what other threads do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

import anyio


def waker(event: asyncio.Event) -> Callable[[], None]:
    """A function that sets an event of the running loop, from any thread."""
    loop = asyncio.get_running_loop()

    def wake() -> None:
        # The loop may have ended with the server: nobody waits any more.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(event.set)

    return wake


async def done_within(work: Future[Any], seconds: float) -> None:
    """Return once something is done or has failed, or after some seconds."""
    event = asyncio.Event()
    wake = waker(event)
    work.add_done_callback(lambda _: wake())
    with anyio.move_on_after(seconds):
        await event.wait()
