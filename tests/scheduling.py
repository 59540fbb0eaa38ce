"""Which tests run in one worker, one after the other, and what begins first.

Tests of a file stay together, so that what a module's fixtures make is made once.  Journeys share
one running app, and tests of the map one made farm.  What takes long begins first, so that no
worker is left alone with it at the end.
"""

from __future__ import annotations

import pytest
from xdist.scheduler import LoadScopeScheduling

_TOGETHER = ("tests/journeys/", "tests/ui/test_")
_LONG_FIRST = (*_TOGETHER, "tests/ui/", "tests/training/", "tests/sam/", "tests/study/")


class FilesTogether(LoadScopeScheduling):
    """Gives a worker the next file when it has hardly anything left to do."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::", 1)[0]
        return next((whole for whole in _TOGETHER if file.startswith(whole)), file)


def long_first(items: list[pytest.Item]) -> None:
    """Put the tests of the folders that take longest before the others."""

    def rank(item: pytest.Item) -> int:
        places = (n for n, folder in enumerate(_LONG_FIRST) if item.nodeid.startswith(folder))
        return next(places, len(_LONG_FIRST))

    items.sort(key=rank)
