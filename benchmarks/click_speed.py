"""What settling clicks costs beside asking the model: ``python -m benchmarks.click_speed``.

Measured in turns in one run, so that a busy machine slows all alike; what counts are the ratios to
one decode of one click by one look.  All looks are embedded before, as at a pointer that rests.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from benchmarks.clicks import shipped
from benchmarks.labelled import load_tiles
from core.grid import PixelPoint
from core.label.click import Question, TileViews, answer
from core.label.click_mask import draw
from core.label.rivals import Claim, settle
from core.prompts.prompt import Prompt
from core.sam.protocol import in_half

_ROUNDS = 11
_PLACES = ((500.0, 500.0, 1), (560.0, 520.0, 0), (450.0, 480.0, 1), (520.0, 600.0, 0))


def main() -> None:
    segmenter = shipped()
    rgb = load_tiles(validation=False)[2].image.rgb
    whole = in_half(segmenter.embed(rgb))
    seen = TileViews(rgb, whole)
    clicks = tuple(Prompt(PixelPoint(x, y), 1 if label else 0) for x, y, label in _PLACES)
    claims = [Claim(c, answer(seen, Question((c,)), segmenter)) for c in clicks]

    def asked_anew() -> None:
        """One decode: views that have not asked anything yet, of the whole tile alone."""
        TileViews(rgb, whole).own_field(clicks[0].point, [], segmenter)

    def settled(count: int) -> Callable[[], object]:
        return lambda: settle(claims[:count], rgb)

    def drawn() -> None:
        question = Question(clicks)
        draw(answer(seen, question, segmenter), question)

    steps: dict[str, Callable[[], object]] = {
        "one decode, on the tile's pixels": asked_anew,
        "settling 2 clicks": settled(2),
        "settling 4 clicks": settled(4),
        "4 clicks whose answers are kept, drawn": drawn,
    }
    times = dict(zip(steps, _in_turns(steps), strict=True))
    decode = times["one decode, on the tile's pixels"]
    print("| step | ms | of one decode |\n|---|---|---|")
    for name, seconds in times.items():
        print(f"| {name} | {1000 * seconds:.0f} | {seconds / decode:.2f} |")


def _in_turns(steps: dict[str, Callable[[], object]]) -> list[float]:
    """Median seconds of each step."""
    seconds: list[list[float]] = []
    for _ in range(_ROUNDS):
        row = []
        for step in steps.values():
            begun = time.perf_counter()
            step()
            row.append(time.perf_counter() - begun)
        seconds.append(row)
    return [float(m) for m in np.median(np.array(seconds), axis=0)]


if __name__ == "__main__":
    main()
