"""Joining tile after tile gives what joining everything at once gives, and holds little."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import shapely
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS
from scipy import ndimage

from core.grid import Grid
from core.imagery.frame import core_on_scene, frame_of
from core.imagery.tile_plan import plan_tiles
from core.label.labelled import LabelledParcel
from core.label.tile_label import Label
from core.mapping.join import Piece, join_parcels, pieces_of
from core.mapping.seam_joiner import SeamJoiner
from core.parcels.parcel import Parcel
from core.parcels.polygons import mask_to_parcels

TURNED = Affine.translation(500_074, 4_999_938) @ Affine.rotation(17) @ Affine.scale(2, -2)
STRAIGHT = Affine(2, 0, 500_074, 0, -2, 4_999_938)
STATES = ("auto", "accepted", "rejected", "unsure", "corrected")


def random_tiles(seed: int, grid: Grid, size: int, halo: int):
    """Cores of a plan, and random fields of each, some of which a person told apart."""
    generator = np.random.default_rng(seed)
    noise = ndimage.gaussian_filter(generator.random(grid.shape), generator.uniform(0.5, 6))
    truth = np.digitize(noise, np.quantile(noise, [0.15, 0.5, 0.8])).astype(np.int32)
    scene = SimpleNamespace(grid=grid, working_grid=grid)
    cores, tiles = [], []
    for tile in plan_tiles(grid, size=size, halo=halo):
        frame = frame_of(scene, tile)
        core = core_on_scene(frame, tile)
        table = mask_to_parcels(truth[core.slices], frame.core_grid)
        native = frame.worlds_to_native(table.geometry.to_numpy())
        parcels = [
            replace(
                Parcel(name, shape, float(generator.random()), str(generator.choice(STATES))),
                land_class=str(generator.choice(["cropland"] * 9 + ["other"])),
            )
            for name, shape in zip(table["field_id"], native, strict=True)
        ]
        cores.append(core)
        tiles.append(pieces_of(Label("v", tuple(parcels)), frame, tile.name))
    return cores, tiles


def streamed(grid: Grid, cores, tiles: list[list[Piece]]) -> tuple[list[LabelledParcel], int]:
    """Parcels of a joiner in the order of their first pieces, and the most pieces it held."""
    joiner, found, most = SeamJoiner(grid, cores), [], 0
    for place, pieces in enumerate(tiles):
        found += joiner.add(place, pieces)
        most = max(most, joiner.held)
    found += joiner.rest()
    assert joiner.held == 0
    return [parcel for _, parcel in sorted(found, key=lambda one: one[0])], most


@given(
    seed=st.integers(0, 2**32 - 1),
    width=st.integers(20, 130),
    height=st.integers(20, 130),
    halo=st.integers(0, 8),
    turned=st.booleans(),
)
@settings(max_examples=40, deadline=None)
def test_tile_after_tile_gives_what_all_at_once_gives(seed, width, height, halo, turned) -> None:
    grid = Grid(CRS.from_epsg(32633), TURNED if turned else STRAIGHT, width, height)
    cores, tiles = random_tiles(seed, grid, 48, halo)
    at_once = join_parcels([piece for pieces in tiles for piece in pieces], grid)
    found, _ = streamed(grid, cores, tiles)
    assert [replace(p, score=0) for p in found] == [replace(p, score=0) for p in at_once]
    np.testing.assert_array_equal([p.score for p in found], [p.score for p in at_once])


def test_only_pieces_at_open_seams_are_held() -> None:
    on_tiles = Affine(2, 0, 500_096, 0, -2, 4_999_936)
    grid = Grid(CRS.from_epsg(32633), on_tiles, 320, 3200)
    scene = SimpleNamespace(grid=grid, working_grid=grid)
    plan = plan_tiles(grid, size=32, halo=0)
    cores = [core_on_scene(frame_of(scene, tile), tile) for tile in plan]
    tiles = []
    for tile, core in zip(plan, cores, strict=True):
        # Fields that fill a quarter of a tile each, all of which touch a seam.
        quarters = [
            shapely.box(core.column + x, core.row + y, core.column + x + 14, core.row + y + 14)
            for x in (1, 17)
            for y in (1, 17)
        ]
        label = Label("v", tuple(Parcel("F", quarter, 0.5, "auto") for quarter in quarters))
        tiles.append(pieces_of(label, frame_of(scene, tile), tile.name))
    found, most = streamed(grid, cores, tiles)
    assert len(found) == sum(map(len, tiles)) == 4 * len(plan)
    assert len(plan) == 1000
    assert most <= 2 * 4 * 12
