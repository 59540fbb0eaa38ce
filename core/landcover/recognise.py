"""Which product a file holds: its name, its tags and the codes in it are all evidence."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from core.errors import LandCoverError, Remedy
from core.landcover.product import Product
from core.landcover.product_registry import PRODUCTS

FILLS = frozenset({0, 255, 32767})
"""Codes that writers put where they know nothing, often without a word in the file."""

_NO_EVIDENCE = frozenset({255, 32767})
"""Fills that tell no product, though some legends have them; 0 is a class of several."""

_STRAY_CODES, _STRAY_SHARE = 3, 0.02
"""So many codes that a legend lacks, on so small a share of the cells, are mistakes of a few."""

_LEAST_CODES = 3
"""Codes that a file without a name must share with a legend for strays to be forgiven."""

_BETWEEN_CODES, _BETWEEN_SHARE, _SEEN_SHARE, _OVERSHOOT = 5, 0.5, 0.02, 1.15
"""Interpolation between two classes makes many codes on less than half of the cells."""


@dataclass(frozen=True, slots=True)
class Recognition:
    """A product and, in words for the person, why it was taken."""

    product: Product
    reason: str


def recognise(path: str, tags: Mapping[str, str], counts: Mapping[int, int]) -> Recognition:
    """The product of a file.

    A few cells of other codes are forgiven, and so are the usual codes of cells of which nothing
    is known; both are unknown later on.

    Parameters
    ----------
    tags : mapping
        The raster's metadata tags.
    counts : mapping
        How many cells hold each code; a sample is enough.

    Raises
    ------
    LandCoverError
        Name and codes contradict each other; or no product, or several with different legends, fit
        the codes.  The message names them.
    """
    text = " ".join(f"{key} {value}" for key, value in tags.items())
    named: dict[str, Product] = {}
    for subject, reason in ((Path(path).stem, "its name says so"), (text, "its tags say so")):
        meant = [product for product in PRODUCTS.values() if _is_named(product, subject)]
        fitting = [product for product in meant if _fits(product, counts)]
        if fitting:
            # CORINE has two legends under one name: that which lacks the fewest codes.
            best = min(fitting, key=lambda product: len(stray_codes(product, counts)))
            return Recognition(best, reason)
        named.update({product.key: product for product in meant})
    if named and any(code not in FILLS for code in counts):
        raise _contradiction(path, next(iter(named.values())), counts)
    return _by_codes(path, counts)


def stray_codes(product: Product, counts: Mapping[int, int]) -> dict[int, int]:
    """Codes that a product's legend lacks, and how many cells hold each; smallest code first."""
    return {code: cells for code, cells in sorted(counts.items()) if code not in product.codes}


def codes_in_words(codes: Mapping[int, int]) -> str:
    """The smallest codes, and whether there are more."""
    first = sorted(codes)[:12]
    return ", ".join(map(str, first)) + (" and more" if len(codes) > len(first) else "")


def share_in_words(cells: int, of: int) -> str:
    """Per cent of cells, as a person reads them."""
    percent = 100 * cells / max(1, of)
    if percent < 0.1:
        return "less than 0.1 %"
    return f"{percent:.0f} %" if percent >= 10 else f"{percent:.2g} %"


def _by_codes(path: str, counts: Mapping[int, int]) -> Recognition:
    known = {code: cells for code, cells in counts.items() if code not in _NO_EVIDENCE}
    exact = [
        product
        for product in PRODUCTS.values()
        if known.keys() <= product.codes and _classes_in(product, counts)
    ]
    forgiven = [
        product
        for product in PRODUCTS.values()
        if _fits(product, counts) and len(_classes_in(product, counts)) >= _LEAST_CODES
    ]
    between = [product for product in PRODUCTS.values() if _interpolated(product, counts)]
    fitting = [p for p in PRODUCTS.values() if p in exact or p in forgiven or p in between]
    if not fitting:
        raise LandCoverError(
            f"{Path(path).name} holds codes of no land cover product that is known: "
            f"{codes_in_words(counts)}.",
            "If you know which one it is, choose it.",
            Remedy.NAME_PRODUCT,
        )
    # Of products with one legend the newest, which the registry lists last, wins.
    families = {p.classes: p for p in fitting}
    if len(families) == 1 and not between:
        return Recognition(next(iter(families.values())), "its codes fit no other product")
    if len(families) == 1 or not exact:
        raise _interpolation(path, between[0] if between else fitting[0], counts, named=False)
    raise LandCoverError(
        f"{Path(path).name} could be any of these by its codes: "
        f"{', '.join(p.key for p in fitting)}.",
        "Say which one it is.",
        Remedy.NAME_PRODUCT,
    )


def _classes_in(product: Product, counts: Mapping[int, int]) -> list[int]:
    return [entry.code for entry in product.classes if entry.code in counts]


def _fits(product: Product, counts: Mapping[int, int]) -> bool:
    strays = {c: n for c, n in stray_codes(product, counts).items() if c not in FILLS}
    cells = sum(n for c, n in counts.items() if c in product.codes or c not in FILLS)
    few = len(strays) <= _STRAY_CODES and sum(strays.values()) <= _STRAY_SHARE * cells
    return bool(_classes_in(product, counts)) and few


def _interpolated(product: Product, counts: Mapping[int, int]) -> bool:
    """Whether the cells look like a product's whose codes were averaged between classes."""
    strays = {c: n for c, n in stray_codes(product, counts).items() if c not in FILLS}
    classes = _classes_in(product, counts)
    if len(strays) < _BETWEEN_CODES or len(classes) < 2:
        return False
    cells = sum(counts.values()) - sum(counts.get(code, 0) for code in FILLS)
    seen = [code for code in classes if counts[code] >= _SEEN_SHARE * cells]
    on_classes = sum(counts[code] for code in classes)
    between = max(strays) <= _OVERSHOOT * max(classes)
    return len(seen) >= 2 and on_classes >= _BETWEEN_SHARE * cells and between


def _contradiction(path: str, product: Product, counts: Mapping[int, int]) -> LandCoverError:
    if _interpolated(product, counts):
        return _interpolation(path, product, counts, named=True)
    strays = {c: n for c, n in stray_codes(product, counts).items() if c not in FILLS}
    try:
        others = _by_codes(path, counts).product.title
    except LandCoverError:
        others = ""
    fitting = f"; its codes are those of {others}" if others else ""
    return LandCoverError(
        f"{Path(path).name} is named like {product.title}, but holds codes that it does not have: "
        f"{codes_in_words(strays)} ({_share_of(strays, counts)} of its cells){fitting}.",
        "Say which product the file holds, or choose another file.",
        Remedy.NAME_PRODUCT,
    )


def _interpolation(
    path: str, product: Product, counts: Mapping[int, int], *, named: bool
) -> LandCoverError:
    strays = {c: n for c, n in stray_codes(product, counts).items() if c not in FILLS}
    like = f"is named like {product.title}" if named else f"looks like {product.title}"
    return LandCoverError(
        f"{Path(path).name} {like}, but {_share_of(strays, counts)} of its cells hold codes "
        f"between its classes ({codes_in_words(strays)}), as resampling by interpolation makes "
        "them.",
        "Resample the original again by nearest neighbour. If you say which product it is, those "
        "cells count as unknown, but others may hold a wrong class.",
        Remedy.NAME_PRODUCT,
    )


def _share_of(part: Mapping[int, int], counts: Mapping[int, int]) -> str:
    return share_in_words(sum(part.values()), sum(counts.values()))


def _is_named(product: Product, subject: str) -> bool:
    return any(re.search(p, subject, re.IGNORECASE) for p in product.name_patterns)
