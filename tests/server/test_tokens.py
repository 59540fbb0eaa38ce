from pathlib import Path

import pytest

from ui.server.errors import ForbiddenError
from ui.server.tokens import Access, Tokens

PROJECT = Path("/nowhere/project.cropmap")


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_token_opens_its_project_under_its_name() -> None:
    tokens = Tokens()
    first, second = tokens.issue(PROJECT, "Ada"), tokens.issue(PROJECT, "Ben")
    assert tokens.resolve(first) == Access(PROJECT, "Ada")
    assert tokens.resolve(second).person == "Ben"
    assert first != second
    assert len(first) >= 43


@pytest.mark.parametrize("token", ["", "x", "A" * 43, "\udcff", "é" * 100_000])
def test_any_other_token_opens_nothing(token) -> None:
    tokens = Tokens()
    tokens.issue(PROJECT, "Ada")
    with pytest.raises(ForbiddenError):
        tokens.resolve(token)


def test_a_name_can_change() -> None:
    tokens = Tokens()
    token = tokens.issue(PROJECT, "")
    tokens.rename(token, "Ada")
    assert tokens.resolve(token).person == "Ada"
    tokens.revoke(token)
    with pytest.raises(ForbiddenError):
        tokens.rename(token, "Ben")


def test_a_new_name_holds_in_all_tabs_of_a_browser_and_in_no_other() -> None:
    tokens = Tokens()
    one, two = (tokens.issue(PROJECT, "Ada", "ada's") for _ in range(2))
    other = tokens.issue(PROJECT, "Ada", "another")
    tokens.rename_browser("ada's", "Ana")
    assert [tokens.resolve(token).person for token in (one, two, other)] == ["Ana", "Ana", "Ada"]


def test_unused_tokens_expire_and_used_ones_do_not() -> None:
    clock = Clock()
    tokens = Tokens(idle_seconds=24 * 3600, clock=clock)
    used, unused = tokens.issue(PROJECT, "Ada"), tokens.issue(PROJECT, "Ben")
    for hour in range(1, 48):
        clock.now = hour * 3600.0
        tokens.resolve(used)
    with pytest.raises(ForbiddenError, match="no longer connected"):
        tokens.resolve(unused)


def test_their_number_is_bounded_by_use() -> None:
    tokens = Tokens(most=3)
    kept = tokens.issue(PROJECT, "Ada")
    others = []
    for _ in range(5):
        others.append(tokens.issue(PROJECT, "Ben"))
        tokens.resolve(kept)
    assert tokens.resolve(kept).person == "Ada"
    assert tokens.resolve(others[-1])
    with pytest.raises(ForbiddenError):
        tokens.resolve(others[0])


def test_the_memory_holds_no_token() -> None:
    tokens = Tokens()
    token = tokens.issue(PROJECT, "Ada")
    assert token not in repr(tokens.__dict__)
