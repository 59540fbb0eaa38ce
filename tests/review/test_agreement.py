from datetime import UTC, datetime

import pytest

from core.project import PastVerdict, SecondReview
from core.review.reviewer_agreement import FEW, verdict_agreement

AT = datetime(2025, 6, 1, tzinfo=UTC)


def looks(*pairs: tuple[str, str, int]) -> list[SecondReview]:
    """Second looks that are done: first verdict, second verdict, how often."""
    done = []
    for first, second, times in pairs:
        for _ in range(times):
            one = PastVerdict(first, "Ada", "", AT, 0)
            other = PastVerdict(second, "Ben", "", AT, 0)
            done.append(SecondReview("s", f"t{len(done)}", AT, "Ada", 1, one, other, 1))
    return done


def test_kappa_worked_by_hand() -> None:
    """Observed 8 of 10; by chance 0.6 x 0.6 + 0.4 x 0.4 = 0.52; (0.8 - 0.52) / 0.48."""
    found = verdict_agreement(
        looks(
            ("accepted", "accepted", 5),
            ("accepted", "rejected", 1),
            ("rejected", "accepted", 1),
            ("rejected", "rejected", 3),
        )
    )
    assert found.kappa == pytest.approx(0.28 / 0.48)
    assert (found.tiles, found.same) == (10, 8)
    assert found.counts["accepted", "rejected"] == 1
    assert "10 tiles are few" in found.caution


def test_kappa_of_three_verdicts_worked_by_hand() -> None:
    """Observed 20 of 30; chance (12 x 11 + 9 x 11 + 9 x 8) / 900 = 303 / 900."""
    found = verdict_agreement(
        looks(
            ("accepted", "accepted", 8),
            ("accepted", "fix", 3),
            ("accepted", "rejected", 1),
            ("fix", "accepted", 2),
            ("fix", "fix", 6),
            ("fix", "rejected", 1),
            ("rejected", "accepted", 1),
            ("rejected", "fix", 2),
            ("rejected", "rejected", 6),
        )
    )
    assert found.kappa == pytest.approx((20 / 30 - 303 / 900) / (1 - 303 / 900))
    assert found.tiles == FEW
    assert found.caution == ""


def test_agreement_that_chance_alone_would_give_is_no_better_than_it() -> None:
    found = verdict_agreement(looks(("accepted", "accepted", 9), ("accepted", "fix", 1)))
    assert found.kappa == pytest.approx(0.0)


@pytest.mark.parametrize(
    ("pairs", "why"),
    [
        ([], "at least two"),
        ([("accepted", "accepted", 1)], "at least two"),
        ([("accepted", "accepted", 40)], "same one verdict"),
    ],
)
def test_where_kappa_is_not_defined_it_is_said(pairs, why) -> None:
    found = verdict_agreement(looks(*pairs))
    assert found.kappa is None
    assert why in found.caution


def test_tiles_that_wait_do_not_count() -> None:
    waiting = SecondReview("s", "t", AT, "Ada", 1, None, None, None)
    assert verdict_agreement([waiting]).tiles == 0
