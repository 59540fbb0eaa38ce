"""``cropmap weights``: what it lists, takes, refuses and checks."""

from __future__ import annotations

import json

import pytest
import torch

from core.sam import architectures
from core.sam.registry import MODELS
from tests.sam import authors
from tests.sam.own_models import narrow


@pytest.fixture
def checkpoint(tmp_path, monkeypatch):
    """A training checkpoint of a narrow ViT-B."""
    monkeypatch.setattr(architectures, "sam_model_registry", {"vit_b": narrow})
    path = tmp_path / "tuned.pth"
    torch.save({"model": authors.narrow_vit().state_dict()}, path)
    return path


def test_wrong_weights_are_refused(cropmap, farmland, tmp_path) -> None:
    (tmp_path / "mobile_sam.pt").write_bytes(b"something else")
    done = cropmap("weights", "verify", "mobile_sam", CROPMAP_WEIGHTS_DIR=str(tmp_path))
    assert done.status == 1
    assert "not the published file" in done.errors


def test_weights_are_listed(cropmap, tmp_path) -> None:
    done = cropmap("weights", "list", "--json", CROPMAP_WEIGHTS_DIR=str(tmp_path))
    rows = json.loads(done.out)
    assert {row["key"] for row in rows} >= {"mobile_sam", "sam_vit_b", "sam_vit_l", "sam_vit_h"}
    assert [row["key"] for row in rows if row["present"]] == ["cropmap_small"]


def test_the_list_says_where_the_files_are(cropmap, tmp_path) -> None:
    (tmp_path / "mobile_sam.pt").write_bytes(b"something else")
    done = cropmap("weights", "list", CROPMAP_WEIGHTS_DIR=str(tmp_path))
    assert f"Their folder is {tmp_path} (CROPMAP_WEIGHTS_DIR" in done.out
    assert "another file" in done.out


def test_missing_weights_say_where_to_put_the_file(cropmap, tmp_path) -> None:
    done = cropmap("weights", "verify", "sam_vit_b", CROPMAP_WEIGHTS_DIR=str(tmp_path))
    assert done.status == 1
    assert f"put the file at {tmp_path / 'sam_vit_b_01ec64.pth'} yourself" in done.errors


def test_a_checkpoint_of_ones_own_is_added_listed_and_verified(
    cropmap, checkpoint, tmp_path
) -> None:
    home = {"CROPMAP_WEIGHTS_DIR": str(tmp_path / "weights")}
    words = ("weights", "add", checkpoint, "--architecture", "vit_b", "--name", "fields")
    done = cropmap(*words, **home)
    assert done.status == 0, done.errors
    assert "found under 'model'" in done.out
    assert "Use it with --model fields." in done.out
    (row,) = [r for r in json.loads(cropmap("weights", "list", "--json").out) if r["own"]]
    assert row["key"] == "fields"
    assert row["architecture"] == "vit_b"
    assert row["source"] == "tuned.pth"
    assert row["present"]
    assert row["sha256"] in done.out
    assert row["sha256"] in cropmap("weights", "list").out
    assert "is the file that was added" in cropmap("weights", "verify", "fields").out
    assert "Verified and ready" in cropmap("weights", "fetch", "fields").out
    again = cropmap(*words)
    assert again.status == 1
    assert "There is a model 'fields' already." in again.errors
    assert cropmap("weights", "remove", "fields").status == 0
    assert checkpoint.exists()
    assert not [r for r in json.loads(cropmap("weights", "list", "--json").out) if r["own"]]
    assert cropmap(*words).status == 0


def test_verify_speaks_of_every_file_and_fails_where_a_models_is_wrong(cropmap, tmp_path) -> None:
    (tmp_path / "unknown.pth").write_bytes(b"x")
    first = cropmap("weights", "verify", CROPMAP_WEIGHTS_DIR=str(tmp_path))
    assert first.status == 0
    assert "unknown.pth is the file of no model" in first.out
    assert MODELS["cropmap_small"].file_name in first.out
    (tmp_path / "sam_vit_b_01ec64.pth").write_bytes(b"fine-tuned")
    second = cropmap("weights", "verify")
    assert second.status == 1
    assert "unknown.pth is the file of no model" in second.out
    assert "is not the published file of Segment Anything ViT-B" in second.errors
    assert "--architecture vit_b --name NAME" in second.errors


def test_what_is_no_model_of_the_architecture_is_refused(cropmap, checkpoint, tmp_path) -> None:
    torch.save({"mask_decoder.hf_token.weight": torch.ones(1)}, checkpoint)
    home = {"CROPMAP_WEIGHTS_DIR": str(tmp_path / "weights")}
    done = cropmap("weights", "add", checkpoint, "--architecture", "vit_b", **home)
    assert done.status == 1
    assert "tuned.pth is SAM-HQ, which does not run here." in done.errors
    assert cropmap("weights", "add", checkpoint).status == 2
