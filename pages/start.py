"""Start: go on with a project, make one, or try the app on made fields."""

from __future__ import annotations

from ui.shared import page
from ui.start import JOB_KINDS, show

page(lambda _: show(), shows=JOB_KINDS)
