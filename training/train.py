"""Train the small promptable model: ``python -m training.train --out runs/small``.

Four stages: the encoder and the cells' codes alone, then prompts on views of 256 pixels, then codes
on whole frames of 512, in which fields further apart must be told apart too, then prompts on those.
On frames the batch statistics are held, because two images are too few to measure them.

Stopped at any moment, the same command goes on from the last checkpoint; ``--start FILE`` begins
with weights that an earlier training exported.  The log is ``log.csv``; ``python -m
training.curves`` draws it.
"""

from __future__ import annotations

import argparse
import copy
import csv
import math
import os
import time
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader

from core.sam.architectures import load_weights
from core.sam.small import INPUT_SIDE, build_small
from core.sam.weights import load_state
from training.batches import Batch, Batches, BatchPlan
from training.learner import Learner, Report, step_loss
from training.scenes import TrainingScene, make_farmland, read_tile, tile_names

SEED = 20261121
_BESIDE_CHECKOUT = Path(__file__).resolve().parents[2] / "shared" / "data"
_PEAK_RATE, _LAST_RATE = 1.2e-3, 1e-5
_WARM_UP = 200
_AVERAGE = 0.998
_SAVE_EVERY = 200
_LOG_EVERY = 20


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of the training."""

    name: str
    steps: int
    plan: BatchPlan
    prompted: bool
    hold_statistics: bool = False


STAGES = (
    Stage("surface", 700, BatchPlan(side=256, views=8, fields=1, covers=1), prompted=False),
    Stage("views", 900, BatchPlan(side=256, views=8, fields=4, covers=1), prompted=True),
    Stage(
        "codes",
        2500,
        BatchPlan(side=512, views=2, fields=1, covers=1),
        prompted=False,
        hold_statistics=True,
    ),
    Stage(
        "frames",
        750,
        BatchPlan(side=512, views=2, fields=5, covers=1),
        prompted=True,
        hold_statistics=True,
    ),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("runs/small"))
    parser.add_argument("--scenes", type=int, default=90, help="simulated scenes")
    parser.add_argument("--start", type=Path, help="safetensors of an earlier training")
    parser.add_argument("--no-half", action="store_true", help="float32 instead of bfloat16")
    options = parser.parse_args()
    data = Path(os.environ.get("CROPMAP_TEST_DATA", _BESIDE_CHECKOUT)) / "naip_fields"
    scenes = [read_tile(data, name) for name in tile_names(data, validation=False)]
    scenes += make_farmland(options.scenes, SEED)
    start = load_state(options.start) if options.start else None
    train(options.out, scenes, STAGES, half=not options.no_half, start=start)


def train(
    out: Path,
    scenes: list[TrainingScene],
    stages: tuple[Stage, ...],
    *,
    half: bool,
    start: dict[str, torch.Tensor] | None = None,
) -> None:
    """Train to the end, from the last checkpoint where there is one.

    Parameters
    ----------
    out : Path
        Folder of ``checkpoint.pt`` and ``log.csv``.
    scenes : list of TrainingScene
    stages : tuple of Stage
    half : bool
        Multiply in bfloat16, which a CPU with AVX512-BF16 does at twice the speed.
    start : dict of tensors, optional
        Weights to begin with where there is no checkpoint yet.
    """
    out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(SEED)
    model = build_small()
    if start is not None:
        load_weights(model, start, "small")
    learner = Learner(model)
    learner.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    average = copy.deepcopy(learner).eval().requires_grad_(False)
    optimizer = torch.optim.AdamW(_groups(learner), lr=_PEAK_RATE, betas=(0.9, 0.98))
    done = _resume(out, learner, average, optimizer)
    total = sum(stage.steps for stage in stages)
    print(f"{len(scenes)} scenes, from step {done} of {total}", flush=True)
    run = _Run(out, learner, average, optimizer, Log(out / "log.csv", total), total, half)
    first = 0
    for stage in stages:
        last = first + stage.steps
        if done < last:
            _run_stage(run, stage, range(max(first, done), last), scenes)
        first = last
    _save(run, total)


@dataclass(frozen=True, slots=True)
class _Run:
    """What a training holds from its first step to its last."""

    out: Path
    learner: Learner
    average: Learner
    optimizer: torch.optim.Optimizer
    log: Log
    total: int
    half: bool


def _run_stage(run: _Run, stage: Stage, steps: range, scenes: list[TrainingScene]) -> None:
    loader: DataLoader[Batch] = DataLoader(
        Batches(scenes, stage.plan, INPUT_SIDE, SEED, steps.stop),
        batch_size=None,
        sampler=list(steps),
        num_workers=1,
        prefetch_factor=3,
        worker_init_fn=_one_thread,
    )
    for step, batch in zip(steps, loader, strict=True):
        start = time.perf_counter()
        run.learner.train()
        if stage.hold_statistics:
            _hold_statistics(run.learner)
        generator = torch.Generator().manual_seed(SEED + step)
        rounds = 2 + (step % 2) if stage.prompted else 0
        loss, report = step_loss(run.learner, batch, rounds, generator, run.half)
        rate = learning_rate(step, run.total)
        for group in run.optimizer.param_groups:
            group["lr"] = rate
        run.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(run.learner.parameters(), 1.0)
        run.optimizer.step()
        _follow(run.average, run.learner, step)
        seconds = time.perf_counter() - start
        run.log.add(step, stage.name, rate, float(loss.detach()), report, seconds)
        if (step + 1) % _SAVE_EVERY == 0:
            _save(run, step + 1)


def learning_rate(step: int, total: int) -> float:
    """A short warm-up, then half a cosine down to nearly nothing."""
    if step < _WARM_UP:
        return _PEAK_RATE * (step + 1) / _WARM_UP
    share = (step - _WARM_UP) / max(1, total - _WARM_UP)
    return _LAST_RATE + (_PEAK_RATE - _LAST_RATE) * 0.5 * (1 + math.cos(math.pi * share))


def _groups(learner: Learner) -> list[dict[str, object]]:
    """Weights decay, biases, norms and tokens do not."""
    decayed = [p for p in learner.parameters() if p.ndim > 1]
    free = [p for p in learner.parameters() if p.ndim <= 1]
    return [
        {"params": decayed, "weight_decay": 0.03},
        {"params": free, "weight_decay": 0.0},
    ]


def _hold_statistics(learner: Learner) -> None:
    for module in learner.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()


@torch.no_grad()
def _follow(average: Learner, learner: Learner, step: int) -> None:
    """Exponential moving average of weights and statistics: what is evaluated and shipped."""
    keep = min(_AVERAGE, (1 + step) / (10 + step))
    for mine, theirs in zip(
        average.state_dict().values(), learner.state_dict().values(), strict=True
    ):
        if mine.is_floating_point():
            mine.lerp_(theirs, 1 - keep)
        else:
            mine.copy_(theirs)


def _save(run: _Run, step: int) -> None:
    aside = run.out / "checkpoint.part"
    state = {
        "step": step,
        "learner": run.learner.state_dict(),
        "average": run.average.state_dict(),
        "optimizer": run.optimizer.state_dict(),
    }
    torch.save(state, aside)
    aside.replace(run.out / "checkpoint.pt")


def _resume(out: Path, learner: Learner, average: Learner, optimizer: torch.optim.Optimizer) -> int:
    path = out / "checkpoint.pt"
    if not path.exists():
        return 0
    state = torch.load(path, weights_only=True)  # noqa: TID251  (our own, and tensors alone)
    learner.load_state_dict(state["learner"])
    average.load_state_dict(state["average"])
    optimizer.load_state_dict(state["optimizer"])
    return int(state["step"])


def _one_thread(_: int) -> None:
    torch.set_num_threads(1)


class Log:
    """A CSV line of means for every twenty steps, and the same on the screen."""

    def __init__(self, path: Path, total: int) -> None:
        self.path = path
        self.total = total
        self.rows: list[dict[str, float]] = []

    def add(
        self, step: int, stage: str, rate: float, loss: float, report: Report, seconds: float
    ) -> None:
        """Figures of one step; written with those of nineteen others."""
        self.rows.append({"loss": loss, **asdict(report), "seconds": seconds})
        if len(self.rows) < _LOG_EVERY:
            return
        names = ["loss", *(f.name for f in fields(Report)), "seconds"]
        means = {name: float(np.mean([row[name] for row in self.rows])) for name in names}
        self.rows.clear()
        new = not self.path.exists()
        with self.path.open("a", newline="") as handle:
            writer = csv.writer(handle)
            if new:
                writer.writerow(["step", "stage", "rate", *names])
            writer.writerow([step + 1, stage, f"{rate:.2e}", *(f"{means[n]:.4f}" for n in names)])
        shown = "  ".join(f"{name} {means[name]:.3f}" for name in names)
        print(f"{stage} {step + 1}/{self.total}  {shown}", flush=True)


if __name__ == "__main__":
    main()
