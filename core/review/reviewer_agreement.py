"""How well two reviewers agree about the same tiles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sklearn.metrics import cohen_kappa_score

from core.project import SecondReview

FEW = 30
"""Pairs below which one more tile can move kappa a lot."""

ORDER = ("accepted", "fix", "rejected")


@dataclass(frozen=True, slots=True)
class VerdictAgreement:
    """First against second verdicts.

    Parameters
    ----------
    tiles : int
        Pairs of verdicts.
    same : int
        Pairs in which both say the same.
    counts : dict of (str, str) to int
        Pairs by first and second verdict; those that do not occur are left out.
    kappa : float or None
        Cohen's kappa, 1960, doi:10.1177/001316446002000104; None where it is not defined.
    caution : str
        Why there is no kappa, or why it says little; empty where neither.
    """

    tiles: int
    same: int
    counts: dict[tuple[str, str], int]
    kappa: float | None
    caution: str


def verdict_agreement(reviews: Sequence[SecondReview]) -> VerdictAgreement:
    """Agreement over the second looks that are done."""
    pairs = [
        (review.first.verdict, review.second.verdict)
        for review in reviews
        if review.first is not None and review.second is not None
    ]
    counts = Counter(pairs)
    same = sum(number for (first, second), number in counts.items() if first == second)
    kappa, caution = _kappa(pairs)
    return VerdictAgreement(len(pairs), same, dict(counts), kappa, caution)


def _kappa(pairs: Sequence[tuple[str, str]]) -> tuple[float | None, str]:
    if len(pairs) < 2:
        return None, "Kappa needs at least two tiles with both verdicts."
    said = {verdict for pair in pairs for verdict in pair}
    if len(said) == 1:
        # Chance alone would agree everywhere: nought divided by nought.
        return None, (
            "Kappa is not defined while both reviewers give every tile the same one verdict."
        )
    firsts, seconds = zip(*pairs, strict=True)
    kappa = float(cohen_kappa_score(firsts, seconds))
    if len(pairs) < FEW:
        return kappa, (
            f"{len(pairs)} tiles are few: one more can move kappa a lot. "
            f"From about {FEW} on it can be relied on."
        )
    return kappa, ""
