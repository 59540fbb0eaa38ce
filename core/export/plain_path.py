"""A way round pyogrio's reading of ``!`` in a path: to it, what stands before is an archive."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_MARK = "!"


@contextmanager
def plain_path(path: Path) -> Iterator[Path]:
    """The path itself; one in a temporary folder, whose files are copied at the end, for ``!``.

    ``/a!b/c.gpkg`` would be written to ``b/c.gpkg``, below wherever the program was started.
    """
    if _MARK not in str(path):
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="cropmap-") as folder:
        plain = Path(folder) / f"plain{path.suffix}"
        yield plain
        for made in sorted(Path(folder).iterdir()):
            shutil.copyfile(made, path.with_suffix(made.suffix))
