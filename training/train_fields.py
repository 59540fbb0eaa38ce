"""Train the field map: ``python -m training.train_fields --out runs/fields``.

From ImageNet's weights, on views of 320 pixels of four kinds of scenes.  Stopped at any moment, the
same command goes on from the last checkpoint.  The log is ``log.csv``.
"""

from __future__ import annotations

import argparse
import copy
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader

from core.sam.field_net import BOUNDARY, DEPTH, EXTENT, PIXEL_MEAN, PIXEL_STD, FieldNet
from training.checkpoint import TrainingLog, follow, learning_rate, resume, save
from training.field_views import FieldBatch, FieldBatches, Source
from training.imagenet import load_imagenet
from training.more_scenes import read_dutch, read_spanish
from training.samples import Pyramid
from training.scenes import TrainingScene, make_farmland, read_tile, tile_names

SEED = 20261129
VIEWS, SIDE = 6, 320
BESIDE_CHECKOUT = Path(__file__).resolve().parents[2] / "shared" / "data"
_PEAK_RATE, _ENCODER_SHARE = 1.2e-3, 0.5
_EARLY_EVERY = 3
_SAVE_EVERY = 100


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("runs/fields"))
    parser.add_argument("--steps", type=int, default=3600)
    parser.add_argument("--scenes", type=int, default=40, help="simulated scenes")
    parser.add_argument("--imagenet", type=Path, help=".pth of the package, not installed")
    parser.add_argument("--all", action="store_true", help="also the tiles that are kept apart")
    parser.add_argument("--no-half", action="store_true", help="float32 instead of bfloat16")
    options = parser.parse_args()
    data = Path(os.environ.get("CROPMAP_TEST_DATA", BESIDE_CHECKOUT))
    torch.manual_seed(SEED)
    net = FieldNet()
    load_imagenet(net, options.imagenet)
    sources = read_sources(data, options.scenes, everything=options.all)
    train(options.out, net, sources, options.steps, half=not options.no_half)


def read_sources(data: Path, simulated: int, *, everything: bool) -> list[Source]:
    """All that trains, by kind."""
    aerial = data / "naip_fields"
    sides = (False, True) if everything else (False,)
    tiles = [read_tile(aerial, n) for side in sides for n in tile_names(aerial, validation=side)]
    dutch = [s for side in sides for s in read_dutch(data / "nl_s2_parcels", kept_apart=side)]
    spanish = [s for side in sides for s in read_spanish(data / "es_pnoa_25cm", kept_apart=side)]
    return [
        Source(_pyramids(tiles), 0.54),
        Source(_pyramids(dutch), 0.28, 1.8, 5.0),
        Source(_pyramids(spanish), 0.05, 0.6, 2.0),
        Source(_pyramids(make_farmland(simulated, SEED)), 0.13, 1.0, 3.5),
    ]


def _pyramids(scenes: Sequence[TrainingScene]) -> tuple[Pyramid, ...]:
    return tuple(Pyramid(scene) for scene in scenes)


@dataclass(frozen=True, slots=True)
class Losses:
    """Parts of a step's loss."""

    extent: torch.Tensor
    boundary: torch.Tensor
    depth: torch.Tensor

    @property
    def total(self) -> torch.Tensor:
        """What is brought down."""
        return self.extent + self.boundary + self.depth

    @property
    def figures(self) -> dict[str, float]:
        """For the log."""
        parts = {name: getattr(self, name) for name in ("extent", "boundary", "depth")}
        return {name: float(part.detach()) for name, part in parts.items()}


def field_losses(logits: torch.Tensor, batch: FieldBatch) -> Losses:
    """Cross-entropy and overlap for extent and boundary, absolute error for depth.

    Only where the truth is known.
    """
    known = batch.known[:, None].float()
    count = known.sum().clamp(min=1.0)
    parts = []
    for band in (EXTENT, BOUNDARY):
        own, target = logits[:, band : band + 1], batch.targets[:, band : band + 1]
        entropy = functional.binary_cross_entropy_with_logits(own, target, reduction="none")
        likely = torch.sigmoid(own) * known
        both = (likely * target).sum()
        overlap = 2 * both / (likely.square().sum() + (target.square() * known).sum() + 1.0)
        parts.append((entropy * known).sum() / count + 0.5 * (1 - overlap))
    depth = torch.sigmoid(logits[:, DEPTH : DEPTH + 1])
    error = (depth - batch.targets[:, DEPTH : DEPTH + 1]).abs()
    return Losses(parts[0], parts[1], 2.0 * (error * known).sum() / count)


def train(out: Path, net: FieldNet, sources: list[Source], steps: int, *, half: bool) -> None:
    """Train to the end, from the last checkpoint where there is one."""
    out.mkdir(parents=True, exist_ok=True)
    net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    average = copy.deepcopy(net).eval().requires_grad_(False)
    optimizer = torch.optim.AdamW(_groups(net), betas=(0.9, 0.98))
    first = resume(out, net, average, optimizer)
    mean, std = (torch.tensor(v).reshape(1, 3, 1, 1) for v in (PIXEL_MEAN, PIXEL_STD))
    loader: DataLoader[FieldBatch] = DataLoader(
        FieldBatches(sources, VIEWS, SIDE, SEED, steps),
        batch_size=None,
        sampler=list(range(first, steps)),
        num_workers=1,
        prefetch_factor=4,
        worker_init_fn=_one_thread,
    )
    log = TrainingLog(out / "log.csv", steps)
    net.train()
    early = [*net.encoder.conv_stem.parameters(), *net.encoder.bn1.parameters()]
    early += [p for stage in net.encoder.blocks[:2] for p in stage.parameters()]
    for step, batch in zip(range(first, steps), loader, strict=True):
        start = time.perf_counter()
        # The first levels hold half of the backward pass and change little: every third step.
        for parameter in early:
            parameter.requires_grad_(step % _EARLY_EVERY == 0)
        images = ((batch.images - mean) / std).contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=half):
            logits = net(images).field_map
        losses = field_losses(logits.float(), batch)
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, steps, _PEAK_RATE) * group["share"]
        optimizer.zero_grad(set_to_none=True)
        losses.total.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        follow(average, net, step)
        log.add(step, losses.figures, time.perf_counter() - start)
        if (step + 1) % _SAVE_EVERY == 0 or step + 1 == steps:
            save(out, step + 1, net, average, optimizer)


def _groups(net: FieldNet) -> list[dict[str, object]]:
    """Weights decay, biases and norms do not; what ImageNet taught moves more slowly."""
    groups: list[dict[str, object]] = []
    for inside, share in ((True, _ENCODER_SHARE), (False, 1.0)):
        own = [p for n, p in net.named_parameters() if n.startswith("encoder.") == inside]
        for decays, decay in ((True, 0.02), (False, 0.0)):
            chosen = [p for p in own if (p.ndim > 1) == decays]
            groups.append({"params": chosen, "weight_decay": decay, "share": share})
    return groups


def _one_thread(_: int) -> None:
    torch.set_num_threads(1)


if __name__ == "__main__":
    main()
