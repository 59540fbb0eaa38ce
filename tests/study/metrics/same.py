"""Comparison of figures that may be undefined."""

from __future__ import annotations

import math

from hypothesis import settings

quick = settings(deadline=None, max_examples=60)
"""For properties of small arrays, on machines of any speed."""


def same(found: float | None, expected: float | None, *, rel: float = 1e-9) -> bool:
    """Whether both are undefined, or both are one number but for rounding."""
    if found is None or expected is None:
        return found is expected
    return math.isclose(found, expected, rel_tol=rel, abs_tol=1e-6)
