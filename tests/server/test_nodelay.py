import socket

import pytest
from streamlit.web.server.starlette import starlette_server

from ui.server.nodelay import answer_at_once


def test_connections_to_the_app_do_not_wait_for_acknowledgements(monkeypatch) -> None:
    # Restored afterwards: other tests of this process start servers of their own.
    monkeypatch.setattr(starlette_server, "_bind_socket", starlette_server._bind_socket)
    answer_at_once()
    with starlette_server._bind_socket("127.0.0.1", 0, 5) as listening:
        listening.setblocking(True)
        with socket.create_connection(listening.getsockname()) as _browser:
            connection, _ = listening.accept()
            with connection:
                assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_another_streamlit_is_told_of_and_still_starts(monkeypatch, caplog) -> None:
    monkeypatch.delattr(starlette_server, "_bind_socket")
    answer_at_once()
    assert "Streamlit" in caplog.text
    with pytest.raises(AttributeError):
        _ = starlette_server._bind_socket
