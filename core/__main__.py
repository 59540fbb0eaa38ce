"""``python -m core`` is ``cropmap``."""

from __future__ import annotations

from core.shortage import stop_where_lacking, stop_where_threads_are_lacking

_THREADS = 12
"""Of a command: those of linear algebra, of the model and of reading images."""


def main() -> None:
    """Run ``cropmap``; where not even that can be loaded, a sentence says why."""
    stop_where_threads_are_lacking(_THREADS)
    try:
        from core.cli import main as run  # noqa: PLC0415
    except Exception as error:
        stop_where_lacking(error)
        raise
    run()


if __name__ == "__main__":
    main()
