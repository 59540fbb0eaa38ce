"""The look of all pages beyond the theme: room for imagery, little else."""

from __future__ import annotations

import streamlit as st

_COMMON = """
/* Decision 032: the app is light, whatever the system wishes. */
:root { color-scheme: only light; }
[data-testid="stMainBlockContainer"] { padding: 3.25rem 2rem 2rem; max-width: 1680px; }
[data-testid="stSidebarUserContent"] { padding-bottom: 1rem; }
/* Streamlit's grey of small texts, and of a list without choices, has too little contrast. */
[data-testid="stCaptionContainer"], [data-testid="stCaptionContainer"] :is(p, li),
[data-testid="stMultiSelect"] [data-testid="stWidgetLabel"] p { color: #56615a; opacity: 1; }
[data-testid="stImage"] img { border-radius: 6px; }
.cropmap-legend { width: 100%; border-collapse: collapse; font-size: .875rem; }
.cropmap-legend td { padding: .2rem .4rem .2rem 0; border: 0; vertical-align: middle; }
.cropmap-legend td.number { text-align: right; font-variant-numeric: tabular-nums;
  padding: .2rem 0 .2rem .6rem;
  white-space: nowrap; }
.cropmap-legend tr.crop td { font-weight: 600; }
.cropmap-swatch { display: inline-block; width: .9rem; height: .9rem; border-radius: 3px;
  border: 1px solid rgba(0,0,0,.25); vertical-align: -2px; }
.cropmap-legend th { font-weight: 400; color: #56615a; text-align: left; border: 0;
  padding: .2rem .4rem .2rem 0; }
.cropmap-legend th.number { text-align: right; padding-left: .8rem; }
.cropmap-matrix td.number { padding: .5rem .6rem; border: 1px solid #d9dfda; }
.cropmap-matrix td.agree { background: #e4efe9; }
.cropmap-facts { color: #56615a; font-size: .9rem; margin: -.5rem 0 .5rem; }
.cropmap-files { width: 100%; border-collapse: collapse; font-size: .875rem; }
.cropmap-files th { text-align: left; font-weight: 600; padding: .6rem 0 .15rem; border: 0; }
.cropmap-files td { padding: .28rem .8rem .28rem 0; border: 0; border-bottom: 1px solid #e3e8e4;
  vertical-align: baseline; }
.cropmap-files td:first-child { white-space: nowrap; }
.cropmap-files a { color: #0b6e4f; font-weight: 500; }
.cropmap-files td.number { text-align: right; white-space: nowrap; padding-right: 0;
  color: #56615a; }
[class*="st-key-cropmap_choice"] [data-testid="stCaptionContainer"] { padding: 0 0 .45rem 1.6rem; }
.cropmap-table { overflow-x: auto; }
.st-key-cropmap_edited_since, .st-key-cropmap_added { background: #fdf1e0; border-radius: 6px;
  padding: .35rem .75rem; }
.st-key-cropmap_added { background: #e3efe9; }
/* All of a scene's tabs beside its map. */
[data-testid="stTabs"] [role="tablist"] { gap: .55rem; }
/* A figure is never cut: it may take a second line. */
[data-testid="stMetricValue"] { font-size: 1.75rem; }
[data-testid="stMetricValue"] > div { overflow: visible; white-space: normal; }
[data-testid="stHeader"] { padding-right: 16rem; }
[data-testid="stLayoutWrapper"]:has(> .st-key-cropmap_unseen) { position: absolute; }
.st-key-cropmap_corner { position: fixed; top: .6rem; right: 1rem; z-index: 999991; width: auto;
  flex-wrap: nowrap; }
.st-key-cropmap_you { width: auto; max-width: 12rem; }
.st-key-cropmap_you button p { overflow: hidden; text-overflow: ellipsis; white-space: nowrap;
  max-width: 9rem; }
@media (max-width: 960px) {
  .st-key-cropmap_map_and_panel > [data-testid="stHorizontalBlock"] > [data-testid="stColumn"],
  .st-key-cropmap_map_and_panel > div > [data-testid="stHorizontalBlock"]
    > [data-testid="stColumn"] { min-width: calc(100% - 1.5rem); }
}
@media (max-width: 820px) {
  [data-testid="stMainBlockContainer"] { padding: 3.25rem 1rem 1rem; }
  [data-testid="stHeader"] { padding-right: 11rem; }
  .st-key-cropmap_you button p { max-width: 5rem; }
  .st-key-cropmap_help button p { font-size: 0; }
}
"""

_FULL_SCREEN = """
[data-testid="stMainBlockContainer"] { padding: 2.5rem .5rem .25rem; max-width: none; }
[data-testid="stHeader"] { height: 2.5rem; min-height: 2.5rem; }
.st-key-cropmap_corner { top: 0; }
[data-testid="stMainBlockContainer"] > [data-testid="stVerticalBlock"] { gap: .25rem; }
"""


def apply(*, full_screen: bool = False) -> None:
    """Put the style into the page; ``full_screen`` leaves almost no margin."""
    st.html(f"<style>{_COMMON}{_FULL_SCREEN if full_screen else ''}</style>")
