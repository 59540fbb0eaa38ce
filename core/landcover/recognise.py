"""Which product a file holds: from its name, its tags and the codes in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from core.errors import LandCoverError, Remedy
from core.landcover.product import Product
from core.landcover.product_registry import PRODUCTS


@dataclass(frozen=True, slots=True)
class Recognition:
    """A product and, in words for the person, why it was taken."""

    product: Product
    reason: str


def recognise(path: str, tags: Mapping[str, str], codes: frozenset[int]) -> Recognition:
    """The product of a file.

    Parameters
    ----------
    tags : mapping
        The raster's metadata tags.
    codes : frozenset of int
        Codes found in the raster; a sample is enough.

    Raises
    ------
    LandCoverError
        No product, or several with different legends, fit; the message names the candidates.
    """
    fitting = [p for p in PRODUCTS.values() if codes <= p.codes and codes - set(p.nodata)]
    if not fitting:
        raise LandCoverError(
            f"{Path(path).name} holds codes of no land cover product that is known: "
            f"{_shown(codes)}.",
            "If you know that it is one of them all the same, say which.",
            Remedy.NAME_PRODUCT,
        )
    text = " ".join(f"{key} {value}" for key, value in tags.items())
    for subject, reason in ((Path(path).stem, "its name says so"), (text, "its tags say so")):
        named = [p for p in fitting if _is_named(p, subject)]
        if named:
            return Recognition(named[0], reason)
    # Of products with one legend the newest, which the registry lists last, wins.
    families = {p.classes: p for p in fitting}
    if len(families) == 1:
        return Recognition(next(iter(families.values())), "its codes fit no other product")
    raise LandCoverError(
        f"{Path(path).name} could be any of these by its codes: "
        f"{', '.join(p.key for p in fitting)}.",
        "Say which one it is.",
        Remedy.NAME_PRODUCT,
    )


def _is_named(product: Product, subject: str) -> bool:
    return any(re.search(p, subject, re.IGNORECASE) for p in product.name_patterns)


def _shown(codes: frozenset[int]) -> str:
    first = sorted(codes)[:12]
    return ", ".join(map(str, first)) + (" and more" if len(codes) > len(first) else "")
