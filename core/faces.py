"""Faces of packages: the few names that each hands out, loaded when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def load_lazily(package: str, homes: Mapping[str, tuple[str, ...]]) -> Callable[[str], Any]:
    """What a package uses as ``__getattr__``: each name comes from its module when it is asked for.

    So a page that shows a table loads neither networks nor matplotlib.

    Parameters
    ----------
    homes : mapping
        Modules of the package, and the names that they give.
    """
    module_of = {name: module for module, names in homes.items() for name in names}

    def load(name: str) -> Any:
        if name not in module_of:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(f"{package}.{module_of[name]}"), name)

    return load
