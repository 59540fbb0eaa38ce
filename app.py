"""The app's frame: page configuration and navigation, nothing else."""

from __future__ import annotations

import streamlit as st

st.set_page_config(page_title="cropmap", page_icon="🌾", layout="wide")
st.navigation([st.Page("pages/map_scene.py", title="Map a scene", icon="🗺️")]).run()
