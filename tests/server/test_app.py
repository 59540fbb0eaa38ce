"""The whole app as a person starts it: pages and routes on one port."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from streamlit.testing.v1 import AppTest

from core.jobs.job_store import JobStore
from core.settings import get_settings

ROOT = Path(__file__).resolve().parents[2]


OWN_ADDRESS, ALLOWED = "localhost", "maps.example"


@pytest.fixture(scope="module")
def outside() -> Iterator[list[str]]:
    """What the app asked of servers outside, by way of a proxy that only listens."""
    asked: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def take() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listening.accept()
                    with connection:
                        asked.append(connection.recv(200).decode(errors="replace"))

        threading.Thread(target=take, daemon=True).start()
        asked_at = f"http://127.0.0.1:{listening.getsockname()[1]}"
        with pytest.MonkeyPatch.context() as patch:
            for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
                patch.setenv(name, asked_at)
            yield asked


@pytest.fixture(scope="module")
def left(outside) -> tuple[JobStore, str]:
    """A job that an earlier app left undone; no kind of work that this one knows."""
    store = JobStore(get_settings().jobs_folder)
    return store, store.ask(("of old",), {}, title="Old work").id


@pytest.fixture(scope="module")
def address(tmp_path_factory, outside, left) -> Iterator[str]:
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
        env={
            **os.environ,
            "STREAMLIT_SERVER_HEADLESS": "true",
            "CROPMAP_ALLOWED_HOSTS": f"{ALLOWED}, other.example:8443",
        },
    )
    url = f"http://{OWN_ADDRESS}:{port}"
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


def test_what_an_earlier_app_left_is_gone_on_with_before_anybody_asks(address, left) -> None:
    store, job_id = left
    deadline = time.monotonic() + 60
    while store.find(job_id).unfinished:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert store.find(job_id).attempts == 1
    assert "Another version of CropMap" in store.find(job_id).error.message


def test_strangers_are_refused(address) -> None:
    tile = f"{address}/cropmap/wrong/scene/a"
    rebound = ask(tile, host="evil.example")
    assert rebound.status_code == 403
    assert "address" in rebound.json()["message"]
    posted = ask(f"{address}/cropmap/wrong/tile/a/b/undo", "POST", origin="http://evil.example")
    assert "Another site" in posted.json()["message"]


EVERYTHING = [
    "/",
    "/_stcore/health",
    "/_stcore/host-config",
    "/_stcore/upload_file/a/b",
    "/app/static/leaflet/leaflet.js",
    "/media/x.png",
    "/annotate?project=a",
    "/cropmap/static/map.js",
]


@pytest.mark.parametrize("path", EVERYTHING)
def test_nothing_is_answered_under_a_name_that_was_turned_here(address, path) -> None:
    port = address.rpartition(":")[2]
    for host in (f"evil.example:{port}", "evil.example", f"localhost.evil.example:{port}"):
        refused = ask(f"{address}{path}", host=host)
        assert refused.status_code == 403
        assert "CROPMAP_ALLOWED_HOSTS" in refused.json()["hint"]
    read = ask(f"{address}{path}", host="evil.example", accept="text/html,*/*")
    assert read.headers["content-type"].startswith("text/plain")
    assert "does not answer under this address (evil.example)" in read.text


@pytest.mark.parametrize("path", EVERYTHING)
def test_nothing_is_answered_to_another_site_or_port(address, path) -> None:
    for origin in ("http://evil.example", "http://localhost:9", "null"):
        assert ask(f"{address}{path}", origin=origin).status_code == 403
        assert ask(f"{address}{path}", "OPTIONS", origin=origin).status_code == 403
        assert ask(f"{address}{path}", "PUT", origin=origin).status_code == 403
    assert ask(f"{address}{path}", sec_fetch_site="same-site").status_code == 403
    assert ask(f"{address}{path}", "POST").status_code == 403


@pytest.mark.parametrize("path", EVERYTHING)
def test_nobody_frames_it_or_shows_pictures_of_others_in_it(address, path) -> None:
    answer = ask(f"{address}{path}")
    assert answer.headers["x-frame-options"] == "SAMEORIGIN"
    assert "frame-ancestors 'self'" in answer.headers["content-security-policy"]
    assert "img-src 'self' data: blob:" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_link_leads_here_and_a_frame_does_not(address) -> None:
    visit = {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate"}
    assert ask(f"{address}/", sec_fetch_dest="document", **visit).status_code == 200
    assert ask(f"{address}/", sec_fetch_dest="iframe", **visit).status_code == 403
    assert ask(f"{address}/", "POST", sec_fetch_dest="document", **visit).status_code == 403


def shake_hands(address: str, **headers: str) -> int:
    """The status of the answer to a websocket's first request; 101 where it was opened."""
    port = int(address.rpartition(":")[2])
    fields = {
        "Host": f"localhost:{port}",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version": "13",
        **headers,
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    with socket.create_connection(("localhost", port), timeout=20) as connection:
        connection.sendall(f"GET /_stcore/stream HTTP/1.1\r\n{head}\r\n".encode())
        with connection.makefile("rb") as answer:
            return int(answer.readline().split()[1])


def test_only_the_apps_own_pages_open_its_websocket(address, outside) -> None:
    port = address.rpartition(":")[2]
    evil = f"evil.example:{port}"
    assert shake_hands(address, Host=evil, Origin=f"http://{evil}") == 403
    assert shake_hands(address, Origin="http://evil.example") == 403
    assert shake_hands(address, Origin="http://localhost:9") == 403
    assert shake_hands(address, Origin=f"http://127.0.0.1:{port}") == 403
    assert shake_hands(address, Origin="null") == 403
    assert shake_hands(address, Origin=f"http://localhost:{port}") == 101
    # Written otherwise by a browser or a proxy, or asked for by a proxy under another name.
    loud = f"LOCALHOST:{port}"
    assert shake_hands(address, Host=loud, Origin=f"http://localhost:{port}") == 101
    assert shake_hands(address, Origin=f"https://{ALLOWED}") == 101
    assert shake_hands(address, Host=ALLOWED, Origin=f"https://{ALLOWED}") == 101
    assert shake_hands(address, Origin=f"https://{ALLOWED}:9") == 403
    assert not outside


def test_an_operator_allows_names(address) -> None:
    assert ask(f"{address}/", host=ALLOWED).status_code == 200
    assert ask(f"{address}/", host=f"{ALLOWED}:8080").status_code == 200
    assert ask(f"{address}/", host="other.example:8443").status_code == 200
    assert ask(f"{address}/", host="other.example").status_code == 403
    assert ask(f"{address}/", host=f"a.{ALLOWED}").status_code == 403


def test_it_listens_for_this_machine_alone(address) -> None:
    # All of 127.x.x.x is this machine: what listens for everybody answers there as well.
    if sys.platform != "linux":
        pytest.skip("only Linux gives a machine all these addresses")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", int(address.rpartition(":")[2])), timeout=10)


def test_files_outside_the_bundle_stay_there(address) -> None:
    for path in ("..%2f..%2f..%2fapp.py", "%2e%2e/routes.py", "..;/app.py", "%2fetc%2fpasswd"):
        response = ask(f"{address}/cropmap/static/{path}")
        assert response.status_code in (400, 403, 404)
        assert "import" not in response.text
        assert "root:" not in response.text


def test_the_shell_shows_the_start_page() -> None:
    shell = AppTest.from_file(str(ROOT / "ui" / "shell.py"), default_timeout=60).run()
    assert not shell.exception
