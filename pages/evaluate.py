"""Evaluate: how good the map is, and whether another method would draw these fields better."""

from __future__ import annotations

from ui.evaluate import JOB_KINDS, show
from ui.shared import project_page

project_page("Evaluate", show, shows=JOB_KINDS)
