"""The attributes that a project has: of which kind each is, and what may be said."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import date
from functools import cached_property
from typing import Any, Literal, get_args

from pydantic import TypeAdapter, ValidationError

from core.attributes.values import LONGEST_KEY, LONGEST_TEXT, Change, Value, is_key
from core.errors import InputError

AttributeKind = Literal["choice", "yes_no", "text", "number", "date"]

KINDS: tuple[AttributeKind, ...] = get_args(AttributeKind)

MOST_ATTRIBUTES = 20
MOST_CHOICES = 1_000
_LONGEST_NAME = 80
_LONGEST_CODE = 40
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")

RESERVED = frozenset(
    (
        *("fid", "id", "geometry", "geom", "bbox", "collection", "field_id", "class", "status"),
        *("reason", "area_ha", "perimeter_m", "score", "method", "image_source", "model"),
        *("land_cover", "positive_prompts", "negative_prompts", "reviewer", "review_date"),
        *("review_datetime", "tile"),
    )
)
"""Names of columns that every table of parcels has; no attribute may take one."""

NAME_SUFFIX = "_name"
"""Behind the key of a choice: the column that holds the name of the code in words."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing that can be chosen.

    Parameters
    ----------
    code : str
        What is stored and exported.
    name : str
        What people read.
    colour : str
        On the map, ``#rrggbb``; empty for none.
    """

    code: str
    name: str
    colour: str = ""

    def __post_init__(self) -> None:
        """Refuse what could not be stored, shown or drawn."""
        if not 0 < len(self.code) <= _LONGEST_CODE or not _is_line(self.code):
            raise InputError(
                f"The code {self.code[:_LONGEST_CODE]!r} is empty, too long or no text.",
                f"A code has 1 to {_LONGEST_CODE} characters.",
            )
        if not 0 < len(self.name) <= _LONGEST_NAME or not _is_line(self.name):
            raise InputError(
                f"The name of the code {self.code} is empty, too long or no text.",
                f"A name has 1 to {_LONGEST_NAME} characters.",
            )
        if self.colour and not _COLOUR.fullmatch(self.colour):
            raise InputError(
                f"The colour of the code {self.code} is none.", "Write it like #e69f00."
            )


@dataclass(frozen=True)
class Attribute:
    """One attribute of a project's parcels.

    Parameters
    ----------
    key : str
        Names it in the log and in files; it never changes.
    name : str
        What people read.
    choices : tuple of Choice
        What can be chosen; empty for the other kinds.
    required : bool
        Whether a parcel of cropland lacks something without it.
    """

    key: str
    name: str
    kind: AttributeKind
    choices: tuple[Choice, ...] = ()
    required: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot be an attribute."""
        if not is_key(self.key) or self.key in RESERVED:
            raise InputError(f"{self.key[:LONGEST_KEY]!r} cannot be the key of an attribute.")
        if not 0 < len(self.name) <= _LONGEST_NAME or not _is_line(self.name):
            raise InputError(
                "An attribute needs a name.", f"Type one of at most {_LONGEST_NAME} characters."
            )
        if (self.kind == "choice") != bool(self.choices):
            raise InputError(
                f"{self.name} has nothing to choose from."
                if self.kind == "choice"
                else f"Only an attribute of choices has a list, which {self.name} is not.",
                "Give it a list of codes and names." if self.kind == "choice" else "",
            )
        if len(self.choices) > MOST_CHOICES:
            raise InputError(
                f"The list of {self.name} has {len(self.choices):,} codes; {MOST_CHOICES:,} are "
                "the most.",
                "Leave those out that do not occur in the project.",
            )
        if len(self._by_code) < len(self.choices):
            raise InputError(f"The list of {self.name} has a code twice.", "Take one away.")

    @cached_property
    def _by_code(self) -> dict[str, Choice]:
        return {choice.code: choice for choice in self.choices}

    def choice(self, value: Value | None) -> Choice | None:
        """The choice of a code; None where there is none of it (any more)."""
        return self._by_code.get(value) if isinstance(value, str) else None

    def takes(self, value: Value) -> bool:
        """Whether a value is of this attribute's kind, and one of its choices."""
        if self.kind == "choice":
            return self.choice(value) is not None
        if self.kind == "yes_no":
            return isinstance(value, bool)
        if self.kind == "number":
            return isinstance(value, float) and math.isfinite(value)
        if not isinstance(value, str):
            return False
        return self.kind == "text" or _is_date(value)

    @property
    def expects(self) -> str:
        """What a person is to give, in a sentence."""
        return {
            "choice": f"Choose {self.name} from its list.",
            "yes_no": f"{self.name} is yes or no.",
            "text": f"{self.name} is a text of at most {LONGEST_TEXT} characters.",
            "number": f"{self.name} is a number.",
            "date": f"{self.name} is a date, written like 2026-05-31.",
        }[self.kind]


@dataclass(frozen=True, slots=True)
class AttributeSchema:
    """All attributes of a project, in the order in which they are shown and exported."""

    attributes: tuple[Attribute, ...] = ()

    def __post_init__(self) -> None:
        """Refuse too many, and two whose columns would have the same name."""
        if len(self.attributes) > MOST_ATTRIBUTES:
            raise InputError(
                f"A project has at most {MOST_ATTRIBUTES} attributes.", "Take one away first."
            )
        names = self.columns
        if len(set(names)) < len(names):
            raise InputError("Two attributes have the same key.", "Give one another name.")

    @property
    def columns(self) -> list[str]:
        """Names of the columns of a table, in their order."""
        return [name for one in self.attributes for name in columns_of(one)]

    def attribute(self, key: str) -> Attribute | None:
        """The attribute of a key; None where there is none (any more)."""
        return next((one for one in self.attributes if one.key == key), None)

    def check(self, change: Change) -> None:
        """Refuse a change that the schema does not allow.

        Raises
        ------
        InputError
            An attribute is unknown, or a value is not of its kind or its list.
        """
        for key, value in change:
            attribute = self.attribute(key)
            if attribute is None:
                raise InputError(
                    f"The project has no attribute {key!r}.",
                    "Somebody may have taken it away; reload the page.",
                )
            if value is not None and not attribute.takes(value):
                raise InputError(f"{attribute.name} cannot be that.", attribute.expects)

    def with_one(
        self,
        name: str,
        kind: AttributeKind,
        choices: tuple[Choice, ...] = (),
        *,
        required: bool = False,
    ) -> AttributeSchema:
        """The schema with one attribute more, whose key is made of its name.

        Raises
        ------
        InputError
            It cannot be an attribute, or there is one of that name.
        """
        name = " ".join(name.split())
        if any(one.name.casefold() == name.casefold() for one in self.attributes):
            raise InputError(f"There is an attribute {name} already.", "Choose another name.")
        key = _free_key(name, kind, {*RESERVED, *self.columns})
        return AttributeSchema((*self.attributes, Attribute(key, name, kind, choices, required)))

    def without(self, key: str) -> AttributeSchema:
        """The schema without an attribute; what was said of parcels stays in the log."""
        return AttributeSchema(tuple(one for one in self.attributes if one.key != key))


NO_ATTRIBUTES = AttributeSchema()


def columns_of(attribute: Attribute) -> list[str]:
    """Names of the columns that an attribute has in a table: a choice has its name, too."""
    named = [attribute.key + NAME_SUFFIX] if attribute.kind == "choice" else []
    return [attribute.key, *named]


def schema_to_json(schema: AttributeSchema) -> dict[str, Any]:
    """The schema as plain values."""
    return asdict(schema)


def schema_from_json(raw: object) -> AttributeSchema:
    """The inverse of :func:`schema_to_json`.

    Raises
    ------
    InputError
        It is none: damaged, or of a newer version.
    """
    try:
        return TypeAdapter(AttributeSchema).validate_python(raw)
    except ValidationError as error:
        raise InputError(
            "The attributes of the project cannot be read.",
            "A newer version of CropMap may have written them.",
        ) from error


def _is_line(text: str) -> bool:
    """Whether a text is one line of characters that can be sent and shown."""
    return text == " ".join(text.split()) and all(
        unicodedata.category(character) not in ("Cc", "Cs") for character in text
    )


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _free_key(name: str, kind: AttributeKind, taken: Collection[str]) -> str:
    """A key made of a name: ``irrigated_2026`` of "Irrigated (2026)"."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    stem = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[: LONGEST_KEY - 8].strip("_")
    if not stem or not stem[0].isalpha():
        stem = f"a_{stem}".strip("_") if stem else "attribute"
    key, number = stem, 1
    while key in taken or (kind == "choice" and key + NAME_SUFFIX in taken):
        number += 1
        key = f"{stem}_{number}"
    return key
