"""Which of the thirty labelled tiles train and which only ever measure.

Tiles nearer to each other than 40 km stay together (single linkage), so that no validation tile has
a neighbour in training.  Clusters with a GeoTIFF and clusters without were each put in the order of
the SHA-256 of their first tile's name, and taken for validation until a third of that kind's tiles
was reached.  Nothing about the imagery or the results had a say.
"""

from __future__ import annotations

VALIDATION = (
    "42.0180N_89.4462W",
    "41.6497N_89.5929W",
    "41.8049N_89.9462W",
    "41.4814N_88.8422W",
    "40.2497N_91.9641W",
    "37.2292N_86.8937W",
    "43.3076N_83.6174W",
    "43.3216N_83.5854W",
    "43.4066N_83.6220W",
    "43.4089N_83.6680W",
)

DUTCH_KEPT_APART = ("flevoland_79", "zeeland_49")
"""Sentinel-2 tiles that never train: the two that no training tile touches.  Of the only tile of
small meadows, Friesland, the last rows stay apart as well, with twenty rows between."""

FRIESLAND = "friesland_195"
FRIESLAND_KEPT_FROM_ROW = 400

SPANISH_KEPT_APART = ("pnoa2020_0425_1-1_1",)
"""Of two tiles at 25 cm with drawn parcels, the one with fewer."""
