"""Whether plain values are what a type of ``core.wire`` says."""

from __future__ import annotations

from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    Literal,
    NotRequired,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

_NUMBERS = (int, float)


class WireCheck:
    """Compares answers with their types, and remembers which fields of which types were there."""

    def __init__(self) -> None:
        self.seen: dict[str, set[str]] = {}

    def differences(self, value: Any, kind: Any, path: str = "") -> list[str]:
        """Where a value, as JSON brings it, is not of a type; empty where it is."""
        if is_typeddict(kind):
            return self._of_object(value, kind, path)
        origin, arguments = get_origin(kind), get_args(kind)
        if origin is NotRequired:
            return self.differences(value, arguments[0], path)
        if origin in (Union, UnionType):
            found = [self.differences(value, one, path) for one in arguments]
            return min(found, key=len)
        if origin is Literal:
            same = any(value == one and type(value) is type(one) for one in arguments)
            return [] if same else [f"{path} is {value!r}"]
        if origin is dict:
            return self._of_record(value, arguments, path)
        if origin is list:
            return self._of_array(value, [arguments[0]] * _length(value), path)
        if origin is Annotated:
            return self._of_array(value, list(get_args(arguments[0])), path)
        return [] if _is_plain(value, kind) else [f"{path} is {value!r}, not {kind}"]

    def never_seen(self, kind: Any) -> set[str]:
        """Fields that are declared, of this type and those within it, and were never there."""
        missing: set[str] = set()
        for one in _objects_within(kind):
            declared = set(get_type_hints(one))
            missing |= {
                f"{one.__name__}.{n}" for n in declared - self.seen.get(one.__name__, set())
            }
        return missing

    def _of_object(self, value: Any, kind: Any, path: str) -> list[str]:
        hints = get_type_hints(kind, include_extras=True)
        if not isinstance(value, dict):
            return [f"{path} is {value!r}, no {kind.__name__}"]
        self.seen.setdefault(kind.__name__, set()).update(value)
        required = {name for name, hint in hints.items() if get_origin(hint) is not NotRequired}
        found = [f"{path}.{name} is not declared" for name in value.keys() - hints.keys()]
        found += [f"{path}.{name} is missing" for name in required - value.keys()]
        for name in value.keys() & hints.keys():
            found += self.differences(value[name], hints[name], f"{path}.{name}")
        return found

    def _of_record(self, value: Any, kinds: tuple[Any, ...], path: str) -> list[str]:
        if not isinstance(value, dict):
            return [f"{path} is {value!r}, no record"]
        return [
            difference
            for key, one in value.items()
            for difference in self.differences(key, kinds[0], f"a key of {path}")
            + self.differences(one, kinds[1], f"{path}[{key}]")
        ]

    def _of_array(self, value: Any, kinds: list[Any], path: str) -> list[str]:
        if not isinstance(value, list) or len(value) != len(kinds):
            return [f"{path} is {value!r}, no array of {len(kinds)}"]
        return [
            difference
            for place, (one, kind) in enumerate(zip(value, kinds, strict=True))
            for difference in self.differences(one, kind, f"{path}[{place}]")
        ]


def _length(value: Any) -> int:
    return len(value) if isinstance(value, list) else 0


def _is_plain(value: Any, kind: Any) -> bool:
    if kind is NoneType:
        return value is None
    if kind is float:
        return isinstance(value, _NUMBERS) and not isinstance(value, bool)
    return type(value) is kind


def _objects_within(kind: Any) -> set[Any]:
    if is_typeddict(kind):
        hints = get_type_hints(kind, include_extras=True)
        return {kind}.union(*(_objects_within(hint) for hint in hints.values()))
    return set().union(*(_objects_within(one) for one in get_args(kind)))
