import errno
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from core.errors import DiskFullError, OutputError
from core.sam import onnx_export
from core.sam.onnx_export import export_model
from core.sam.onnx_runtime import OnnxSegmenter


def exports(monkeypatch) -> list[str]:
    """Names of the folders that are exported from here on."""
    made: list[str] = []
    real = torch.onnx.export

    def counted(module, example, path, **options):
        assert not torch.is_grad_enabled()  # else every activation is kept
        made.append(Path(path).parent.name)
        return real(module, example, path, **options)

    monkeypatch.setattr(torch.onnx, "export", counted)
    return made


def test_graphs_are_made_once(toy, tmp_path, monkeypatch) -> None:
    made = exports(monkeypatch)
    files = export_model(toy.model, tmp_path / "graphs")
    assert made == ["encoder", "decoder"]
    assert all(file.is_file() for file in files)
    assert export_model(toy.model, tmp_path / "graphs") == files
    assert len(made) == 2
    assert sorted(p.name for p in (tmp_path / "graphs").iterdir()) == ["decoder", "encoder"]


@pytest.mark.parametrize("damage", ["cut", "empty", "text", "gone"])
def test_damaged_graphs_are_made_again(toy, toy_graphs, tmp_path, damage, monkeypatch) -> None:
    graphs = tmp_path / "graphs"
    shutil.copytree(toy_graphs, graphs)
    made = exports(monkeypatch)
    decoder = export_model(toy.model, graphs)[1]
    assert not made
    body = decoder.read_bytes()
    if damage == "gone":
        decoder.unlink()
    else:
        decoder.write_bytes({"cut": body[: len(body) // 2], "empty": b"", "text": b"?"}[damage])
    segmenter = OnnxSegmenter(toy, graphs, threads=1)
    assert "decoder" in made
    rgb = np.zeros((16, 16, 3), dtype=np.uint8)
    assert segmenter.embed(rgb).features.shape == (1, 32, 64, 64)


def test_a_graph_with_flipped_bits_or_of_another_place_is_made_again(
    toy, toy_graphs, tmp_path, monkeypatch
) -> None:
    graphs = tmp_path / "graphs"
    shutil.copytree(toy_graphs, graphs)
    decoder = graphs / "decoder" / "graph.onnx"
    body = bytearray(decoder.read_bytes())
    for place in range(len(body) // 2, len(body) // 2 + 40):
        body[place] ^= 1
    decoder.write_bytes(body)
    made = exports(monkeypatch)
    export_model(toy.model, graphs)
    assert made == ["decoder"]
    (graphs / "encoder").rename(graphs / "first")
    (graphs / "decoder").rename(graphs / "encoder")
    (graphs / "first").rename(graphs / "decoder")
    export_model(toy.model, graphs)
    assert made == ["decoder", "encoder", "decoder"]


def test_files_beside_a_large_graph_stay_with_it(toy, tmp_path, monkeypatch) -> None:
    # Beyond 2 GB (ViT-H) the exporter puts tensors into files beside the graph.
    def export(_module, _example, path, **_options) -> None:
        Path(path).write_bytes(b"graph")
        Path(path).with_name("onnx__MatMul_1").write_bytes(b"tensor")

    monkeypatch.setattr(torch.onnx, "export", export)
    for file in export_model(toy.model, tmp_path):
        assert file.with_name("onnx__MatMul_1").read_bytes() == b"tensor"


def test_a_failed_export_leaves_nothing(toy, tmp_path, monkeypatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DiskFullError):
        export_model(toy.model, tmp_path / "graphs")
    assert not list((tmp_path / "graphs").iterdir())


def test_a_folder_that_cannot_be_made_is_one_sentence(toy, tmp_path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError):
        export_model(toy.model, tmp_path / "file" / "graphs")


def test_another_process_may_be_first(toy, tmp_path, monkeypatch) -> None:
    real = onnx_export.put_in_place

    def slow(new: Path, home: Path) -> None:
        home.mkdir()
        (home / "graph.onnx").write_bytes(b"first")
        real(new, home)

    monkeypatch.setattr(onnx_export, "put_in_place", slow)
    encoder, decoder = export_model(toy.model, tmp_path)
    assert encoder.read_bytes() == decoder.read_bytes() == b"first"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["decoder", "encoder"]


def test_graphs_of_older_code_go(toy, tmp_path) -> None:
    older, others = tmp_path / "weights-1", tmp_path / "another-1"
    for folder in (older, others):
        folder.mkdir()
    folder = onnx_export.graphs_folder(tmp_path, "weights")
    export_model(toy.model, folder)
    assert {path.name for path in tmp_path.iterdir()} == {"another-1", folder.name}
