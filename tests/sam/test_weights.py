import hashlib
import http.server
import threading
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from core.errors import (
    CancelledError,
    ChecksumError,
    InputError,
    MissingWeightsError,
    NetworkError,
    WeightsError,
)
from core.sam.load import load_segmenter
from core.sam.registry import MODELS, get_model
from core.sam.weights import fetch, load_state, verify, weights_path
from core.settings import get_settings

BODY = bytes(range(256)) * 12_000  # three megabytes


class Server(http.server.ThreadingHTTPServer):
    """Serves BODY, with ranges; breaks off after ``stop_after`` bytes where that is set."""

    stop_after: int | None = None
    body = BODY
    ranges: list[str | None]


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        asked = self.headers.get("Range")
        self.server.ranges.append(asked)
        start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked else 0
        body = self.server.body[start:]
        self.send_response(206 if asked else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: self.server.stop_after])

    def log_message(self, *_: object) -> None:
        """Stay quiet."""


@pytest.fixture
def server():
    server = Server(("127.0.0.1", 0), Handler)
    server.ranges = []
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def spec(server, tmp_path, monkeypatch):
    monkeypatch.setenv("CROPMAP_WEIGHTS_DIR", str(tmp_path / "weights"))
    get_settings.cache_clear()
    yield replace(
        MODELS["mobile_sam"],
        url=f"http://127.0.0.1:{server.server_port}/x",
        file_name="x.pt",
        size_bytes=len(BODY),
        sha256=hashlib.sha256(BODY).hexdigest(),
    )
    get_settings.cache_clear()


def test_fetch_reports_progress_and_verifies(spec) -> None:
    seen: list[tuple[int, int]] = []
    path = fetch(spec, lambda done, total: seen.append((done, total)))
    assert path.read_bytes() == BODY
    assert seen[-1] == (len(BODY), len(BODY))
    assert len(seen) > 1
    assert fetch(spec) == path


def test_a_download_that_broke_off_goes_on(spec, server) -> None:
    server.stop_after = 1_500_000
    with pytest.raises(NetworkError, match=r"broke off|out of reach"):
        fetch(spec)
    assert not weights_path(spec).exists()
    server.stop_after = None
    assert fetch(spec).read_bytes() == BODY
    assert server.ranges[0] is None
    assert server.ranges[1] is not None


def test_cancelling_keeps_what_has_arrived(spec, server) -> None:
    with pytest.raises(CancelledError):
        fetch(spec, cancelled=lambda: True)
    assert fetch(spec).read_bytes() == BODY
    assert server.ranges[1] == "bytes=1048576-"


def test_another_file_is_refused_and_removed(spec, server) -> None:
    server.body = BODY[:-1] + b"x"
    with pytest.raises(ChecksumError, match="not the published file"):
        fetch(spec)
    assert not list(weights_path(spec).parent.iterdir())


def test_a_wrong_file_of_the_persons_stays_where_it_is(spec) -> None:
    path = weights_path(spec)
    path.parent.mkdir()
    path.write_bytes(b"mine")
    with pytest.raises(ChecksumError, match=r"x\.pt"):
        verify(spec)
    assert path.read_bytes() == b"mine"


def test_missing_weights_name_the_command(spec) -> None:
    with pytest.raises(MissingWeightsError) as caught:
        verify(spec)
    assert "cropmap weights fetch mobile_sam" in caught.value.hint


def test_out_of_reach_says_where_to_put_the_file(spec, server) -> None:
    gone = replace(spec, url="http://127.0.0.1:1/x")
    with pytest.raises(NetworkError) as caught:
        fetch(gone)
    assert str(weights_path(spec)) in caught.value.hint


def test_offline_does_not_ask(spec, server, monkeypatch) -> None:
    monkeypatch.setenv("CROPMAP_OFFLINE", "1")
    get_settings.cache_clear()
    with pytest.raises(NetworkError):
        fetch(spec)
    assert server.ranges == []


def test_tensors_are_loaded_and_nothing_else(tmp_path: Path) -> None:
    tensors = {"a": torch.arange(3.0)}
    torch.save(tensors, tmp_path / "good.pth")
    save_file(tensors, tmp_path / "good.safetensors")
    for name in ("good.pth", "good.safetensors"):
        assert torch.equal(load_state(tmp_path / name)["a"], tensors["a"])

    class Evil:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "was_run",))

    torch.save({"a": Evil()}, tmp_path / "evil.pth")
    (tmp_path / "text.pth").write_text("hello")
    (tmp_path / "text.safetensors").write_text("hello")
    torch.save([1, 2], tmp_path / "list.pth")
    for name in ("evil.pth", "text.pth", "text.safetensors", "list.pth"):
        with pytest.raises(WeightsError, match=name.split(".", maxsplit=1)[0]):
            load_state(tmp_path / name)
    assert not (tmp_path / "was_run").exists()


def test_the_registry_names_every_fact() -> None:
    for key, model in MODELS.items():
        assert key == model.key
        assert model.url.startswith("https://")
        assert len(model.sha256) == 64
        assert model.size_bytes > 10**7
    with pytest.raises(InputError, match="no model 'nope'"):
        get_model("nope")


def test_a_published_model_is_not_loaded_without_its_weights(spec) -> None:
    with pytest.raises(MissingWeightsError):
        load_segmenter("sam_vit_b")
    with pytest.raises(InputError, match="runtime"):
        load_segmenter("sam_vit_b", runtime="abacus")
