"""Checkpoints of somebody's own for tests: a narrow ViT-B, and records without a model behind."""

from __future__ import annotations

import hashlib
import json

from core.sam import architectures
from core.sam.added import own_folder
from tests.sam import authors

from segment_anything.modeling import ImageEncoderViT  # isort: skip  (after core.sam)

OWN = b"my own"
OWN_SHA256 = hashlib.sha256(OWN).hexdigest()


def narrow(checkpoint: None = None) -> architectures.Sam:
    """Stands in the registry of Segment Anything for a size that is published."""
    return architectures.assemble(ImageEncoderViT(**authors.NARROW_VIT), authors.SIDE, 256)


def own(name: str, body: bytes = OWN) -> None:
    """Put a record there, and a file of this body where it has one."""
    record = {
        "format": 1,
        "key": name,
        "architecture": "vit_b",
        "file_name": f"{name}.pth",
        "size_bytes": len(OWN),
        "sha256": OWN_SHA256,
        "source_name": "best.ckpt",
        "added_on": "2026-11-29",
    }
    own_folder().mkdir(parents=True, exist_ok=True)
    (own_folder() / f"{name}.json").write_text(json.dumps(record))
    if body:
        (own_folder() / f"{name}.pth").write_bytes(body)
