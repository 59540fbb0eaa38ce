import asyncio
import socket
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import pytest

from ui.server.nodelay import answering_at_once, stopping

T = TypeVar("T")


class Accepted(asyncio.Protocol):
    """Whether the connections wait for acknowledgements."""

    def __init__(self, seen: list[bool]) -> None:
        self.seen = seen

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        accepted = transport.get_extra_info("socket")
        self.seen.append(not accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        transport.close()


async def waiting_of_a_connection(listening: socket.socket) -> bool:
    seen: list[bool] = []
    loop = asyncio.get_running_loop()
    async with await loop.create_server(lambda: Accepted(seen), sock=listening):
        reader, writer = await asyncio.open_connection(*listening.getsockname())
        await reader.read()
        writer.close()
    return seen[0]


def run(served: Coroutine[Any, Any, T]) -> T:
    """In a thread of its own: the browser of other tests has a loop in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, served).result()


def streamlits_socket() -> socket.socket:
    """As Streamlit makes it: without a protocol number."""
    listening = socket.socket(socket.AF_INET)
    listening.bind(("127.0.0.1", 0))
    return listening


def test_connections_do_not_wait_for_acknowledgements() -> None:
    async def served() -> bool:
        async with answering_at_once(None):
            return await waiting_of_a_connection(streamlits_socket())

    assert not run(served())


def test_it_is_known_that_the_server_stops() -> None:
    async def served() -> tuple[bool, bool]:
        async with answering_at_once(None):
            loop = asyncio.get_running_loop()
            server = await loop.create_server(asyncio.Protocol, sock=streamlits_socket())
            before = stopping()
            server.close()
            return before, stopping()

    assert run(served()) == (False, True)


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="this system has no such sockets")
def test_a_path_of_the_file_system_is_listened_on_as_it_is(tmp_path) -> None:
    async def served() -> None:
        async with answering_at_once(None):
            loop = asyncio.get_running_loop()
            listening = socket.socket(socket.AF_UNIX)
            listening.bind(str(tmp_path / "s"))
            async with await loop.create_server(asyncio.Protocol, sock=listening):
                pass

    run(served())
