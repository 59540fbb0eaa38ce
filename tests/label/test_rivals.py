import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.grid import PixelPoint
from core.label.click import Question
from core.label.click_mask import draw
from core.label.rivals import OBEYED_PIXELS, Claim, settle
from core.prompts.prompt import Prompt

SIDE = 96
FLAT = np.full((SIDE, SIDE, 3), 120, dtype=np.uint8)


def point(column: float, row: float, label: int = 1) -> Prompt:
    return Prompt(PixelPoint(column, row), label, "person")


def even(value: float) -> np.ndarray:
    return np.full((SIDE, SIDE), value, dtype=np.float32)


def halves(step: int = 60, edge: int = SIDE // 2) -> np.ndarray:
    """Two fields side by side; the right one is lighter."""
    rgb = FLAT.copy()
    rgb[:, edge:] = np.clip(120 + step, 0, 255)
    return rgb


@st.composite
def disputes(draw_one):
    """Clicks in different pixels with claims of every kind, on any image."""
    shape = draw_one(st.tuples(st.integers(2, 70), st.integers(2, 70)))
    generator = np.random.default_rng(draw_one(st.integers(0, 2**32 - 1)))
    rgb = generator.integers(0, 256, (*shape, 3), dtype=np.uint8)
    if draw_one(st.booleans()):
        rgb[:] = rgb[0, 0]
    count = draw_one(st.integers(1, 6))
    places = generator.choice(shape[0] * shape[1], min(count, shape[0] * shape[1]), replace=False)
    claims = []
    for number, place in enumerate(places.tolist()):
        row, column = divmod(place, shape[1])
        offset = generator.random(2)
        at = PixelPoint(column + float(offset[0]), row + float(offset[1]))
        # The first is what the question is about.
        label = 1 if number == 0 else draw_one(st.sampled_from([0, 1]))
        kind = draw_one(st.sampled_from(["none", "all", "even", "noise"]))
        values = {
            "none": np.zeros(shape),
            "all": np.ones(shape),
            "even": np.full(shape, 0.5),
            "noise": generator.random(shape),
        }[kind]
        claims.append(Claim(Prompt(at, label, "person"), values.astype(np.float32)))
    return claims, rgb


@given(disputes())
@settings(max_examples=120, deadline=None)
def test_every_click_is_obeyed(dispute) -> None:
    claims, rgb = dispute
    probability = settle(claims, rgb)
    assert probability.shape == rgb.shape[:2]
    assert probability.dtype == np.float32
    assert ((probability >= 0) & (probability <= 1)).all()
    mask = draw(probability, Question(tuple(claim.prompt for claim in claims)))
    for claim in claims:
        at = claim.prompt.point
        assert mask[int(at.row), int(at.column)] == bool(claim.prompt.label)


@given(disputes())
@settings(max_examples=20, deadline=None)
def test_the_same_clicks_give_the_same_answer(dispute) -> None:
    claims, rgb = dispute
    assert np.array_equal(settle(claims, rgb), settle(claims, rgb))


@given(disputes())
@settings(max_examples=40, deadline=None)
def test_claims_are_left_as_they_are(dispute) -> None:
    claims, rgb = dispute
    before = [claim.probability.copy() for claim in claims]
    settle(claims, rgb)
    assert all(np.array_equal(b, c.probability) for b, c in zip(before, claims, strict=True))


@given(disputes(), st.sampled_from([0, 1]))
@settings(max_examples=60, deadline=None)
def test_flipping_image_and_clicks_flips_the_answer(dispute, axis) -> None:
    claims, rgb = dispute
    expected = np.flip(settle(claims, rgb), axis)
    found = settle([flipped(claim, axis) for claim in claims], np.flip(rgb, axis).copy())
    clear = np.abs(expected - 0.5) > 1e-3
    assert np.array_equal(found[clear] >= 0.5, expected[clear] >= 0.5)


def flipped(claim: Claim, axis: int) -> Claim:
    rows, columns = claim.probability.shape
    at = claim.prompt.point
    # A position on a pixel's left edge would become one on the next pixel's.
    column, row = int(at.column) + 0.5, int(at.row) + 0.5
    moved = point(
        columns - column if axis else column, row if axis else rows - row, claim.prompt.label
    )
    return Claim(moved, np.flip(claim.probability, axis).copy())


def test_one_click_in_its_field_changes_nothing() -> None:
    claim = Claim(point(40, 40), np.linspace(0.5, 1, SIDE * SIDE, dtype="f4").reshape(SIDE, SIDE))
    assert np.array_equal(settle([claim], FLAT), claim.probability)


def test_a_pixel_goes_to_the_click_that_claims_it_most() -> None:
    wanted, unwanted = even(0.9), even(0.1)
    unwanted[:, 60:] = 0.99
    probability = settle([Claim(point(20, 48), wanted), Claim(point(80, 48, 0), unwanted)], FLAT)
    mask = probability >= 0.5
    assert mask[:, :60].all()
    assert not mask[:, 60:].any()


@pytest.mark.parametrize("edge", [30, 48, 66])
def test_where_claims_are_even_the_images_edge_decides(edge) -> None:
    claims = [Claim(point(12, 48), even(0.9)), Claim(point(84, 48, 0), even(0.9))]
    mask = settle(claims, halves(130, edge)) >= 0.5
    truth = np.zeros_like(mask)
    truth[:, :edge] = True
    assert (mask != truth).mean() < 0.05


def test_a_click_against_a_sliver_does_not_halve_the_field() -> None:
    claims = [Claim(point(40, 48), even(0.95)), Claim(point(92, 48, 0), even(0.95))]
    mask = settle(claims, FLAT) >= 0.5
    assert not mask[48, 92]
    assert mask.mean() > 0.8


def test_on_an_even_image_a_negative_takes_what_is_far_nearer_to_it() -> None:
    claims = [Claim(point(12, 48), even(0.9)), Claim(point(84, 48, 0), even(0.9))]
    mask = settle(claims, FLAT) >= 0.5
    assert mask[:, :56].all()
    assert not mask[36:60, 64:].any()


def test_a_click_that_nobody_claims_for_gets_the_ground_up_to_the_edge() -> None:
    first, weak = even(0.1), even(0.4)
    first[:, 60:] = 0.9
    mask = settle([Claim(point(80, 48), first), Claim(point(20, 48), weak)], halves(edge=60)) >= 0.5
    assert mask[:, 60:].all()
    assert mask[30:66, 5:40].mean() > 0.9


def test_a_negative_click_where_nothing_is_wanted_changes_nothing_else() -> None:
    wanted = even(0.02)
    wanted[10:50, 10:50] = 0.97
    claims = [Claim(point(30, 30), wanted), Claim(point(80, 80, 0), even(0.02))]
    assert np.array_equal(settle(claims, FLAT) >= 0.5, wanted >= 0.5)


def test_a_click_in_a_hole_keeps_it_open() -> None:
    clicks = (point(30, 30), point(60, 60, 0))
    claims = [Claim(clicks[0], even(0.999)), Claim(clicks[1], even(0.0))]
    probability = settle(claims, FLAT)
    mask = draw(probability, Question(clicks))
    rows, columns = np.nonzero(~mask)
    assert np.hypot(rows - 60, columns - 60).max() <= max(OBEYED_PIXELS, 20)
    assert (~mask).sum() >= np.pi * (OBEYED_PIXELS - 1) ** 2
    # One that nobody clicked is filled.
    assert draw(probability, Question(clicks[:1])).all()


def test_clicks_on_a_thin_tile_are_settled() -> None:
    claims = [
        Claim(point(3, 0.5), np.full((1, 700), 0.9, dtype=np.float32)),
        Claim(point(690, 0.5, 0), np.full((1, 700), 0.9, dtype=np.float32)),
    ]
    mask = settle(claims, np.zeros((1, 700, 3), dtype=np.uint8)) >= 0.5
    assert mask[0, 3]
    assert not mask[0, 690]
