"""The command line in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest
from typer.testing import CliRunner

from core.cli import app
from core.settings import get_settings


class Done(NamedTuple):
    """How a command ended."""

    status: int
    out: str
    errors: str


Cropmap = Callable[..., Done]


@pytest.fixture
def cropmap(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cropmap]:
    """The command line; keywords are variables of the environment."""

    def run(*arguments: object, **environment: str) -> Done:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        get_settings.cache_clear()
        done = CliRunner().invoke(app, [str(argument) for argument in arguments])
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return Done(done.exit_code, done.stdout, done.stderr)

    yield run
    get_settings.cache_clear()
