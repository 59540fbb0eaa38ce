"""What is said of models."""

from __future__ import annotations

import pytest

from core.sam.registry import DEFAULT_MODEL, MODELS, get_model


@pytest.mark.parametrize(
    ("gsd_m", "said"),
    [
        (0.1, "This model has not seen 0.1 m imagery."),
        (0.3, "This model has seen little 0.3 m imagery."),
        (0.5, ""),
        (3.05, ""),
        (10.0, "This model has seen little 10 m imagery."),
        (30.0, "This model has not seen 30 m imagery."),
    ],
)
def test_the_model_that_ships_says_which_imagery_it_has_seen(gsd_m: float, said: str) -> None:
    assert get_model(DEFAULT_MODEL).warning_at(gsd_m) == said


def test_models_that_state_nothing_say_nothing() -> None:
    silent = [spec for spec in MODELS.values() if spec.key != DEFAULT_MODEL]
    assert silent
    assert {spec.warning_at(30.0) for spec in silent} == {""}
