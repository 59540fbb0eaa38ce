"""The model while it learns: auxiliary heads, prompts of many queries, and one step's loss."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

import core.sam.torchvision_compat  # noqa: F401  isort: skip  (must come before the next)
from segment_anything.modeling import Sam

from core.sam.small import FINE_CHANNELS, STRIDE, fold
from training.batches import Batch
from training.losses import edge_weights, mask_iou, mask_loss, same_field_loss, surface_loss
from training.prompts import NEGATIVE, PADDING, POSITIVE
from training.samples import LOGIT_STRIDE


class Learner(nn.Module):
    """The model and a head that is thrown away after training.

    The head tells cropland and field borders on each cell.  It and the decoder's cell codes teach
    the encoder from every cell of every view, where a prompt's mask teaches from one field.
    """

    def __init__(self, model: Sam) -> None:
        super().__init__()
        self.model = model
        self.surface = nn.Conv2d(FINE_CHANNELS, 2, 1)

    def position_codes(self, offsets: torch.Tensor, side: int) -> torch.Tensor:
        """The part (views, 96, side / 8, side / 8) of the frame's position code under each view."""
        whole = self.model.prompt_encoder.get_dense_pe()
        cells = side // STRIDE
        parts = []
        for column, row in (offsets / STRIDE).long().tolist():
            parts.append(whole[..., row : row + cells, column : column + cells])
        return torch.cat(parts)

    def embed_prompts(self, places: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Prompt tokens (queries, n, 96); places in pixels of the frame whose corner is 0."""
        encoder = self.model.prompt_encoder
        embedded: torch.Tensor = encoder.pe_layer.forward_with_coords(
            places, encoder.input_image_size
        )
        kind = labels.unsqueeze(-1)
        embedded = embedded * (kind != PADDING) + encoder.not_a_point_embed.weight * (
            kind == PADDING
        )
        for index in range(encoder.num_point_embeddings):
            embedded = embedded + encoder.point_embeddings[index].weight * (kind == index)
        return embedded

    def decode(
        self,
        features: torch.Tensor,
        codes: torch.Tensor,
        places: torch.Tensor,
        labels: torch.Tensor,
        mask: torch.Tensor | None,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """All four masks of each query and their predicted IoU."""
        encoder = self.model.prompt_encoder
        if mask is None:
            dense = encoder.no_mask_embed.weight.reshape(1, -1, 1, 1)
        else:
            dense = encoder.mask_downscaling(mask)
        with torch.autocast("cpu", enabled=False):
            tokens = self.embed_prompts(places, labels)
        logits, quality = self.model.mask_decoder.predict_masks(features, codes, tokens, dense)
        return logits.float(), quality.float()


@dataclass(slots=True)
class Report:
    """Figures of one step, for the log."""

    surface: float = 0.0
    same_field: float = 0.0
    field_loss: float = 0.0
    cover_loss: float = 0.0
    first_iou: float = 0.0
    best_iou: float = 0.0
    last_iou: float = 0.0
    cover_iou: float = 0.0


def step_loss(
    learner: Learner, batch: Batch, rounds: int, generator: torch.Generator, half: bool
) -> tuple[torch.Tensor, Report]:
    """Loss of a step; ``rounds`` questions a field (0: the heads alone)."""
    report = Report()
    images = (batch.images - learner.model.pixel_mean) / learner.model.pixel_std
    outside = batch.images.sum(dim=1, keepdim=True) == 0
    images = images.masked_fill(outside, 0.0).contiguous(memory_format=torch.channels_last)
    side = batch.images.shape[-1]
    with torch.autocast("cpu", torch.bfloat16, enabled=half):
        levels = learner.model.image_encoder.levels(images)
        position = learner.position_codes(batch.offsets, side)
        surface = learner.surface(levels[2]).float()
        codes = learner.model.mask_decoder.cell_codes(levels[0], position).float()
    dense = surface_loss(surface, batch.parcels)
    every = STRIDE // LOGIT_STRIDE
    alike = same_field_loss(
        codes, batch.parcels[:, every // 2 :: every, every // 2 :: every], generator
    )
    report.surface, report.same_field = float(dense.detach()), float(alike.detach())
    loss = 0.5 * dense + 0.5 * alike
    if rounds:
        features = fold(*levels).float()
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            loss = loss + _fields(learner, batch, features, position, rounds, generator, report)
            loss = loss + _covers(learner, batch, features, position, rounds, report)
    return loss, report


def _fields(
    learner: Learner,
    batch: Batch,
    features: torch.Tensor,
    position: torch.Tensor,
    rounds: int,
    generator: torch.Generator,
    report: Report,
) -> torch.Tensor:
    views, fields, prompts = batch.field_labels.shape
    target = (batch.parcels[:, None] == batch.chosen[..., None, None]).flatten(0, 1)
    known = (batch.parcels >= 0).repeat_interleave(fields, dim=0)
    weights = edge_weights(target, known.float())
    features = features.repeat_interleave(fields, dim=0)
    position = position.repeat_interleave(fields, dim=0)
    offsets = batch.offsets.repeat_interleave(fields, dim=0)[:, None]
    places = batch.field_places.reshape(views * fields, prompts, 2) + offsets
    labels = batch.field_labels.reshape(views * fields, prompts)
    loss = features.new_zeros(())
    mask = None
    for turn in range(rounds):
        logits, quality = learner.decode(features, position, places, labels, mask)
        losses = mask_loss(logits if turn == 0 else logits[:, :1], target, weights)
        reached = mask_iou(logits, target, known)
        loss = loss + losses[:, 0].mean()
        if turn == 0:
            loss = loss + losses[:, 1:].min(dim=1).values.mean()
            loss = loss + (quality - reached).square().mean()
            report.first_iou = float(reached[:, 0].mean())
            chosen = reached.gather(1, 1 + quality[:, 1:].argmax(dim=1, keepdim=True))
            report.best_iou = float(chosen.mean())
        else:
            loss = loss + (quality[:, 0] - reached[:, 0]).square().mean()
        report.last_iou = float(reached[:, 0].mean())
        if turn + 1 < rounds:
            mask = logits[:, :1].detach()
            more, kind = correct(mask[:, 0] > 0, target, known, generator)
            places = torch.cat((places, more + offsets), dim=1)
            labels = torch.cat((labels, kind), dim=1)
    report.field_loss = float(loss.detach())
    return loss


def _covers(
    learner: Learner,
    batch: Batch,
    features: torch.Tensor,
    position: torch.Tensor,
    rounds: int,
    report: Report,
) -> torch.Tensor:
    views, covers, prompts = batch.cover_labels.shape
    target = (batch.parcels > 0).repeat_interleave(covers, dim=0)
    known = (batch.parcels >= 0).repeat_interleave(covers, dim=0)
    weights = edge_weights(target, known.float())
    features = features.repeat_interleave(covers, dim=0)
    position = position.repeat_interleave(covers, dim=0)
    offsets = batch.offsets.repeat_interleave(covers, dim=0)[:, None]
    places = batch.cover_places.reshape(views * covers, prompts, 2) + offsets
    labels = batch.cover_labels.reshape(views * covers, prompts)
    loss = features.new_zeros(())
    mask = None
    turns = 2 if rounds > 2 else 1
    for _ in range(turns):
        logits, quality = learner.decode(features, position, places, labels, mask)
        reached = mask_iou(logits[:, :1], target, known)
        loss = loss + mask_loss(logits[:, :1], target, weights).mean()
        loss = loss + (quality[:, :1] - reached).square().mean()
        mask = logits[:, :1].detach()
    report.cover_iou, report.cover_loss = float(reached.mean()), float(loss.detach())
    return loss / turns


def correct(
    mask: torch.Tensor, target: torch.Tensor, known: torch.Tensor, generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """One more click a query where the mask is wrong, more likely in the middle of a mistake.

    Returns
    -------
    places : float32 (queries, 1, 2)
        In pixels of the view.
    labels : int64 (queries, 1)
    """
    wrong = ((mask != target) & known).float()
    thick = torch.nn.functional.avg_pool2d(wrong[:, None], 9, 1, 4)[:, 0]
    weight = (wrong * thick**3).flatten(1)
    nothing = weight.sum(dim=1, keepdim=True) == 0
    weight = torch.where(nothing, known.flatten(1).float() * 1e-6 + 1e-9, weight)
    cell = torch.multinomial(weight, 1, generator=generator)
    columns = mask.shape[-1]
    places = torch.cat((cell % columns, cell // columns), dim=1).float() + 0.5
    wanted = target.flatten(1).gather(1, cell)
    labels = torch.where(wanted, POSITIVE, NEGATIVE)
    return places[:, None] * LOGIT_STRIDE, labels
