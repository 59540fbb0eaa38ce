"""Answers leave at once.

Streamlit listens on a socket of its own making, for which asyncio does not switch Nagle's algorithm
off (it asks for the protocol number, and that socket has none).  Head and body of an answer are two
writes, so the body waited for the browser's delayed acknowledgement of the head: 40 ms for each
picture and each click, 200 ms on Windows.
"""

from __future__ import annotations

import logging
import socket
from functools import wraps
from typing import Any

from streamlit.web.server.starlette import starlette_server

_BIND = "_bind_socket"

_log = logging.getLogger(__name__)


def answer_at_once() -> None:
    """Let the sockets on which Streamlit will listen hand TCP_NODELAY to their connections."""
    bind = getattr(starlette_server, _BIND, None)
    if bind is None:
        _log.warning("This version of Streamlit listens in another way: answers may be slower.")
        return

    @wraps(bind)
    def without_delay(*arguments: Any) -> socket.socket:
        listening: socket.socket = bind(*arguments)
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listening

    setattr(starlette_server, _BIND, without_delay)
