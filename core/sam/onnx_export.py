"""Encoder and decoder as ONNX files, made once from the loaded torch model."""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path

import torch
from segment_anything.modeling import Sam
from torch import nn

OPSET = 17


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


def export_model(model: Sam, folder: Path) -> tuple[Path, Path]:
    """Encoder and decoder files under ``folder``; made where they are not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    encoder, decoder = folder / "encoder.onnx", folder / "decoder.onnx"
    side = int(model.image_encoder.img_size)
    if not encoder.exists():
        image = torch.zeros(1, 3, side, side)
        _export(model.image_encoder, (image,), encoder, ["image"], ["features"], {})
    if not decoder.exists():
        channels = int(model.prompt_encoder.embed_dim)
        low = side // 4
        example = (
            torch.zeros(1, channels, side // 16, side // 16),
            torch.zeros(2, 3, 2),
            torch.ones(2, 3, dtype=torch.int64),
            torch.zeros(2, 1, low, low),
            torch.ones(1),
        )
        names = ["features", "coordinates", "labels", "mask_input", "has_mask"]
        axes = {
            "coordinates": {0: "queries", 1: "points"},
            "labels": {0: "queries", 1: "points"},
            "mask_input": {0: "queries"},
        }
        _export(DecoderGraph(model), example, decoder, names, ["logits", "quality"], axes)
    return encoder, decoder


def _export(
    module: nn.Module,
    example: tuple[torch.Tensor, ...],
    path: Path,
    inputs: list[str],
    outputs: list[str],
    axes: dict[str, dict[int, str]],
) -> None:
    with tempfile.TemporaryDirectory(dir=path.parent) as scratch:
        aside = Path(scratch) / path.name
        with warnings.catch_warnings():
            # Shapes that the tracer takes for constants are: the model's input has one size.
            warnings.simplefilter("ignore")
            torch.onnx.export(
                module,
                example,
                str(aside),
                input_names=inputs,
                output_names=outputs,
                dynamic_axes=axes,
                opset_version=OPSET,
                dynamo=False,
            )
        aside.replace(path)
