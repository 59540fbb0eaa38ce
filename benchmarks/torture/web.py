"""One connection to a server of ours, kept open, for asyncio: fifty cost next to nothing."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any

PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers in lower case, and body of an answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        """The body of an answer that is JSON."""
        found: dict[str, Any] = json.loads(self.body)
        return found


class Web:
    """Asks one thing after the other; connects anew where the server has closed.

    Raises
    ------
    OSError, asyncio.IncompleteReadError
        From every question: the server is gone.
    TimeoutError
        No answer within ``PATIENCE_S``.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def get(self, path: str, **headers: str) -> Answer:
        """Ask for a page."""
        return await self.ask("GET", path, b"", headers)

    async def post(self, path: str, body: object) -> Answer:
        """Send JSON, as a page of the app does."""
        kind = {"content-type": "application/json"}
        return await self.ask("POST", path, json.dumps(body).encode(), kind)

    async def ask(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        """Ask anything."""
        host = f"localhost:{self._port}"
        own = {"host": host, "origin": f"http://{host}", "content-length": str(len(body))}
        lines = [f"{method} {path} HTTP/1.1"]
        told = {**own, **headers}
        if not told["origin"]:
            del told["origin"]
        lines += [f"{name}: {value}" for name, value in told.items()]
        head = "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogatepass")
        async with asyncio.timeout(PATIENCE_S):
            if self._streams is None:
                self._streams = await asyncio.open_connection("127.0.0.1", self._port)
            try:
                return await self._exchange(head + body, with_body=method != "HEAD")
            except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                self.close()
                raise

    def close(self) -> None:
        """Hang up."""
        if self._streams is not None:
            self._streams[1].close()
        self._streams = None

    async def _exchange(self, question: bytes, *, with_body: bool) -> Answer:
        assert self._streams is not None
        reader, writer = self._streams
        writer.write(question)
        await writer.drain()
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        status = int(head[0].split()[1])
        pairs = (line.partition(":") for line in head[1:] if line)
        headers = {name.lower(): value.strip() for name, _, value in pairs}
        body = await _body(reader, headers) if with_body and status != 204 else b""
        if headers.get("connection", "").lower() == "close":
            self.close()
        return Answer(status, headers, body)


async def _body(reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
    if headers.get("transfer-encoding") != "chunked":
        return await reader.readexactly(int(headers.get("content-length", 0)))
    pieces = []
    while size := int(await reader.readuntil(b"\r\n"), 16):
        pieces.append(await reader.readexactly(size))
        await reader.readexactly(2)
    await reader.readexactly(2)
    return b"".join(pieces)
