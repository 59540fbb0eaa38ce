"""The experiments that can be run from a project, by key, as people meet them.

What builds them (``core.study.projects.building``) is only loaded by the process that runs
them: the app itself needs no networks.
"""

from __future__ import annotations

from dataclasses import dataclass

LEARNING_REGIONS = 2
_NEEDS_REGIONS = (
    "Needs two folders of images with truth, added above: networks learn in one and are tried in "
    "the other."
)


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
    minutes : float
        That it takes whatever is chosen, on one processor, about.
    minutes_a_tile : float
        That it takes for each tile of 1024 pixels besides.
    """

    key: str
    title: str
    answers: str
    needs: str = ""
    regions: int = 0
    minutes: float = 0.2
    minutes_a_tile: float = 0.0


METHODS_QUESTION = Question(
    "methods",
    "Compare methods",
    "Which method that needs no training draws these fields best?",
)

QUESTIONS: dict[str, Question] = {
    one.key: one
    for one in (
        METHODS_QUESTION,
        Question(
            "robustness",
            "Worse land cover, worse imagery",
            "How much worse do maps get with a coarser, shifted or mistaken land cover, or with "
            "blurred or hazy imagery?",
            minutes_a_tile=10.0,
        ),
        Question(
            "ablation",
            "What each part is worth",
            "What does a method lose without its land cover points, with fewer of them, or "
            "without cleaning them?",
            minutes_a_tile=3.5,
        ),
        Question(
            "training",
            "Prompting against training",
            "How many labelled images does a trained network need to be better than methods that "
            "need none?",
            _NEEDS_REGIONS,
            LEARNING_REGIONS,
            minutes=45.0,
            minutes_a_tile=1.0,
        ),
        Question(
            "adaptation",
            "Networks in another region",
            "Can a network that was trained elsewhere be adapted to these fields without labels?",
            _NEEDS_REGIONS,
            LEARNING_REGIONS,
            minutes=20.0,
            minutes_a_tile=0.5,
        ),
    )
}
