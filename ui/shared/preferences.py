"""What a person chose once and need not choose again: name, model, strategy, unit of area.

They belong to a browser.  Each has one small file on this server, named by a hash of the number in
its cookie, so that whoever reads the folder cannot pass for anybody.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from core.area_units import AREA_UNITS, HECTARES
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
        Name that stands beside edits and verdicts; empty before the person has said one.
    model : str
        Key of a model, or ``"none"``.
    strategy : str
        One of ``core.predict.strategies.STRATEGIES``.
    area_unit : str
        A key of ``core.area_units.AREA_UNITS``.
    """

    person: str = ""
    model: str = DEFAULT_MODEL
    strategy: str = "apt_plus"
    area_unit: str = HECTARES.key


def load(browser: str) -> Preferences:
    """What was remembered of a browser; defaults where nothing usable was."""
    path = _path(browser)
    body = read_checked(path, path.name)
    try:
        stored = json.loads(body) if body else {}
    except ValueError:
        stored = {}
    if not isinstance(stored, dict):
        stored = {}
    names = {field.name for field in fields(Preferences)}
    texts = {k: v for k, v in stored.items() if k in names and isinstance(v, str)}
    return cleaned(Preferences(**texts))


def save(browser: str, preferences: Preferences, cache: Path | None = None) -> None:
    """Remember the choices of a browser, in this process's cache folder or another.

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    path = _path(browser, cache)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise storage_error(error, path) from error
    write_checked(path, json.dumps(asdict(preferences)).encode(), path.name)


def cleaned(preferences: Preferences) -> Preferences:
    """The choices with what cannot be used replaced by what can."""
    person = " ".join(preferences.person.split())[:LONGEST_NAME].strip()
    model = preferences.model if preferences.model in (*known_models(), "none") else DEFAULT_MODEL
    strategy = preferences.strategy if preferences.strategy in STRATEGIES else "apt_plus"
    unit = preferences.area_unit if preferences.area_unit in AREA_UNITS else HECTARES.key
    return Preferences(person, model, strategy, unit)


def _path(browser: str, cache: Path | None = None) -> Path:
    name = hashlib.sha256(browser.encode()).hexdigest()[:40]
    return (cache or get_settings().cache_dir) / "browsers" / f"{name}.json"
