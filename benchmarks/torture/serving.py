"""The app itself, all pages and routes, in a forked process."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from pathlib import Path

from benchmarks.torture.forked import PIPE, Forked

_ROOT = Path(__file__).resolve().parents[2]
_STARTS_WITHIN_S = 30.0


class Server:
    """A running app.

    Parameters
    ----------
    project : Path
        That its people work on.
    people : int
        How many may ask; each has a token.
    work : callable, optional
        Something that calls :func:`serve`.
    """

    def __init__(
        self,
        project: Path,
        people: int,
        log: Path,
        environment: Mapping[str, str],
        work: Callable[..., None] | None = None,
    ) -> None:
        here, there = PIPE()
        self.process = Forked(work or serve, log, environment, str(project), people, there)
        there.close()
        if not here.poll(_STARTS_WITHIN_S):
            raise RuntimeError(f"the app did not start: {self.process.said()}")
        self.port, self.tokens = here.recv()
        here.close()


def serve(project: str, people: int, told: Connection) -> None:
    """Serve until a signal comes; tells the port and a token for each person."""
    import uvicorn

    import app
    from ui.server import tokens

    os.chdir(_ROOT)
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen(256)
    issued = [tokens.issue(Path(project), f"P{number}") for number in range(people)]
    told.send((listening.getsockname()[1], issued))
    told.close()
    # Long enough that nobody's connection is closed under a question that is just being asked.
    config = uvicorn.Config(
        app.app, access_log=False, log_level="warning", lifespan="on", timeout_keep_alive=3600
    )
    uvicorn.Server(config).run(sockets=[listening])
