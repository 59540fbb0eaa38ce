"""Results: the overview, hectares, and files for QGIS."""

from __future__ import annotations

from ui.results import JOB_KINDS, show
from ui.shared import project_page

project_page("Results", show, shows=JOB_KINDS)
