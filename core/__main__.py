"""``python -m core`` is ``cropmap``."""

from __future__ import annotations

import sys

from core.shortage import shortage_of


def main() -> None:
    """Run ``cropmap``; where not even that can be loaded, a sentence says why."""
    try:
        from core.cli import main as run  # noqa: PLC0415
    except Exception as error:
        lacking = shortage_of(error)
        if lacking is None:
            raise
        sys.stderr.write(f"Error: {lacking.message}\n{lacking.hint}\n")
        sys.exit(1)
    run()


if __name__ == "__main__":
    main()
