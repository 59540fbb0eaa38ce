"""Teach the decoder prompts: ``python -m training.train_prompts --fields runs/fields``.

The encoder and the field map are those of the earlier training and stay as they are.  Stopped at
any moment, the same command goes on from the last checkpoint.  With ``--begin FILE`` the decoder
learns on from a model that was exported before, at a fresh rate and over other frames.
"""

from __future__ import annotations

import argparse
import copy
import os
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch import nn

from core.sam.field_net import FieldFeatures
from core.sam.small import NEGATIVE, POSITIVE, SmallModel, build_small
from training.checkpoint import TrainingLog, follow, learning_rate, resume, save
from training.frames import Frame, encode_frames
from training.losses import edge_weights, mask_iou, mask_loss
from training.prompts import (
    LOGIT_STRIDE,
    PromptQuery,
    ask_cropland,
    ask_fields,
)
from training.train_fields import BESIDE_CHECKOUT, read_sources

SEED = 20261130
_PEAK_RATE = 2e-3
_FRAMES_EACH, _FIELDS_EACH = 2, 4
_COVER_POINTS = 16
_MULTI_WEIGHT = 0.5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fields", type=Path, default=Path("runs/fields"))
    parser.add_argument("--begin", type=Path, help="an exported model to learn on from")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--out", type=Path, default=Path("runs/prompts"))
    parser.add_argument("--steps", type=int, default=1200)
    parser.add_argument("--frames", type=int, default=320)
    parser.add_argument("--scenes", type=int, default=40, help="simulated scenes")
    parser.add_argument("--all", action="store_true", help="also the tiles that are kept apart")
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    model = build_small()
    if options.begin is None:
        trained = torch.load(options.fields / "checkpoint.pt", weights_only=True)  # noqa: TID251
        model.image_encoder.net.load_state_dict(trained["average"])
    else:
        model.load_state_dict({name: t.float() for name, t in load_file(options.begin).items()})
    data = Path(os.environ.get("CROPMAP_TEST_DATA", BESIDE_CHECKOUT))
    sources = read_sources(data, options.scenes, everything=options.all)
    start = time.perf_counter()
    frames = encode_frames(model.image_encoder.net, sources, options.frames, options.seed)
    print(f"{len(frames)} frames in {time.perf_counter() - start:.0f} s", flush=True)
    train(options.out, model, frames, options.steps, options.seed)


class Taught(nn.Module):
    """The parts of the model that learn here: what reads features, and the decoder."""

    def __init__(self, model: SmallModel) -> None:
        super().__init__()
        self.to_key = model.image_encoder.to_key
        self.to_middle = model.image_encoder.to_middle
        self.to_fine = model.image_encoder.to_fine
        self.decoder = model.decoder


@dataclass(frozen=True, slots=True, eq=False)
class Questions:
    """Queries of one step about the same kind of thing.

    Parameters
    ----------
    owner : int64 (queries,)
        Which of the step's frames each is about.
    target, known : bool (queries, 256, 256)
    places, labels : float32 (queries, n, 2), int64 (queries, n)
    """

    owner: torch.Tensor
    target: torch.Tensor
    known: torch.Tensor
    places: torch.Tensor
    labels: torch.Tensor

    @classmethod
    def stacked(
        cls,
        owner: list[int],
        target: list[torch.Tensor],
        known: list[torch.Tensor],
        asked: list[PromptQuery],
    ) -> Questions:
        """Of one item for each query."""
        return cls(
            torch.tensor(owner),
            torch.stack(target),
            torch.stack(known),
            torch.from_numpy(np.stack([query.places for query in asked])),
            torch.from_numpy(np.stack([query.labels for query in asked])),
        )


def train(out: Path, model: SmallModel, frames: list[Frame], steps: int, seed: int = SEED) -> None:
    """Train to the end, from the last checkpoint where there is one."""
    out.mkdir(parents=True, exist_ok=True)
    model.decoder.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    average = copy.deepcopy(model).eval().requires_grad_(False)
    taught = Taught(model)
    optimizer = torch.optim.AdamW(taught.parameters(), weight_decay=0.01, betas=(0.9, 0.98))
    first = resume(out, model, average, optimizer)
    model.eval()
    taught.train()
    log = TrainingLog(out / "log.csv", steps)
    for step in range(first, steps):
        start = time.perf_counter()
        loss, figures = _step(model, frames, step, seed)
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, steps, _PEAK_RATE)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(taught.parameters(), 1.0)
        optimizer.step()
        follow(average, model, step)
        log.add(step, {"loss": float(loss.detach()), **figures}, time.perf_counter() - start)
        if (step + 1) % 100 == 0 or step + 1 == steps:
            save(out, step + 1, model, average, optimizer)


def _step(
    model: SmallModel, frames: list[Frame], step: int, seed: int
) -> tuple[torch.Tensor, dict[str, float]]:
    generator = np.random.default_rng([seed, step])
    chosen = [frames[int(n)] for n in generator.choice(len(frames), _FRAMES_EACH, replace=False)]
    encoder = model.image_encoder
    embedding = torch.cat([encoder.project(_features(frame)) for frame in chosen])
    asked = _about_fields(chosen, generator)
    draws = torch.Generator().manual_seed(seed + step)
    figures: dict[str, float] = {}
    loss = embedding.new_zeros(())
    mask = torch.zeros(len(asked.labels), 1, *asked.target.shape[-2:])
    weights = edge_weights(asked.target, asked.known.float())
    places, labels = asked.places, asked.labels
    for turn in range(2 + step % 2):
        has_mask = torch.full((len(labels),), float(turn > 0))
        logits, rated = _decoded(model, embedding[asked.owner], places, labels, mask, has_mask)
        losses = mask_loss(logits, asked.target, weights)
        reached = mask_iou(logits, asked.target, asked.known)
        loss = loss + losses[:, 0].mean() + _MULTI_WEIGHT * losses[:, 1:].min(dim=1).values.mean()
        loss = loss + (torch.sigmoid(rated) - reached).square().mean()
        figures["first" if turn == 0 else "corrected"] = float(reached[:, 0].mean())
        mask = logits[:, :1].detach()
        more, kind = correct(mask[:, 0] > 0, asked.target, asked.known, draws)
        places, labels = torch.cat((places, more), dim=1), torch.cat((labels, kind), dim=1)
    covers = _about_cropland(chosen, generator)
    figures["cropland"] = 0.0
    if covers is not None:
        blank = torch.zeros(len(covers.labels), 1, *covers.target.shape[-2:])
        logits, rated = _decoded(
            model, embedding[covers.owner], covers.places, covers.labels, blank, torch.zeros(1)
        )
        weights = edge_weights(covers.target, covers.known.float())
        reached = mask_iou(logits[:, :1], covers.target, covers.known)
        loss = loss + mask_loss(logits[:, :1], covers.target, weights).mean()
        loss = loss + (torch.sigmoid(rated[:, :1]) - reached).square().mean()
        figures["cropland"] = float(reached.mean())
    return loss, figures


def _decoded(model: SmallModel, *asked: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits and rated IoU, multiplied in bfloat16, which some CPUs do at twice the speed."""
    with torch.autocast("cpu", torch.bfloat16):
        logits, rated = model.decoder(*asked)
    return logits.float(), rated.float()


def _features(frame: Frame) -> FieldFeatures:
    levels = (frame.coarse, frame.middle, frame.fine, frame.field_map)
    return FieldFeatures(*(level.float()[None] for level in levels))


def _about_fields(frames: list[Frame], generator: np.random.Generator) -> Questions:
    owner, target, known, asked = [], [], [], []
    beside = int(generator.integers(1, 4)) if generator.random() < 0.3 else 0
    for index, frame in enumerate(frames):
        numbers, queries = ask_fields(frame.parcels.numpy(), _FIELDS_EACH, beside, generator)
        for number, query in zip(numbers.tolist(), queries, strict=True):
            owner.append(index)
            target.append(frame.parcels == number)
            known.append(frame.parcels >= 0)
            asked.append(query)
    return Questions.stacked(owner, target, known, asked)


def _about_cropland(frames: list[Frame], generator: np.random.Generator) -> Questions | None:
    owner, target, known, asked = [], [], [], []
    positives, negatives = (int(n) for n in generator.integers(4, 2 * _COVER_POINTS, 2))
    for index, frame in enumerate(frames):
        if frame.complete:
            numbers = frame.parcels.numpy()
            asked.append(ask_cropland(numbers, frame.gsd_m, positives, negatives, generator))
            owner.append(index)
            target.append(frame.parcels > 0)
            known.append(frame.parcels >= 0)
    if not asked:
        return None
    return Questions.stacked(owner, target, known, asked)


def correct(
    mask: torch.Tensor, target: torch.Tensor, known: torch.Tensor, generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """One more click a query where the mask is wrong, more likely in the middle of a mistake.

    Returns
    -------
    places : float32 (queries, 1, 2)
        In pixels of the frame.
    labels : int64 (queries, 1)
    """
    wrong = ((mask != target) & known).float()
    thick = nn.functional.avg_pool2d(wrong[:, None], 9, 1, 4)[:, 0]
    weight = (wrong * thick**3).flatten(1)
    nothing = weight.sum(dim=1, keepdim=True) == 0
    weight = torch.where(nothing, known.flatten(1).float() * 1e-6 + 1e-9, weight)
    cell = torch.multinomial(weight, 1, generator=generator)
    columns = mask.shape[-1]
    places = torch.cat((cell % columns, cell // columns), dim=1).float() + 0.5
    wanted = target.flatten(1).gather(1, cell)
    labels = torch.where(wanted, POSITIVE, NEGATIVE)
    return places[:, None] * LOGIT_STRIDE, labels


if __name__ == "__main__":
    main()
