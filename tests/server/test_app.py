"""The whole app as a person starts it: pages and routes on one port."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = (tmp_path_factory.mktemp("app") / "log").open("w+")
    server = subprocess.Popen(
        [sys.executable, "-m", "core", "app", f"--port={port}"],
        cwd=ROOT,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        env={**os.environ, "STREAMLIT_SERVER_HEADLESS": "true"},
    )
    url = f"http://localhost:{port}"
    try:
        deadline = time.monotonic() + 90
        while True:
            try:
                httpx.get(f"{url}/_stcore/health", trust_env=False).raise_for_status()
                break
            except httpx.HTTPError:
                log.seek(0)
                assert server.poll() is None, log.read()
                assert time.monotonic() < deadline, log.read()
                time.sleep(0.3)
        yield url
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        try:
            server.wait(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
        log.close()


def ask(url: str, method: str = "GET", **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.request(method, url, headers=named, trust_env=False)


def test_pages_and_routes_share_a_port(address) -> None:
    page = ask(f"{address}/")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    tile = ask(f"{address}/cropmap/wrong/layers/a/imagery/0/0/0.png")
    assert tile.status_code == 403
    assert tile.json()["hint"]
    assert tile.headers["x-content-type-options"] == "nosniff"


def test_strangers_are_refused(address) -> None:
    tile = f"{address}/cropmap/wrong/scene/a"
    rebound = ask(tile, host="evil.example")
    assert rebound.status_code == 403
    assert "address" in rebound.json()["message"]
    posted = ask(f"{address}/cropmap/wrong/tile/a/b/undo", "POST", origin="http://evil.example")
    assert "Another site" in posted.json()["message"]


def test_files_outside_the_bundle_stay_there(address) -> None:
    for path in ("..%2f..%2f..%2fapp.py", "%2e%2e/routes.py", "..;/app.py", "%2fetc%2fpasswd"):
        response = ask(f"{address}/cropmap/static/{path}")
        assert response.status_code in (400, 403, 404)
        assert "import" not in response.text
        assert "root:" not in response.text


def test_the_shell_shows_the_start_page() -> None:
    shell = AppTest.from_file(str(ROOT / "ui" / "shell.py"), default_timeout=60).run()
    assert not shell.exception
