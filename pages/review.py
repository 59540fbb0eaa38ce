"""Review: which tiles need eyes, what was said about them, and by whom."""

from __future__ import annotations

from ui.review import JOB_KINDS, show
from ui.shared import project_page

project_page("Review", show, shows=JOB_KINDS)
