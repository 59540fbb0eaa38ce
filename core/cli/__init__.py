"""The command line: the same verbs as the pages of the app."""

from core.cli.main import app, main

__all__ = ["app", "main"]
