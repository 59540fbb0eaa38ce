"""What a class's name says: cropland, other land, or nothing clear; whole words, with negations."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Literal

from core.existing import class_vocabulary as vocabulary
from core.landcover.product_registry import PRODUCTS

Meaning = Literal["cropland", "other", "unclear"]
ColumnKind = Literal["class", "crop", "kind"]
Part = Literal[
    "crop", "weak", "other", "rest", "undecided", "doubt", "qualifier", "filling", "not", "unknown"
]

_PARTS: tuple[tuple[Part, str], ...] = (
    ("filling", vocabulary.FILLING),
    ("qualifier", vocabulary.QUALIFIERS),
    ("doubt", vocabulary.DOUBTS),
    ("rest", vocabulary.REST),
    ("weak", vocabulary.WEAK_CROPS),
    ("other", vocabulary.OTHER_LAND),
    ("crop", vocabulary.CROPS),
    ("undecided", vocabulary.UNDECIDED),
    ("not", vocabulary.NEGATIONS),
)
"""Of a word in two lists, the later one counts."""

_COLUMNS: tuple[tuple[ColumnKind, str], ...] = (
    ("class", vocabulary.CLASS_COLUMNS),
    ("crop", vocabulary.CROP_COLUMNS),
    ("kind", vocabulary.KIND_COLUMNS),
)

_WORD = re.compile(r"[^\W\d_]+")
_HUMP = re.compile(r"(?<=[^\W\d_A-Z])(?=[A-Z])")
_CHINESE = re.compile("[\u3400-\u9fff]")
_LONGEST_PHRASE = 4


def meaning_of(value: str) -> Meaning:
    """What the name of a class says.

    A name of a land cover product's legend means what the product says, unless definitions differ
    (orchards).  Otherwise every word has to be known for cropland, and none may speak against it.
    """
    words = _words(value)
    if len(words) == 1 and words[0] in _phrases(vocabulary.SHORT_OTHER_LAND):
        return "other"
    parts = Counter(_negated(list(_parts(words))))
    legend = _legends().get(_plain(value))
    if legend == "other" and parts["undecided"]:
        return "unclear"
    return legend or _judged(parts)


def says_yes_or_no(value: str) -> Meaning:
    """``cropland`` for yes, ``other`` for no, in an attribute that is a question."""
    folded = _folded(value)
    if folded in _phrases(vocabulary.YES):
        return "cropland"
    return "other" if folded in _phrases(vocabulary.NO) else "unclear"


def column_kind(name: str) -> ColumnKind | None:
    """What an attribute may hold by its name: classes, kinds of crops, or kinds of anything."""
    plain = "".join(_WORD.findall(_folded(name)))
    return next((kind for kind, names in _COLUMNS if plain in _phrases(names)), None)


def _judged(parts: Counter[str]) -> Meaning:
    against = parts["other"] + parts["no crop"]
    if parts["undecided"]:
        return "unclear"
    if parts["crop"]:
        doubtful = against or parts["doubt"] or parts["unknown"] or parts["no other"]
        return "unclear" if doubtful else "cropland"
    if parts["weak"] and not against:
        doubtful = parts["doubt"] or parts["unknown"] or parts["no other"]
        return "unclear" if doubtful else "cropland"
    if against:
        return "other"
    return "other" if parts["rest"] and not parts["unknown"] else "unclear"


def _negated(parts: list[Part]) -> Iterator[str]:
    """Parts in which a negation has turned what it stands before, or at the end behind."""
    denied = False
    for place, part in enumerate(parts):
        if part == "not":
            last = place == len(parts) - 1
            before = next((p for p in reversed(parts[:place]) if p != "filling"), None)
            if last and before in ("crop", "weak"):
                yield "no crop"
            denied = True
        elif denied and part in ("crop", "weak"):
            yield "no crop"
            denied = False
        elif denied and part in ("other", "rest"):
            yield "no other"
            denied = False
        else:
            following = parts[place + 1 :]
            ends_in_no = bool(following) and following[-1] == "not"
            if part in ("crop", "weak") and ends_in_no and _only_filling(following[:-1]):
                continue  # 'crop: no', which the negation says
            denied = denied and part == "filling"
            yield part


def _only_filling(parts: list[Part]) -> bool:
    return all(part == "filling" for part in parts)


def _parts(words: list[str]) -> Iterator[Part]:
    place = 0
    while place < len(words):
        for length in range(min(_LONGEST_PHRASE, len(words) - place), 0, -1):
            known = _lexicon().get(" ".join(words[place : place + length]))
            if known is not None:
                yield known
                place += length
                break
        else:
            yield "unknown"
            place += 1


def _words(value: str) -> list[str]:
    """Words in lower case without accents; of Chinese, the longest that are known."""
    words: list[str] = []
    for word in _WORD.findall(_folded(_HUMP.sub(" ", value))):
        if _CHINESE.search(word):
            words += _cut(word)
        elif len(word) > 1:
            words.append(word)
    return words


def _cut(word: str) -> Iterator[str]:
    place = 0
    while place < len(word):
        known = next(
            (
                word[place : place + length]
                for length in range(5, 0, -1)
                if word[place : place + length] in _lexicon()
            ),
            word[place],
        )
        yield known
        place += len(known)


@cache
def _lexicon() -> dict[str, Part]:
    return {phrase: part for part, words in _PARTS for phrase in _phrases(words)}


@cache
def _legends() -> dict[str, Meaning]:
    """Names of the classes of land cover products, where all products agree."""
    meanings: dict[str, set[Meaning]] = {}
    for product in PRODUCTS.values():
        for entry in product.classes:
            meaning: Meaning = "cropland" if entry.cropland else "other"
            meanings.setdefault(_plain(entry.name), set()).add(meaning)
    return {name: found.pop() for name, found in meanings.items() if len(found) == 1}


@cache
def _phrases(words: str) -> frozenset[str]:
    return frozenset(_folded(phrase).strip() for phrase in re.split(r"[,\n]", words)) - {""}


def _plain(value: str) -> str:
    return " ".join(_WORD.findall(_folded(value)))


def _folded(text: str) -> str:
    """In lower case, without accents."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    marks = "".join(letter for letter in apart if not unicodedata.combining(letter))
    return unicodedata.normalize("NFKC", marks).replace("ł", "l").replace("ø", "o").strip()
