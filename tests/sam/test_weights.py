import errno
import hashlib
import http.client
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
    DiskFullError,
    InputError,
    MissingWeightsError,
    NetworkError,
    OutputError,
    Remedy,
    WeightsError,
)
from core.sam import weights
from core.sam.load import load_segmenter
from core.sam.registry import MODELS, get_model
from core.sam.weights import fetch, is_present, load_state, verify, weights_path
from core.settings import get_settings

BODY = bytes(range(256)) * 12_000  # three megabytes


class Server(http.server.ThreadingHTTPServer):
    """Serves BODY, with ranges; breaks off after ``stop_after`` bytes where that is set."""

    stop_after: int | None = None
    body = BODY
    knows_ranges = True
    status: int | None = None
    ranges: list[str | None]


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        asked = self.headers.get("Range")
        self.server.ranges.append(asked)
        if self.server.status:
            self.send_error(self.server.status)
            return
        partly = asked is not None and self.server.knows_ranges
        start = int(asked.removeprefix("bytes=").removesuffix("-")) if partly else 0
        body = self.server.body[start:]
        self.send_response(206 if partly else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: self.server.stop_after])

    def log_message(self, *_: object) -> None:
        """Stay quiet."""


@pytest.fixture
def server():
    server = Server(("127.0.0.1", 0), Handler)
    server.ranges = []
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
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
    path = fetch(spec, lambda _, done, total: seen.append((done, total)))
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
    assert caught.value.remedy is Remedy.FETCH_WEIGHTS
    assert caught.value.facts["model"] == "mobile_sam"


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
        assert model.shipped or model.url.startswith("https://")
        assert len(model.sha256) == 64
        assert model.size_bytes > 10**6
    with pytest.raises(InputError, match="no model 'nope'"):
        get_model("nope")


def test_a_published_model_is_not_loaded_without_its_weights(spec) -> None:
    with pytest.raises(MissingWeightsError):
        load_segmenter("sam_vit_b")
    with pytest.raises(InputError, match="runtime"):
        load_segmenter("sam_vit_b", runtime="abacus")


def part_of(spec) -> Path:
    path = weights_path(spec)
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.with_name(path.name + ".part")


@pytest.mark.parametrize("error", [ConnectionResetError, TimeoutError, http.client.IncompleteRead])
def test_a_connection_that_fails_keeps_what_has_arrived(spec, server, monkeypatch, error) -> None:
    read, left = http.client.HTTPResponse.read, [2]

    def fragile(response, amount=None):
        left[0] -= 1
        if left[0] < 0:
            raise error(b"")
        return read(response, amount)

    with monkeypatch.context() as patch:
        patch.setattr(http.client.HTTPResponse, "read", fragile)
        with pytest.raises(NetworkError, match="broke off"):
            fetch(spec)
    assert part_of(spec).stat().st_size == 2 << 20
    assert fetch(spec).read_bytes() == BODY
    assert server.ranges[1] == f"bytes={2 << 20}-"


def test_a_server_without_ranges_starts_over(spec, server) -> None:
    part_of(spec).write_bytes(BODY[:1000])
    server.knows_ranges = False
    assert fetch(spec).read_bytes() == BODY
    assert server.ranges == ["bytes=1000-"]


def test_a_whole_part_is_not_asked_for_again(spec, server) -> None:
    part_of(spec).write_bytes(BODY)
    assert fetch(spec).read_bytes() == BODY
    assert server.ranges == []
    assert not part_of(spec).exists()


@pytest.mark.parametrize("junk", [b"x" * 1000, b"x" * (len(BODY) + 5)])
def test_a_part_of_something_else_is_found_out(spec, junk) -> None:
    part_of(spec).write_bytes(junk)
    with pytest.raises(ChecksumError):
        fetch(spec)
    assert not weights_path(spec).exists()
    assert fetch(spec).read_bytes() == BODY


def test_a_body_without_end_is_cut_off(spec, server) -> None:
    server.body = BODY + bytes(20 << 20)
    with pytest.raises(ChecksumError):
        fetch(spec)
    assert not list(weights_path(spec).parent.iterdir())


@pytest.mark.parametrize("status", [403, 404, 500])
def test_a_refusal_is_one_sentence(spec, server, status) -> None:
    server.status = status
    with pytest.raises(NetworkError, match=f"out of reach: .* answered with status {status}"):
        fetch(spec)
    assert not weights_path(spec).exists()


def test_a_truncated_file_is_not_present_and_not_verified(spec) -> None:
    path = weights_path(spec)
    path.parent.mkdir()
    path.write_bytes(BODY[:-1])
    assert not is_present(spec)
    with pytest.raises(ChecksumError) as caught:
        verify(spec)
    assert hashlib.sha256(BODY[:-1]).hexdigest()[:12] in caught.value.message
    assert spec.sha256[:12] in caught.value.message
    with pytest.raises(ChecksumError):
        fetch(spec)  # never overwrites what is there
    assert path.stat().st_size == len(BODY) - 1


def test_a_verified_file_is_present(spec) -> None:
    path = weights_path(spec)
    path.parent.mkdir()
    path.write_bytes(BODY)
    assert is_present(spec)
    assert verify(spec) == path
    assert verify(spec, path) == path


def test_a_full_disk_is_one_sentence(spec, monkeypatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(weights, "_download", full)
    with pytest.raises(DiskFullError, match=r"x\.pt"):
        fetch(spec)


def test_a_folder_that_cannot_be_made_is_one_sentence(spec, tmp_path, monkeypatch) -> None:
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("CROPMAP_WEIGHTS_DIR", str(tmp_path / "file" / "weights"))
    get_settings.cache_clear()
    with pytest.raises(OutputError):
        fetch(spec)


def test_a_file_that_cannot_be_read_is_one_sentence(spec, monkeypatch) -> None:
    path = weights_path(spec)
    path.parent.mkdir()
    path.write_bytes(BODY)

    def forbidden(_: Path) -> str:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(weights, "sha256_of", forbidden)
    with pytest.raises(WeightsError, match="permission denied"):
        verify(spec)


def test_the_registry_is_the_published_one() -> None:
    # The six digits in the publisher's file names are the MD5's.  Sizes and SHA-256 are those that
    # several independent users of the files pin (among them micro-sam and a 3D Slicer extension).
    assert {
        key: (model.size_bytes, model.sha256[:8])
        for key, model in MODELS.items()
        if not model.shipped
    } == {
        "mobile_sam": (40_728_226, "6dbb9052"),
        "sam_vit_b": (375_042_383, "ec2df627"),
        "sam_vit_l": (1_249_524_607, "3adcc431"),
        "sam_vit_h": (2_564_550_879, "a7bf3b02"),
    }
