"""Seeded mutants: bytes of any file, and values of any JSON."""

from __future__ import annotations

import random
from typing import Any

_VALUES: tuple[Any, ...] = (
    *(None, True, -1, 0, 2**70, 1e308, -0.5, "", "x", "../../..", "\x1b[31m", "\ud800"),
    *([], [[]], {}, {"a": 1}, [1, 2]),
)


def mutated_bytes(body: bytes, generator: random.Random) -> bytes:
    """A file with one thing changed: a byte, a run of bytes, its end, a piece twice."""
    changed = bytearray(body)
    place = generator.randrange(len(changed))
    kind = generator.randrange(6)
    if kind <= 2:
        changed[place] ^= generator.randrange(1, 256)
    elif kind == 3:
        stop = place + generator.choice((2, 4, 8, 64))
        changed[place:stop] = generator.choice((b"\x00", b"\xff", b"\x7f")) * (stop - place)
    elif kind == 4:
        del changed[place:]
    else:
        changed[place:place] = changed[place : place + generator.randrange(1, 200)]
    return bytes(changed)


def mutate_json(document: Any, generator: random.Random) -> None:
    """Put something else in the place of one value anywhere in a document."""
    place = document
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = generator.choice(keys)
        inner = place[key]
        if not isinstance(inner, dict | list) or not inner or generator.random() < 0.1:
            place[key] = generator.choice(_VALUES)
            return
        place = inner
