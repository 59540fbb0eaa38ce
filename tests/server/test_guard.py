import pytest
import streamlit as st
from starlette.datastructures import Headers

from ui.server.errors import ForbiddenError
from ui.server.guard import refuse_strangers


def check(method: str = "GET", **headers: str) -> None:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    refuse_strangers(method, Headers({"host": "localhost:8501", **named}))


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8501", "127.0.0.1:8501", "[::1]:8501", "LOCALHOST:1"]
)
def test_the_app_answers_under_its_own_names(host) -> None:
    check(host=host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "evil.example:8501",
        "localhost.evil.example",
        "127.0.0.1.nip.io:8501",
        "localhost@evil.example",
        "evil.example@localhost",
        "localhost:8501/path",
        "localhost:port",
        "[::1",
        "192.168.1.7:8501",
        "0.0.0.0:8501",
    ],
)
def test_and_under_no_other(host) -> None:
    with pytest.raises(ForbiddenError, match="under this address"):
        check(host=host)


@pytest.mark.parametrize(
    ("address", "host", "allowed"),
    [
        ("maps.example", "maps.example:8501", True),
        ("maps.example", "192.168.1.7:8501", False),
        ("192.168.1.7", "192.168.1.7:8501", True),
        ("0.0.0.0", "192.168.1.7:8501", True),
        ("0.0.0.0", "evil.example:8501", False),
        ("::", "[fe80::1]:8501", True),
        ("", "10.0.0.1:8501", True),
        ("", "evil.example", False),
    ],
)
def test_the_configured_address_counts(monkeypatch, address, host, allowed) -> None:
    options = {"server.address": address, "browser.serverAddress": "localhost"}
    monkeypatch.setattr(st, "get_option", options.get)
    if allowed:
        check(host=host)
    else:
        with pytest.raises(ForbiddenError):
            check(host=host)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "headers",
    [
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"origin": "https://evil.example"},
        {"origin": "http://localhost:9999"},
        {"origin": "null"},
        {"origin": "http://[", "sec_fetch_site": "same-origin"},
    ],
)
def test_other_sites_are_refused(method, headers) -> None:
    with pytest.raises(ForbiddenError, match="Another site"):
        check(method, **headers)


def test_a_change_must_say_where_it_comes_from() -> None:
    with pytest.raises(ForbiddenError):
        check("POST")
    check("POST", origin="http://localhost:8501")
    check("POST", origin="https://localhost:8501")
    check("POST", sec_fetch_site="same-origin")
    check("GET")
    check("GET", sec_fetch_site="none")
