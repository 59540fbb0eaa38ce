"""``python -m core`` is ``cropmap``."""

from core.cli import main

main()
