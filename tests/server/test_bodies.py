"""Slow and large bodies, sent through real sockets to a server with few worker threads."""

import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing

import httpx
import pytest
import uvicorn
from anyio.to_thread import current_default_thread_limiter
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route

from ui.server import bodies, tokens
from ui.server.bodies import Body, with_body
from ui.server.errors import ErrorAnswers
from ui.server.json_answer import JsonAnswer
from ui.server.routes import MIDDLEWARE, ROUTES

WORKERS = 3
SLOW = 30


def _count(_request: Request, body: Body) -> Response:
    return JsonAnswer({"members": len(body)})


def _state(_request: Request) -> Response:
    """Needs a worker thread, as the states of tiles do."""
    return PlainTextResponse("here")


@asynccontextmanager
async def _few_threads(_app: Starlette) -> AsyncIterator[None]:
    current_default_thread_limiter().total_tokens = WORKERS
    yield


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    # The app's own routes and middleware, and two routes that need no project.
    routes = [
        Mount(
            "/extra",
            routes=[
                Route("/{token}/count", with_body(_count), methods=["POST"]),
                Route("/state", _state),
            ],
            middleware=[Middleware(ErrorAnswers)],
        ),
        *ROUTES,
    ]
    app = Starlette(routes=routes, middleware=MIDDLEWARE, lifespan=_few_threads)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(128)
        server = uvicorn.Server(uvicorn.Config(app, log_level="error"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            server.should_exit = True
            server.force_exit = True
            thread.join(20)


@pytest.fixture
def token(tmp_path) -> str:
    return tokens.issue(tmp_path / "none.cropmap", "Ana")


def opened(port: int, path: str, length: int, more: str = "") -> socket.socket:
    """A request of which only the head has been sent."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=20)
    connection.sendall(
        f"POST {path} HTTP/1.1\r\nHost: localhost:{port}\r\nOrigin: http://localhost:{port}\r\n"
        f"Content-Length: {length}\r\n{more}\r\n".encode()
    )
    return connection


def answer(connection: socket.socket) -> tuple[int, dict]:
    read = connection.makefile("rb")
    status = int(read.readline().split()[1])
    length = 0
    while (line := read.readline().strip()) != b"":
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    return status, json.loads(read.read(length))


def ask_state(port: int) -> str:
    return httpx.get(f"http://localhost:{port}/extra/state", trust_env=False, timeout=10).text


def test_slow_bodies_keep_nobody_waiting(port, tmp_path) -> None:
    waiting = []
    for number in range(SLOW):
        person = tokens.issue(tmp_path / "none.cropmap", f"P{number}")
        connection = opened(port, f"/cropmap/{person}/tile/a/b/edits", 1000)
        connection.sendall(b"{")
        waiting.append(connection)
    time.sleep(0.5)
    try:
        # With a worker thread for each, three of them stopped every other request.
        assert ask_state(port) == "here"
        another = tokens.issue(tmp_path / "none.cropmap", "Another")
        with closing(opened(port, f"/extra/{another}/count", 8)) as connection:
            connection.sendall(b'{"a": 1}')
            assert answer(connection) == (200, {"members": 1})
    finally:
        for connection in waiting:
            connection.close()


def test_a_session_may_send_only_so_much_at_once(port, token) -> None:
    path = f"/extra/{token}/count"
    waiting = [opened(port, path, 8) for _ in range(bodies.MOST_OF_A_SESSION)]
    time.sleep(0.5)
    with closing(opened(port, path, 8)) as one_more:
        status, body = answer(one_more)
        assert status == 429
        assert "at once" in body["message"]
    for connection in waiting:
        connection.sendall(b'{"a": 1}')
        assert answer(connection)[0] == 200
        connection.close()
    with closing(opened(port, path, 8)) as later:
        later.sendall(b'{"a": 1}')
        assert answer(later)[0] == 200


def test_a_body_that_does_not_come_is_told(port, token, monkeypatch) -> None:
    monkeypatch.setattr(bodies, "WITHIN_SECONDS", 0.3)
    with closing(opened(port, f"/extra/{token}/count", 8)) as connection:
        status, body = answer(connection)
    assert status == 408
    assert "did not arrive" in body["message"]


@pytest.mark.parametrize("size", [bodies.MOST_BYTES + 1, 5 * bodies.MOST_BYTES])
def test_who_sends_too_much_reads_why(port, token, size) -> None:
    url = f"http://localhost:{port}/extra/{token}/count"
    origin = {"Origin": f"http://localhost:{port}"}
    told = httpx.post(url, content=b" " * size, headers=origin, trust_env=False, timeout=20)
    assert told.status_code == 413
    assert told.json() == {"message": "That edit is too large.", "hint": "Draw it in parts."}

    def parts() -> Iterator[bytes]:
        yield from (b" " * 65536 for _ in range(size // 65536 + 1))

    told = httpx.post(url, content=parts(), headers=origin, trust_env=False, timeout=20)
    assert told.status_code == 413


def test_who_asks_before_sending_too_much_is_told_at_once(port, token) -> None:
    large = bodies.MOST_BYTES + 1
    path = f"/extra/{token}/count"
    with closing(opened(port, path, large, "Expect: 100-continue\r\n")) as connection:
        assert answer(connection)[0] == 413


def test_who_may_not_ask_sends_nothing(port) -> None:
    with closing(opened(port, "/extra/guessed/count", 1000)) as connection:
        assert answer(connection)[0] == 403
