"""Annotate: the map of one tile, and nothing that keeps the eye from it."""

from __future__ import annotations

from ui.annotate import show
from ui.shared import project_page

project_page("Annotate", show, full_screen=True)
