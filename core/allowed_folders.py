"""Folders from which files may be named in the browser, as the operator of the machine says."""

from __future__ import annotations

import os
from pathlib import Path

from core.errors import InputError
from core.settings import get_settings

_SETTING = "CROPMAP_ALLOWED_FOLDERS"


def allowed_folders() -> tuple[Path, ...]:
    """The folders, links in them resolved; none where every folder is allowed.

    Without the setting every folder is, as long as only this computer reaches the app.  Under
    other names (``CROPMAP_ALLOWED_HOSTS``) it serves people who do not own the machine: the home
    and the projects folder are allowed then.
    """
    settings = get_settings()
    named = [Path(one.strip()) for one in settings.allowed_folders.split(os.pathsep) if one.strip()]
    if not named and settings.allowed_addresses:
        named = [Path.home()]
    if not named:
        return ()
    return tuple(folder.expanduser().resolve() for folder in (*named, settings.projects_dir))


def check_allowed(path: Path) -> None:
    """Return only where a file or folder that a person names may be opened.

    Raises
    ------
    InputError
        It lies elsewhere, or is a link that leads elsewhere.
    """
    folders = allowed_folders()
    real = path.expanduser().absolute().resolve()
    if folders and not any(real.is_relative_to(folder) for folder in folders):
        raise InputError(
            f"{path} does not lie in a folder that may be opened from the browser.",
            f"Whoever runs the app allows folders by {_SETTING}; allowed are "
            f"{', '.join(map(str, folders))}.",
        )
