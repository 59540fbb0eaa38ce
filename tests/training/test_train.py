"""Both trainings in miniature: they learn, they stop, and they go on where they were."""

from __future__ import annotations

import csv

import pytest
import torch

import training.checkpoint
import training.train_fields
import training.train_prompts
from core.sam.field_net import FieldNet
from core.sam.small import build_small
from training.checkpoint import learning_rate
from training.export import averaged_model
from training.field_views import Source
from training.frames import encode_frames
from training.imagenet import block_names, load_imagenet
from training.samples import Pyramid
from training.scenes import make_farmland


@pytest.fixture(scope="module")
def sources():
    return [Source(tuple(Pyramid(scene) for scene in make_farmland(2, seed=11)), 1.0)]


def _stop_at(monkeypatch, module, name: str, call: int) -> None:
    real, calls = getattr(module, name), []

    def failing(*arguments: object, **named: object):
        calls.append(1)
        if len(calls) == call:
            raise KeyboardInterrupt
        return real(*arguments, **named)

    monkeypatch.setattr(module, name, failing)


def test_a_stopped_training_ends_where_an_unbroken_one_does(sources, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(training.train_fields, "_SAVE_EVERY", 2)
    monkeypatch.setattr(training.train_fields, "SIDE", 64)
    monkeypatch.setattr(training.train_fields, "VIEWS", 2)
    monkeypatch.setattr(training.checkpoint, "_LOG_EVERY", 2)

    def run(folder: str) -> None:
        torch.manual_seed(1)
        training.train_fields.train(tmp_path / folder, FieldNet(), sources, 5, half=False)

    run("whole")
    with monkeypatch.context() as patch:
        # Stopped after a step that no checkpoint holds.
        _stop_at(patch, training.train_fields, "field_losses", 4)
        with pytest.raises(KeyboardInterrupt):
            run("broken")
    run("broken")
    whole, broken = (averaged_model(tmp_path / n / "checkpoint.pt") for n in ("whole", "broken"))
    for name, tensor in whole.items():
        torch.testing.assert_close(broken[name], tensor, msg=name)
    with (tmp_path / "whole" / "log.csv").open() as handle:
        rows = list(csv.DictReader(handle))
    assert [row["step"] for row in rows] == ["2", "4"]
    assert all(float(row["boundary"]) > 0 for row in rows)


def test_the_decoder_learns_and_the_field_map_stays(sources, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(training.checkpoint, "_LOG_EVERY", 2)
    monkeypatch.setattr(training.train_prompts, "_FIELDS_EACH", 1)
    torch.manual_seed(1)
    model = build_small()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    frames = encode_frames(model.image_encoder.net, sources, 2, seed=3)
    assert frames[0].parcels.shape == (256, 256)
    training.train_prompts.train(tmp_path, model, frames, 2)
    after = averaged_model(tmp_path / "checkpoint.pt")
    assert after.keys() == build_small().state_dict().keys()
    for name, tensor in before.items():
        same = torch.equal(after[name], tensor)
        assert same or not name.startswith("image_encoder.net"), name
    assert not torch.equal(after["decoder.rate.0.weight"], before["decoder.rate.0.weight"])


def test_the_rate_rises_then_falls() -> None:
    rates = [learning_rate(step, 2000, 1e-3) for step in range(2000)]
    assert rates.index(max(rates)) in range(145, 155)
    assert rates[-1] < 0.02 * max(rates)


_NAMES = {
    "conv_dw": "_depthwise_conv",
    "conv_pw": "_expand_conv",
    "conv_pwl": "_project_conv",
    "bn1": "_bn0",
    "bn2": "_bn1",
    "bn3": "_bn2",
}
_FIRST = {"conv_dw": "_depthwise_conv", "conv_pw": "_project_conv", "bn1": "_bn1", "bn2": "_bn2"}


def test_imagenets_names_are_found(tmp_path) -> None:
    """A file with the package's names, made from another network, gives that very encoder."""
    torch.manual_seed(5)
    theirs, ours = FieldNet(), FieldNet()
    blocks, state = block_names(theirs), {}
    for name, tensor in theirs.encoder.state_dict().items():
        parts = name.split(".")
        if parts[0] == "blocks":
            index = blocks.index(".".join(parts[:3]))
            kinds = _FIRST if parts[1] == "0" else _NAMES
            name = ".".join(["_blocks", str(index), kinds[parts[3]], *parts[4:]])  # noqa: PLW2901
        else:
            name = {"conv_stem": "_conv_stem", "bn1": "_bn0"}[parts[0]] + "." + parts[1]  # noqa: PLW2901
        state[name] = tensor
    torch.save({**state, "_fc.weight": torch.zeros(2, 2)}, tmp_path / "lite0.pth")
    load_imagenet(ours, tmp_path / "lite0.pth")
    for name, tensor in theirs.encoder.state_dict().items():
        assert torch.equal(ours.encoder.state_dict()[name], tensor), name
    del state["_bn0.weight"]
    torch.save(state, tmp_path / "short.pth")
    with pytest.raises(SystemExit, match=r"bn1\.weight"):
        load_imagenet(ours, tmp_path / "short.pth")
