"""Encoder and decoder as ONNX files, made once from the loaded torch model."""

from __future__ import annotations

import json
import shutil
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
from segment_anything.modeling import Sam
from torch import nn

from core.errors import storage_error
from core.files import (
    name_in_folder,
    put_in_place,
    read_checked,
    scratch_folder,
    sha256_of,
    write_checked,
)
from core.fingerprint import result_hash
from core.sam.architectures import embedding_cells, embedding_channels
from core.sam.field_net import FieldNet
from core.sam.small import LOGIT_SIDE, SmallModel

_DECIDING = (
    "core.sam.architectures",
    "core.sam.field_net",
    "core.sam.onnx_export",
    "core.sam.small",
    "core.sam.torchvision_compat",
)
"""What decides on the graphs of given weights."""

_OPSET = 17
_GRAPH, _SUMS = "graph.onnx", "sums"
"""The graph, and the SHA-256 of each file in its folder: a graph with flipped bits still runs."""


class DecoderGraph(nn.Module):
    """Prompt encoder and mask decoder as one graph of arrays.

    Inputs: features (1, C, h, w); coordinates (queries, points, 2) in pixels of the model's input;
    labels (queries, points) with 1, 0, -1 for padding, 2 and 3 for a box's corners;
    mask_input (queries, 1, 256, 256); has_mask (1,).
    Outputs: logits (queries, 4, 256, 256) and predicted IoU (queries, 4); the first is the single
    mask, the other three are the multi-mask answer.
    """

    def __init__(self, model: Sam) -> None:
        super().__init__()
        self.prompt_encoder = model.prompt_encoder
        self.mask_decoder = model.mask_decoder

    def forward(
        self,
        features: torch.Tensor,
        coordinates: torch.Tensor,
        labels: torch.Tensor,
        mask_input: torch.Tensor,
        has_mask: torch.Tensor,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits and predicted IoU of all four masks."""
        sparse = self._points(coordinates, labels)
        dense = has_mask * self.prompt_encoder.mask_downscaling(mask_input)
        dense = dense + (1 - has_mask) * self.prompt_encoder.no_mask_embed.weight.reshape(
            1, -1, 1, 1
        )
        logits, quality = self.mask_decoder.predict_masks(
            image_embeddings=features,
            image_pe=self.prompt_encoder.get_dense_pe(),
            sparse_prompt_embeddings=sparse,
            dense_prompt_embeddings=dense,
        )
        return logits, quality

    def _points(self, coordinates: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        encoder = self.prompt_encoder
        embedded: torch.Tensor = encoder.pe_layer.forward_with_coords(
            coordinates + 0.5, encoder.input_image_size
        )
        kind = labels.unsqueeze(-1)
        embedded = embedded * (kind != -1)
        embedded = embedded + encoder.not_a_point_embed.weight * (kind == -1)
        for index in range(encoder.num_point_embeddings):
            embedded = embedded + encoder.point_embeddings[index].weight * (kind == index)
        return embedded


class FieldGraph(nn.Module):
    """The field map as a graph of arrays.

    Input: colours float32 (1, 3, rows, columns), 0 to 255, both multiples of 32.
    Output: extent, boundary and depth, float32 (1, 3, rows, columns), 0 to 1.
    """

    mean: torch.Tensor
    std: torch.Tensor

    def __init__(self, model: SmallModel) -> None:
        super().__init__()
        self.net: FieldNet = model.image_encoder.net
        self.register_buffer("mean", model.pixel_mean)
        self.register_buffer("std", model.pixel_std)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Probabilities."""
        return torch.sigmoid(self.net((image - self.mean) / self.std).field_map)


def graphs_folder(parent: Path, weights_hash: str) -> Path:
    """Where the graphs of these weights are, or would be; other code has another folder."""
    return parent / f"{weights_hash[:16]}-{result_hash(*_DECIDING)[:16]}"


def export_model(model: Sam | SmallModel, folder: Path, *wanted: str) -> tuple[Path, ...]:
    """The ``wanted`` graphs under ``folder``, by default all that the model has.

    They are ``encoder`` and ``decoder``, and the small model's ``fields``.  They are made where
    they are not there yet.

    Each graph has a folder of its own, because tensors beyond 2 GB in all (ViT-H) are stored in
    files beside the graph.

    Raises
    ------
    OutputError
        The disk is full or the folder cannot be written.
    """
    makers: dict[str, Callable[[Path], None]] = {
        "encoder": partial(_export_encoder, model),
        "decoder": partial(_export_decoder, model),
    }
    if isinstance(model, SmallModel):
        makers["fields"] = partial(_export_fields, model)
    names = wanted or tuple(makers)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in names:
            home = folder / name
            if home.exists() and not _is_whole(home):
                shutil.rmtree(home)
            if not home.exists():
                makers[name](home)
        _remove_older(folder)
    except OSError as error:
        raise storage_error(error, folder) from error
    return tuple(folder / name / _GRAPH for name in names)


def _is_whole(home: Path) -> bool:
    """Whether the files of a graph are those that were made for this place."""
    kept = read_checked(home / _SUMS, name_in_folder(home))
    return kept is not None and json.loads(kept) == _sums(home)


def _sums(home: Path) -> dict[str, str]:
    files = (path for path in home.iterdir() if path.name != _SUMS)
    return {path.name: sha256_of(path) for path in files}


def _remove_older(folder: Path) -> None:
    """Remove the graphs that older code made of the same weights: they are as large as these."""
    weights, dash, _ = folder.name.rpartition("-")
    for other in folder.parent.glob(f"{weights}-*") if dash else ():
        if other != folder:
            shutil.rmtree(other, ignore_errors=True)


def _export_encoder(model: Sam | SmallModel, home: Path) -> None:
    side = int(model.image_encoder.img_size)
    image = torch.zeros(1, 3, side, side)
    _export(model.image_encoder, (image,), home, ["image"], ["features"], {})


def _export_decoder(model: Sam | SmallModel, home: Path) -> None:
    if isinstance(model, SmallModel):
        side = (LOGIT_SIDE,) * 2
        graph: nn.Module = model
    else:
        side = model.prompt_encoder.mask_input_size
        graph = DecoderGraph(model)
    example = (
        torch.zeros(1, embedding_channels(model), *embedding_cells(model)),
        torch.zeros(2, 3, 2),
        torch.ones(2, 3, dtype=torch.int64),
        torch.zeros(2, 1, *side),
        torch.ones(1),
    )
    names = ["features", "coordinates", "labels", "mask_input", "has_mask"]
    axes = {
        "coordinates": {0: "queries", 1: "points"},
        "labels": {0: "queries", 1: "points"},
        "mask_input": {0: "queries"},
    }
    _export(graph, example, home, names, ["logits", "quality"], axes)


def _export_fields(model: SmallModel, home: Path) -> None:
    axes = {"image": {2: "rows", 3: "columns"}}
    example = (torch.zeros(1, 3, 512, 512),)
    _export(FieldGraph(model).eval(), example, home, ["image"], ["fields"], axes)


def _export(
    module: nn.Module,
    example: tuple[torch.Tensor, ...],
    home: Path,
    inputs: list[str],
    outputs: list[str],
    axes: dict[str, dict[int, str]],
) -> None:
    """Write a graph and the files beside it to the folder ``home``, which appears whole or not."""
    with scratch_folder(home) as aside:
        # Without gradients: the tracer would keep every activation (ViT-B: 9 GB, so 3.6).
        with torch.no_grad(), warnings.catch_warnings():
            # Shapes that the tracer takes for constants are: the model's input has one size.
            warnings.simplefilter("ignore")
            torch.onnx.export(
                module,
                example,
                str(aside / _GRAPH),
                input_names=inputs,
                output_names=outputs,
                dynamic_axes=axes,
                opset_version=_OPSET,
                dynamo=False,
            )
        write_checked(aside / _SUMS, json.dumps(_sums(aside)).encode(), name_in_folder(home))
        try:
            put_in_place(aside, home)
        except OSError:
            if not home.exists():  # else another process was first
                raise
