"""The page of `tests.ui.streamlit_map`: how often it ran, and what the map told it."""

from __future__ import annotations

import os
from pathlib import Path

import streamlit as st

from core.session.opened import open_project
from ui.map import annotate_map, view_map
from ui.server import tokens

st.set_page_config(layout="wide", initial_sidebar_state="collapsed")
state = st.session_state
state.runs = state.get("runs", 0) + 1
path = Path(os.environ["CROPMAP_TEST_PROJECT"])
if "token" not in state:
    state.token = tokens.issue(path, "Ada")
token, scene = state.token, open_project(path).scenes()[0].id
tile = state.get("tile", "x0_y0")
looking = st.toggle("look only")
if looking:
    layers = ["imagery", "landcover", "label"]
    key, version = "view", "1"
    view_map(token, scene, layers=layers, swipe=True, height=400, key=key, version=version)
    event = None
else:
    event = annotate_map(token, scene, tile, height=600, key="annotate")
if event is not None:
    state.told = [*state.get("told", []), f"{event.tile} {event.kind}"]
    state.tile = event.tile
st.text(f"runs {state.runs}; told {', '.join(state.get('told', []))}; end")
