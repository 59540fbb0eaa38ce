"""Writes the TypeScript declarations of ``core/wire.py``: ``python -m scripts.wire_types``.

They are ``ui/map/src/contract.ts``; a test fails where that is not what this gives.
"""

from __future__ import annotations

import ast
import inspect
import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
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

from core import wire

TARGET = Path(__file__).resolve().parents[1] / "ui" / "map" / "src" / "contract.ts"

_HEADER = """\
// What the browser and the server send each other. Do not change this file:
// `python -m scripts.wire_types` makes it from core/wire.py.
"""
_PLAIN = {str: "string", int: "number", float: "number", bool: "boolean", NoneType: "null"}
_ALIASES = (Literal, Annotated, Union, UnionType, list, tuple)


def declarations() -> str:
    """The whole file, in the order of the Python module."""
    names = {kind: name for name, kind in vars(wire).items() if _is_declared(kind)}
    remarks = _remarks(ast.parse(inspect.getsource(wire)))
    blocks = [
        _comment(remarks.get(name, "")) + _declaration(name, kind, names, remarks)
        for kind, name in names.items()
    ]
    return "\n".join([_HEADER, *blocks])


def _is_declared(kind: object) -> bool:
    return is_typeddict(kind) or get_origin(kind) in _ALIASES


def _declaration(name: str, kind: Any, names: dict[Any, str], remarks: dict[str, str]) -> str:
    if not is_typeddict(kind):
        return f"export type {name} = {_typescript(kind, names, itself=True)};\n"
    lines = [f"export interface {name} {{"]
    for field, hint in get_type_hints(kind, include_extras=True).items():
        optional = get_origin(hint) is NotRequired
        value = get_args(hint)[0] if optional else hint
        lines += _comment(remarks.get(f"{name}.{field}", ""), "  ").splitlines()
        lines.append(f"  {field}{'?' if optional else ''}: {_typescript(value, names)};")
    return "\n".join([*lines, "}", ""])


def _typescript(kind: Any, names: dict[Any, str], *, itself: bool = False) -> str:
    """A type in TypeScript, by its name where it has one; ``itself`` spells it out.

    Raises
    ------
    TypeError
        JSON has no such type, or nothing here knows how to say it.
    """
    if kind in _PLAIN:
        return _PLAIN[kind]
    if kind in names and not itself:
        return names[kind]
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Literal:
        return " | ".join(json.dumps(value) for value in arguments)
    if origin in (Union, UnionType):
        return " | ".join(_typescript(one, names) for one in arguments)
    if origin in (dict, list):
        return _many([_typescript(one, names) for one in arguments])
    if origin is Annotated:
        elements = [_typescript(one, names) for one in get_args(arguments[0])]
        labels = arguments[1].elements
        return f"[{', '.join(map(': '.join, zip(labels, elements, strict=True)))}]"
    raise TypeError(f"no TypeScript for {kind}")


def _many(types: list[str]) -> str:
    """Of two types a record of keys and values, of one an array."""
    if len(types) > 1:
        return f"Record<{', '.join(types)}>"
    return f"({types[0]})[]" if " | " in types[0] else f"{types[0]}[]"


def _comment(text: str, indent: str = "") -> str:
    return f"{indent}/** {' '.join(text.replace('``', '`').split())} */\n" if text else ""


def _remarks(module: ast.Module) -> dict[str, str]:
    """What the source says of each name, and of each ``Class.field``, inherited ones included."""
    found = dict(_documented(module.body, ""))
    for node in module.body:
        if isinstance(node, ast.ClassDef):
            found[node.name] = ast.get_docstring(node) or ""
            for base in node.bases:
                inherited = f"{ast.unparse(base)}."
                found |= {
                    f"{node.name}.{name.removeprefix(inherited)}": text
                    for name, text in found.items()
                    if name.startswith(inherited)
                }
            found |= dict(_documented(node.body, f"{node.name}."))
    return found


def _documented(body: list[ast.stmt], prefix: str) -> Iterator[tuple[str, str]]:
    """Names that a string stands under."""
    for statement, below in pairwise(body):
        match statement, below:
            case (
                ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                yield prefix + name, text


if __name__ == "__main__":
    TARGET.write_text(declarations(), encoding="utf-8")
