"""Scene: imagery and land cover, how they look and what they say."""

from __future__ import annotations

from ui.scenes import JOB_KINDS, show
from ui.shared import project_page

project_page("Scene", show, shows=JOB_KINDS)
