"""Networks as tasks: what one is taught and by what, trained once, kept, and judged."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TypeVar

import numpy as np
import torch
from safetensors.torch import load, save

from core.errors import InputError, Remedy
from core.files import read_checked, write_checked
from core.study.experiments.cells import (
    CellResult,
    Context,
    Facts,
    Flags,
    compare_with_truth,
    digest,
)
from core.study.experiments.crops import CropPlace, Picture, crop_picture, crop_places, picture
from core.study.experiments.fitting import Look, Recipe, fit
from core.study.experiments.methods import Method, thresholded
from core.study.experiments.networks import applied, build_network, fast_precision
from core.study.experiments.region import StudyImage
from core.study.experiments.samples import Sample, samples, tiles

CHECK_SHARE = 0.2
"""Share of the images, or crops, to learn from that decide when to stop instead."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Training:
    """Everything that decides on a network's weights.

    Parameters
    ----------
    network : str
        One of ``NETWORKS``.
    recipe : Recipe
    images : tuple of StudyImage
        To learn from, those that decide when to stop among them.
    teacher : Method, optional
        Says what the images show instead of their truth, which is then not looked at.
    crops : int, optional
        Learn from so many crops of the images alone; by default from all of the images.
    seed : int
        Of first weights, crops and augmentation.
    start : Training, optional
        Go on from this network's weights instead of random ones.
    """

    network: str
    recipe: Recipe
    images: tuple[StudyImage, ...]
    teacher: Method | None = None
    crops: int | None = None
    seed: int = 0
    start: Training | None = None


@dataclass(frozen=True, slots=True)
class NetworkTask:
    """A network judged on images that only measure; masks are kept where asked for."""

    training: Training
    test: tuple[StudyImage, ...]
    keep: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """A network and facts about its training."""

    network: torch.nn.Module
    facts: Facts


def run_network(task: NetworkTask, context: Context) -> CellResult:
    """Work of a cell: train a network, or take the kept one, and judge it."""
    found = trained(task.training, context)
    return judged(found, task.test, context, keep=task.keep)


def judged(
    found: Trained, test: tuple[StudyImage, ...], context: Context, *, keep: bool = False
) -> CellResult:
    """A network's results on all tiles of images."""
    results = []
    for sample in samples(test):
        context.step(0.99)
        mask = thresholded(applied(found.network, sample.image), sample)
        results.append(compare_with_truth(mask, sample, keep=keep))
    return CellResult(tuple(results), found.facts)


def trained(training: Training, context: Context) -> Trained:
    """The network of a training, from the folder where it was trained before.

    Raises
    ------
    InputError
        There are fewer crops than asked for, or too few images to check the training by.
    """
    network = build_network(training.network, training.seed)
    path = context.folder / f"{digest('network', training)}.network"
    kept = read_checked(path, path.name)
    if kept is None:
        if training.start is not None:
            start = trained(training.start, context).network
            network.load_state_dict(start.state_dict())
        facts = _teach(network, training, context)
        write_checked(path, _packed(network, facts), path.name)
        return Trained(network, facts)
    network.load_state_dict(load(kept))
    return Trained(network, _facts_in(kept))


def _teach(network: torch.nn.Module, training: Training, context: Context) -> Facts:
    learn, check = pictures(training)
    looks = fit(network, learn, check, training.recipe, training.seed, context.step)
    return {
        "parameters": sum(weights.numel() for weights in network.parameters()),
        "pictures_to_learn_from": len(learn),
        "pictures_to_check": len(check),
        "precision": "bfloat16" if fast_precision() else "float32",
        "threads": torch.get_num_threads(),
        **curve(looks),
    }


def curve(looks: Sequence[Look]) -> Facts:
    """Steps taken, the best one, and every look, as plain values."""
    known = [look for look in looks if look.mean_iou is not None]
    best = max(known, key=lambda look: (look.mean_iou, look.step), default=None)
    return {
        "steps": looks[-1].step,
        "best_step": None if best is None else best.step,
        "best_mean_iou": None if best is None else best.mean_iou,
        "curve": [asdict(look) for look in looks],
    }


def pictures(training: Training) -> tuple[list[Picture], list[Picture]]:
    """Pictures to learn from, and those to check by; errors as for :func:`trained`."""
    if training.crops is None:
        learn, check = split_off_checks(in_fixed_order(training.images))
        return _whole(learn, training), _whole(check, training)
    drawn = drawn_crops(training.images, training.crops, training.seed)
    learnt, checked = split_off_checks(drawn)
    return _crops(learnt, training), _crops(checked, training)


def in_fixed_order(images: Sequence[StudyImage]) -> list[StudyImage]:
    """Images in an order that is nobody's choice: by a hash of their names."""
    return sorted(images, key=lambda one: hashlib.sha256(one.name.encode()).hexdigest())


def split_off_checks(whole: Sequence[T]) -> tuple[list[T], list[T]]:
    """A list cut into what is learnt from and, at the end, what checks.

    Raises
    ------
    InputError
        There are not two.
    """
    if len(whole) < 2:
        raise InputError(
            "One image, or one crop, is not enough to train a network: another decides when to "
            "stop.",
            "Add images to learn from, or ask for more crops.",
        )
    count = max(1, round(CHECK_SHARE * len(whole)))
    return list(whole[:-count]), list(whole[-count:])


def drawn_crops(images: Sequence[StudyImage], count: int, seed: int) -> list[CropPlace]:
    """``count`` crops drawn by a seed; more crops of the same seed hold those of fewer.

    Raises
    ------
    InputError
        There are not so many.
    """
    places = crop_places(images)
    if count > len(places):
        raise InputError(
            f"{count} labelled crops are asked for, and the images have {len(places)}.",
            remedy=Remedy.FEWER_LABELS,
        )
    order = np.random.default_rng(seed).permutation(len(places))
    return [places[number] for number in order[:count]]


def _whole(images: Sequence[StudyImage], training: Training) -> list[Picture]:
    return [picture(one.image, *taught(one, training.teacher)) for one in samples(images)]


def _crops(places: Sequence[CropPlace], training: Training) -> list[Picture]:
    found = []
    for place in places:
        sample = tiles(place.image)[place.tile]
        found.append(crop_picture(sample.image, *taught(sample, training.teacher), place.window))
    return found


def taught(sample: Sample, teacher: Method | None) -> tuple[Flags, Flags]:
    """What a teacher, or else the truth, says of a tile: cropland, and where it says anything."""
    if teacher is None:
        return sample.truth, sample.known
    return teacher.cropland(sample), sample.landcover.valid & sample.image.valid


def _packed(network: torch.nn.Module, facts: Facts) -> bytes:
    weights = {name: tensor.contiguous() for name, tensor in network.state_dict().items()}
    return save(weights, {"facts": json.dumps(facts)})


def _facts_in(body: bytes) -> Facts:
    # A safetensors file begins with the length of its header, which is JSON.
    length = int.from_bytes(body[:8], "little")
    facts: Facts = json.loads(json.loads(body[8 : 8 + length])["__metadata__"]["facts"])
    return facts
