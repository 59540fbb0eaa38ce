"""What was written into a folder as one file to take along."""

from __future__ import annotations

import zipfile
from pathlib import Path

from core.files import replacing


def pack(folder: Path, target: Path) -> None:
    """Zip a folder without what is hidden in it; inside, everything lies below the zip's name.

    Raises
    ------
    OutputError
        It cannot be written.
    """
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    with replacing(target) as aside, zipfile.ZipFile(aside, "w", zipfile.ZIP_DEFLATED) as out:
        for path in paths:
            inside = path.relative_to(folder)
            if not any(part.startswith(".") for part in inside.parts):
                out.write(path, Path(target.stem) / inside)
