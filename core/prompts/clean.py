"""Prompt cleaning: automatic points that the image contradicts are dropped."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from core.prompts.prompt import Prompt, PromptSet

_LEAST_KEPT = 3


def clean_prompts(
    prompts: PromptSet, probability: npt.NDArray[np.float32], margin: float = 0.1
) -> PromptSet:
    """Drop automatic points whose label the image's own classifier clearly denies.

    Parameters
    ----------
    probability : float32 (rows, columns)
        Cropland probability on the prompts' grid; where it is NaN a point stays.
    margin : float
        A point goes where the probability is beyond 0.5 by more than this on the other side.

    Notes
    -----
    A person's points are never touched.  Of each label at least three points stay, a person's
    first and then the least denied ones, so that a poor classifier cannot silence a class.
    """
    denied = [_denial(prompt, probability) for prompt in prompts.points]
    keep: set[int] = set()
    for label in (0, 1):
        own = [i for i, p in enumerate(prompts.points) if p.label == label]
        trusted = [i for i in own if denied[i] <= margin]
        least = sorted(own, key=lambda i: denied[i])[:_LEAST_KEPT]
        keep.update(trusted, least)
    return replace(prompts, points=tuple(p for i, p in enumerate(prompts.points) if i in keep))


def _denial(prompt: Prompt, probability: npt.NDArray[np.float32]) -> float:
    """How far beyond 0.5 the probability speaks against the label; negative where it agrees."""
    if prompt.source == "person":
        return -1.0
    rows, columns = probability.shape
    row = min(max(int(prompt.point.row), 0), rows - 1)
    column = min(max(int(prompt.point.column), 0), columns - 1)
    value = float(probability[row, column])
    if np.isnan(value):
        return 0.0
    return 0.5 - value if prompt.label == 1 else value - 0.5
