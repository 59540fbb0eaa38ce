"""Review: second looks, how well reviewers agree, and what the work took."""

from typing import TYPE_CHECKING

from core.faces import load_lazily

if TYPE_CHECKING:
    from core.review.blind import without_verdicts
    from core.review.change import TileChange, between_reviewers, changes_of, pooled
    from core.review.effort import PAUSE_S, Effort, Share, ledger, total
    from core.review.reviewer_agreement import ORDER, VerdictAgreement, verdict_agreement
    from core.review.second import asked, judge, owed, sample, seen_by, settled, without_hidden

__getattr__ = load_lazily(
    __name__,
    {
        "blind": ("without_verdicts",),
        "change": (
            "TileChange",
            "between_reviewers",
            "changes_of",
            "pooled",
        ),
        "effort": (
            "Effort",
            "PAUSE_S",
            "Share",
            "ledger",
            "total",
        ),
        "reviewer_agreement": (
            "ORDER",
            "VerdictAgreement",
            "verdict_agreement",
        ),
        "second": (
            "asked",
            "judge",
            "owed",
            "sample",
            "seen_by",
            "settled",
            "without_hidden",
        ),
    },
)

__all__ = [
    "ORDER",
    "PAUSE_S",
    "Effort",
    "Share",
    "TileChange",
    "VerdictAgreement",
    "asked",
    "between_reviewers",
    "changes_of",
    "judge",
    "ledger",
    "owed",
    "pooled",
    "sample",
    "seen_by",
    "settled",
    "total",
    "verdict_agreement",
    "without_hidden",
    "without_verdicts",
]
