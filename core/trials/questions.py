"""The experiments that can be run from a project, by key."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.experiments.comparison import ComparisonOptions, comparison
from core.experiments.experiment import Experiment
from core.experiments.regions import Region
from core.trials.wish import RunWish

Build = Callable[[Sequence[Region], RunWish], Experiment]


@dataclass(frozen=True, slots=True)
class Question:
    """An experiment as a person meets it.

    Parameters
    ----------
    key : str
    title, answers : str
        In a few words, and what it answers in one sentence.
    needs : str
        What it needs beyond scenes with truth; empty where nothing.
    regions : int
        Regions with images to learn from that it needs; 0 where it learns from no truth.
    seconds : float
        That it takes for a tile of 1024 pixels on one processor, about.
    """

    key: str
    title: str
    answers: str
    build: Build
    needs: str = ""
    regions: int = 0
    seconds: float = 0.0


def _methods(regions: Sequence[Region], wish: RunWish) -> Experiment:
    return comparison(regions, ComparisonOptions(wish.methods, wish.model, wish.seed))


METHODS_QUESTION = Question(
    "methods",
    "Compare methods",
    "Which method that needs no training draws these fields best?",
    _methods,
)

QUESTIONS: dict[str, Question] = {one.key: one for one in (METHODS_QUESTION,)}
