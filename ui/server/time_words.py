"""How long work takes, in words."""

from __future__ import annotations


def duration(seconds: float) -> str:
    """How long: ``less than a minute``, ``about 3 minutes``, ``about 1.5 hours``."""
    if seconds < 45:
        return "less than a minute"
    if seconds < 90 * 60:
        minutes = max(1, round(seconds / 60))
        return f"about {minutes} minute{'s' if minutes > 1 else ''}"
    return f"about {seconds / 3600:.1f} hours"
