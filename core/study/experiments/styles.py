"""Colours and markers of methods: one method looks the same in every plot.

Colours are Okabe and Ito's and Paul Tol's, which people with any colour vision tell apart; markers
differ, too, for paper without colours.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import cycle
from typing import Literal, get_args

from core.study.experiments.cells import Label
from core.study.experiments.methods import LANDCOVER

_KNOWN = {
    LANDCOVER: ("#000000", "s"),
    "classifier": ("#E69F00", "o"),
    "apt": ("#56B4E9", "^"),
    "joint": ("#009E73", "D"),
    "per_field": ("#CC79A7", "v"),
    "apt_plus": ("#0072B2", "P"),
    "U-Net": ("#D55E00", "X"),
    "DeepLabv3+": ("#882255", "<"),
    "FPN": ("#999933", ">"),
}
_OTHERS = (
    ("#332288", "o"),
    ("#D55E00", "s"),
    ("#117733", "^"),
    ("#AA4499", "D"),
    ("#E69F00", "v"),
    ("#56B4E9", "P"),
    ("#661100", "X"),
    ("#009E73", "<"),
    ("#888888", ">"),
    ("#0072B2", "h"),
)
Line = Literal["-", "--", ":", "-."]
_LINES: tuple[Line, ...] = get_args(Line)


@dataclass(frozen=True, slots=True)
class Style:
    """How a series is drawn; ``filled`` says whether its markers are."""

    colour: str
    marker: str
    line: Line = "-"
    filled: bool = True


def styles(series: Iterable[Label]) -> dict[Label, Style]:
    """A style for each series, in their order.

    Names with one beginning before a comma (``U-Net, fine-tuned``) are variants: they have its
    colour and another line.
    """
    names = list(dict.fromkeys(series))
    families = {name: str(name).split(", ")[0] for name in names}
    unknown = [one for one in dict.fromkeys(families.values()) if one not in _KNOWN]
    looks = {**_KNOWN, **dict(zip(unknown, cycle(_OTHERS), strict=False))}
    found: dict[Label, Style] = {}
    for name, family in families.items():
        # The name alone is the first variant, whether it is shown or not.
        others = [one for one in names if families[one] == family and one != family]
        number = others.index(name) + (family in families) if name in others else 0
        found[name] = Style(*looks[family], _LINES[number % len(_LINES)], number % 2 == 0)
    return found
