"""What a person chose once and need not choose again: name, model, strategy.

Kept in one small file of this machine; each browser session starts from it and then has its own.
"""

from __future__ import annotations

import getpass
import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from core.errors import storage_error
from core.files import read_checked, write_checked
from core.predict import STRATEGIES
from core.sam import DEFAULT_MODEL, known_models
from core.settings import get_settings

LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class Preferences:
    """Choices that outlive a session.

    Parameters
    ----------
    person : str
        Name that stands beside edits and verdicts.
    model : str
        Key of a model, or ``"none"``.
    strategy : str
        One of ``core.predict.strategies.STRATEGIES``.
    """

    person: str = ""
    model: str = DEFAULT_MODEL
    strategy: str = "apt_plus"


def load() -> Preferences:
    """What was remembered on this machine; defaults where nothing usable was."""
    body = read_checked(_path())
    try:
        stored = json.loads(body) if body else {}
    except ValueError:
        stored = {}
    if not isinstance(stored, dict):
        stored = {}
    names = {field.name for field in fields(Preferences)}
    texts = {k: v for k, v in stored.items() if k in names and isinstance(v, str)}
    return cleaned(Preferences(**texts))


def save(preferences: Preferences) -> None:
    """Remember the choices.

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    path = _path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise storage_error(error, path) from error
    write_checked(path, json.dumps(asdict(preferences)).encode())


def cleaned(preferences: Preferences) -> Preferences:
    """The choices with what cannot be used replaced by what can."""
    person = " ".join(preferences.person.split())[:LONGEST_NAME] or _login()
    model = preferences.model if preferences.model in (*known_models(), "none") else DEFAULT_MODEL
    strategy = preferences.strategy if preferences.strategy in STRATEGIES else "apt_plus"
    return Preferences(person, model, strategy)


def _login() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "somebody"


def _path() -> Path:
    return get_settings().cache_dir / "preferences.json"
