"""Where the browser finds the app's own routes."""

from __future__ import annotations

import streamlit as st


def route_bases() -> list[str]:
    """Addresses below which the routes may be, the likeliest first.

    Behind a proxy they are found below the app's prefix, without one at the root.
    """
    prefix = str(st.get_option("server.baseUrlPath") or "").strip("/")
    under_prefix = [f"/{prefix}/cropmap"] if prefix else []
    return [*under_prefix, "/cropmap"]
