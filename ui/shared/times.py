"""Times as people say them, in the browser's own time zone."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from ui.shared.text import count

_OLDEST_IN_DAYS = 60


def ago(moment: datetime | None, now: datetime | None = None) -> str:
    """How long ago: ``just now``, ``3 hours ago``, ``on 2025-04-01``."""
    if moment is None:
        return "at an unknown time"
    aware = _aware(moment)
    seconds = ((now or datetime.now(UTC)) - aware).total_seconds()
    if seconds >= _OLDEST_IN_DAYS * 86_400:
        return f"on {aware:%Y-%m-%d}"
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= length:
            return f"{count(int(seconds // length), unit)} ago"
    return "just now"


def local(moment: datetime | None) -> str:
    """Date and minute on the person's own clock; empty for None."""
    if moment is None:
        return ""
    return f"{_aware(moment).astimezone(_zone()):%Y-%m-%d %H:%M}"


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _zone() -> ZoneInfo:
    try:
        return ZoneInfo(st.context.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
