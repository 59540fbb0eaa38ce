"""Checkpoints of one's own: what is taken, what is refused, and what is kept of them."""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import warnings
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from core.errors import CancelledError, CropMapError, InputError, MissingWeightsError, WeightsError
from core.sam import architectures
from core.sam.add import add_weights
from core.sam.added import name_from, own_folder
from core.sam.architectures import build, load_weights
from core.sam.registry import MODELS, get_model, known_models, model_of_weights
from core.sam.weights import fetch, is_present, load_state, verify, weights_path
from core.settings import get_settings
from tests.sam import authors
from tests.sam.own_models import narrow

Tensors = dict[str, torch.Tensor]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch) -> Iterator[Path]:
    """The folder of the weights, a test's own; ViT-B is a narrow one."""
    monkeypatch.setenv("CROPMAP_WEIGHTS_DIR", str(tmp_path / "weights"))
    get_settings.cache_clear()
    monkeypatch.setattr(architectures, "sam_model_registry", {"vit_b": narrow, "vit_l": narrow})
    yield tmp_path / "weights"
    get_settings.cache_clear()


@pytest.fixture(scope="module")
def state() -> Tensors:
    """A whole model's tensors."""
    return dict(authors.narrow_vit().state_dict())


def saved(tmp_path: Path, held: Any, name: str = "mine.pth") -> Path:
    torch.save(held, tmp_path / name)
    return tmp_path / name


class Schedule:
    """Something of a training program's own, which no other program knows."""

    def __init__(self) -> None:
        self.steps = [1, 2, 3]


def beside(state: Tensors) -> dict[str, Any]:
    """What training programs keep beside a model."""
    return {
        "model": state,
        "optimizer": {"state": {0: {"step": torch.tensor(3.0)}}, "param_groups": [{"lr": 1e-4}]},
        "args": argparse.Namespace(lr=1e-4, out=Path("runs/1")),
        "best": np.float64(0.81),
        "schedule": Schedule(),
        "epoch": 12,
    }


WRAPPED = {
    "a plain state dict": (lambda s: s, "", ""),
    "under 'model'": (lambda s: {"model": s}, "model", ""),
    "under 'state_dict'": (lambda s: {"state_dict": s, "epoch": 3}, "state_dict", ""),
    "a training checkpoint": (beside, "model", ""),
    "of parallel training": (lambda s: {f"module.{k}": v for k, v in s.items()}, "", "module."),
    "in a wrapper of one's own": (
        lambda s: {"model_state": {f"module.sam.{k}": v for k, v in s.items()}},
        "model_state",
        "module.sam.",
    ),
    "of Lightning, with its loss": (
        lambda s: {
            "state_dict": OrderedDict(
                **{f"model.{k}": v for k, v in s.items()}, **{"loss.weight": torch.ones(2)}
            ),
            "pytorch-lightning_version": "2.4.0",
        },
        "state_dict",
        "model.",
    ),
    "compiled": (lambda s: {f"_orig_mod.{k}": v for k, v in s.items()}, "", "_orig_mod."),
    "two deep": (lambda s: {"checkpoint": 1, "model": {"state_dict": s}}, "model/state_dict", ""),
    "numbers beside the tensors": (lambda s: {**s, "epoch": 3}, "", ""),
    "with the colours' mean": (
        lambda s: {**s, "pixel_mean": torch.tensor([123.675, 116.28, 103.53]).view(3, 1, 1)},
        "",
        "",
    ),
}


@pytest.mark.parametrize("form", WRAPPED)
def test_every_form_gives_the_same_model(state, tmp_path, form: str) -> None:
    wrap, within, prefix = WRAPPED[form]
    path = saved(tmp_path, wrap(state))
    added = add_weights(path, "vit_b")
    assert added.spec.key == "mine"
    assert any(f"'{within}'" in note for note in added.notes) == bool(within)
    assert any(f"'{prefix}'" in note for note in added.notes) == bool(prefix)
    model = build("vit_b")
    load_weights(model, load_state(verify(added.spec)), "vit_b")
    assert all(torch.equal(value, state[name]) for name, value in model.state_dict().items())


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float64])
def test_other_precisions_are_computed_with_in_single(state, tmp_path, kind) -> None:
    added = add_weights(saved(tmp_path, {k: v.to(kind) for k, v in state.items()}), "vit_b")
    assert str(kind).removeprefix("torch.") in added.notes[0]
    model = build("vit_b")
    load_weights(model, load_state(weights_path(added.spec)), "vit_b")
    for name, value in model.state_dict().items():
        assert value.dtype == torch.float32
        assert torch.equal(value, state[name].to(kind).float())


def test_safetensors_and_old_torch_files_are_read_whatever_their_ending(state, tmp_path) -> None:
    save_file(state, tmp_path / "one.bin")
    save_file({k: v.half() for k, v in state.items()}, tmp_path / "two.safetensors")
    old = {"model": state, "old": 1}
    torch.save(old, tmp_path / "three.pt", _use_new_zipfile_serialization=False)
    for name in ("one.bin", "two.safetensors", "three.pt"):
        spec = add_weights(tmp_path / name, "vit_b").spec
        assert weights_path(spec).name == name
        assert load_state(weights_path(spec)).keys() == state.keys()


def test_the_file_is_kept_byte_for_byte_and_its_hash_recorded(state, tmp_path, folder) -> None:
    path = saved(tmp_path, state, "Fields 2026 (best).pth")
    seen: list[tuple[int, int]] = []
    spec = add_weights(
        path, "vit_b", progress=lambda _, done, total: seen.append((done, total))
    ).spec
    assert spec.key == "Fields_2026_best"
    assert spec.own
    assert not spec.shipped
    assert spec.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert weights_path(spec) == folder / "own" / "Fields_2026_best.pth"
    assert weights_path(spec).read_bytes() == path.read_bytes()
    assert (path.stat().st_size, path.stat().st_size) in seen
    path.unlink()
    assert is_present(spec)
    assert verify(spec) == fetch(spec) == weights_path(spec)
    assert get_model(spec.key) == known_models()[spec.key] == spec
    record = json.loads((folder / "own" / "Fields_2026_best.json").read_text())
    assert record["sha256"] == spec.sha256
    assert record["source_name"] == path.name
    assert sorted(p.name for p in own_folder().iterdir()) == [
        "Fields_2026_best.json",
        "Fields_2026_best.pth",
    ]


def test_nothing_in_a_file_is_run(state, tmp_path) -> None:
    class Evil:
        def __reduce__(self) -> Any:
            return Path.touch, (tmp_path / "was_run",)

    class Worse:
        def __reduce__(self) -> Any:
            return shutil.rmtree, (str(tmp_path / "weights"),)

    class System:
        def __reduce__(self) -> Any:
            import os

            return os.system, (f"touch {tmp_path / 'was_run'}",)

    held = {"model": {**state, "x.weight": torch.ones(1)}, "args": Worse()}
    with pytest.raises(WeightsError, match=r"x\.weight"):
        add_weights(saved(tmp_path, held), "vit_b")
    for held in (
        {"model": state, "args": Evil()},
        {"model": state, "args": System()},
        {"model": {**state, "image_encoder.x": Worse()}, "args": Evil()},
    ):
        with pytest.raises(WeightsError):
            add_weights(saved(tmp_path, held), "vit_b")
    add_weights(saved(tmp_path, {"model": state, "args": Worse()}), "vit_b")
    assert not (tmp_path / "was_run").exists()
    assert (tmp_path / "weights").is_dir()


def without(state: Tensors, *names: str) -> Tensors:
    return {name: value for name, value in state.items() if name not in names}


IOU = "mask_decoder.iou_token.weight"
POSITION = "image_encoder.pos_embed"
ONE = torch.ones(1)

REFUSED = {
    "SAM-HQ": (lambda s: {**s, "mask_decoder.hf_token.weight": ONE}, "is SAM-HQ, which"),
    "SAM 2": (
        lambda s: {
            "model": {
                "image_encoder.trunk.pos_embed": ONE,
                "sam_mask_decoder.iou_token.weight": ONE,
                "memory_attention.norm.weight": ONE,
            }
        },
        "is SAM 2, which",
    ),
    "SAM-HQ for SAM 2": (
        lambda s: {"image_encoder.trunk.pos_embed": ONE, "sam_mask_decoder.hf_token.weight": ONE},
        "is SAM-HQ for SAM 2",
    ),
    "Hugging Face": (
        lambda s: {
            "shared_image_embedding.positional_embedding": ONE,
            "vision_encoder.layers.0.attn.qkv.weight": ONE,
            "mask_decoder.iou_token.weight": ONE,
        },
        "layout of Hugging Face",
    ),
    "EfficientViT": (lambda s: {**s, "image_encoder.backbone.x": ONE}, "EfficientViT-SAM"),
    "LoRA": (lambda s: {**s, "image_encoder.blocks.0.attn.qkv.lora_A.weight": ONE}, "LoRA"),
    "the decoder alone": (
        lambda s: {k: v for k, v in s.items() if k.startswith("mask_decoder.")},
        "mask decoder without the image encoder",
    ),
    "YOLO": (lambda s: {"model.0.conv.weight": ONE, "model.0.bn.bias": ONE}, "another network"),
    "a tensor missing": (lambda s: without(s, IOU), f"lacks {IOU}"),
    "a tensor that is not known": (
        lambda s: {**s, "image_encoder.adapter.weight": ONE},
        r"has image_encoder\.adapter\.weight, which the model does not know",
    ),
    "smaller images": (
        lambda s: {**s, POSITION: s[POSITION][:, :8, :8]},
        "1 x 8 x 8 x 96 instead of 1 x 16 x 16 x 96",
    ),
    "quantised": (lambda s: {**s, IOU: s[IOU].to(torch.int8)}, "quantised"),
    "not a number": (
        lambda s: {**s, IOU: torch.full_like(s[IOU], torch.nan)},
        "not numbers in mask_decoder.iou_token",
    ),
    "infinite": (lambda s: {**s, IOU: s[IOU] / 0.0}, "not numbers"),
    "other colours": (
        lambda s: {**s, "pixel_mean": torch.zeros(3, 1, 1)},
        r"another pixel_mean \(0, 0, 0\)",
    ),
    "no tensors": (lambda s: {"epoch": 3}, "does not hold model weights"),
    "a list": (lambda s: [1, 2], "does not hold model weights"),
    "a whole model": (lambda s: torch.nn.Linear(1, 1), "whole pickled model"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_whole_model_is_named_and_leaves_nothing(state, tmp_path, what: str) -> None:
    make, sentence = REFUSED[what]
    with pytest.raises(WeightsError, match=sentence) as caught:
        add_weights(saved(tmp_path, make(state)), "vit_b")
    assert caught.value.message.startswith("mine.pth ")
    assert caught.value.hint
    assert not list(own_folder().iterdir())


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (b"", "empty.pth"),
        (b"hello", "text.pth"),
        (b"hello there {", "text.safetensors"),
        (b'12345678{"a": 1}', "broken.safetensors"),
        (b"PK\x03\x04" + bytes(200), "broken.pt"),
        (b"\x80\x04K\x01.", "number.pth"),
    ],
)
def test_files_that_are_something_else_are_one_sentence(tmp_path, body, name) -> None:
    (tmp_path / name).write_bytes(body)
    with pytest.raises(WeightsError, match="does not hold model weights"):
        add_weights(tmp_path / name, "vit_b", "x")


def test_a_traced_model_is_one_sentence(tmp_path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.trace(torch.nn.Linear(1, 1), torch.ones(1, 1)).save(str(tmp_path / "traced.pt"))
    with pytest.raises(WeightsError, match="does not hold model weights"):
        add_weights(tmp_path / "traced.pt", "vit_b")


def test_a_cut_file_is_one_sentence(state, tmp_path) -> None:
    path = saved(tmp_path, state)
    path.write_bytes(path.read_bytes()[:-5000])
    with pytest.raises(WeightsError, match="does not hold"):
        add_weights(path, "vit_b")


def published_shapes(architecture: str, monkeypatch) -> Tensors:
    """Names and shapes of a published size; one number stands for each whole tensor."""
    from segment_anything import sam_model_registry

    monkeypatch.setattr(architectures, "sam_model_registry", sam_model_registry)
    with torch.device("meta"):
        shapes = sam_model_registry[architecture](checkpoint=None).state_dict()
    return {name: torch.zeros(()).expand(one.shape) for name, one in shapes.items()}


@pytest.mark.parametrize("size", ["b", "l", "h"])
def test_another_size_than_the_stated_one_is_named(size, tmp_path, monkeypatch) -> None:
    path = saved(tmp_path, published_shapes(f"vit_{size}", monkeypatch))
    stated = "vit_h" if size != "h" else "vit_b"
    with pytest.raises(WeightsError, match=f"is a vit_{size}, not a {stated}") as caught:
        add_weights(path, stated)
    assert caught.value.hint == f"Add it as vit_{size}."
    with pytest.raises(WeightsError, match=f"is a vit_{size}, not a mobile_sam"):
        add_weights(path, "mobile_sam")


def test_a_vit_b_of_the_published_size_is_taken(tmp_path, monkeypatch) -> None:
    added = add_weights(saved(tmp_path, published_shapes("vit_b", monkeypatch)), "vit_b")
    assert added.spec.architecture == "vit_b"


def test_a_mobile_sam_is_taken_by_its_published_names_alone(state, tmp_path) -> None:
    own = build("mobile_sam").state_dict()
    theirs = authors.mobile_sam().state_dict()
    assert add_weights(saved(tmp_path, {"model": theirs}), "mobile_sam").notes
    with pytest.raises(WeightsError, match="is a mobile_sam, not a vit_b"):
        add_weights(saved(tmp_path, theirs, "b.pth"), "vit_b")
    with pytest.raises(WeightsError, match="is no whole mobile_sam"):
        add_weights(saved(tmp_path, state, "c.pth"), "mobile_sam")
    assert own.keys() != theirs.keys()


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("mobile_sam", "There is a model 'mobile_sam' already"),
        ("Mobile_SAM", "already"),
        ("none", "cannot be the name"),
        ("", "cannot be the name"),
        ("../x", "cannot be the name"),
        ("a b", "cannot be the name"),
        ("x" * 61, "cannot be the name"),
        ("поле", "cannot be the name"),
    ],
)
def test_names_that_cannot_be_are_refused(state, tmp_path, name, sentence) -> None:
    with pytest.raises(InputError, match=sentence):
        add_weights(saved(tmp_path, state), "vit_b", name)


def test_what_is_here_already_is_said(state, tmp_path, monkeypatch) -> None:
    path = saved(tmp_path, state)
    add_weights(path, "vit_b", "fields")
    with pytest.raises(InputError, match="'fields' already"):
        add_weights(saved(tmp_path, {"model": state}, "other.pth"), "vit_b", "Fields")
    with pytest.raises(InputError, match="is here already, as the model 'fields'"):
        add_weights(path, "vit_b", "again")
    published = saved(tmp_path, {"state_dict": state}, "published.pth")
    digest = hashlib.sha256(published.read_bytes()).hexdigest()
    monkeypatch.setitem(MODELS, "sam_vit_b", replace(MODELS["sam_vit_b"], sha256=digest))
    with pytest.raises(InputError, match="is the published file of Segment Anything ViT-B") as told:
        add_weights(published, "vit_b")
    assert str(weights_path(MODELS["sam_vit_b"])) in told.value.hint


def test_a_wrong_path_or_architecture_is_one_sentence(tmp_path) -> None:
    with pytest.raises(InputError, match="There is no file"):
        add_weights(tmp_path / "gone.pth", "vit_b")
    with pytest.raises(InputError, match="There is no file"):
        add_weights(tmp_path, "vit_b", "x")
    with pytest.raises(InputError, match="no architecture 'small'"):
        add_weights(tmp_path / "gone.pth", "small")


def test_cancelling_leaves_nothing(state, tmp_path) -> None:
    with pytest.raises(CancelledError):
        add_weights(saved(tmp_path, state), "vit_b", cancelled=lambda: True)
    assert known_models().keys() == MODELS.keys()
    assert not list(own_folder().iterdir())


def test_a_file_that_went_or_changed_is_said(state, tmp_path) -> None:
    spec = add_weights(saved(tmp_path, state), "vit_b").spec
    path = weights_path(spec)
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + b"x")
    with pytest.raises(WeightsError, match="is not the file that was added as 'mine'"):
        verify(spec)
    path.unlink()
    with pytest.raises(MissingWeightsError, match="'mine' is gone") as caught:
        verify(spec)
    assert str(path.parent) in caught.value.message
    assert not is_present(spec)


@pytest.mark.parametrize(
    "change",
    [
        {"file_name": "../../secret.pth"},
        {"file_name": "other.pth"},
        {"key": "mobile_sam"},
        {"key": "../mine"},
        {"architecture": "small"},
        {"sha256": "x"},
        {"format": 99},
        {"size_bytes": "many"},
    ],
)
def test_a_record_that_names_something_else_counts_for_nothing(state, tmp_path, change) -> None:
    add_weights(saved(tmp_path, state), "vit_b")
    path = own_folder() / "mine.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change, "more": 1}))
    assert known_models().keys() == MODELS.keys()
    with pytest.raises(InputError, match="no model 'mine'"):
        get_model("mine")
    for key in ("../mine", "own/mine", "mine.json", ""):
        with pytest.raises(CropMapError, match="There is no model"):
            get_model(key)


def test_a_model_is_found_by_its_weights_whatever_it_is_called(state, tmp_path) -> None:
    spec = add_weights(saved(tmp_path, state), "vit_b", "here").spec
    found = model_of_weights("elsewhere", spec.sha256)
    assert found is not None
    assert found.key == "here"
    assert model_of_weights("elsewhere", "0" * 64) is None
    assert model_of_weights("here", "0" * 64) is None
    shipped = MODELS["mobile_sam"]
    assert model_of_weights("mobile_sam", shipped.sha256) == shipped


def test_names_from_files() -> None:
    assert name_from(Path("/x/sam vit-b (fields).v2.pth")) == "sam_vit_b_fields_v2"
    assert name_from(Path("/x/耕地.pth")) == ""
