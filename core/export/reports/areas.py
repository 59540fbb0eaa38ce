"""Land cover against label, tile by tile: pixels for a map of errors, hectares by class."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from core.attributes import Value
from core.errors import CancelledError
from core.export.burn import FIELD, IGNORE, BurntParcels
from core.export.reports.attribute_areas import AttributeAreas, added, attribute_areas, sums_of
from core.grid import Window
from core.landcover.source import LandCoverTile
from core.mapping.join import own_parcels
from core.predict.tile import align_tile
from core.project import Project
from core.session.opened import OpenedScene, open_project_scene
from core.session.scene_parcels import chosen_tiles
from core.session.workspaces import Workspaces, get_workspaces
from core.study.metrics.error_map import NOT_JUDGED, error_codes
from core.study.metrics.pixels import Confusion
from core.task import Cancelled, Progress, never, silent

STAGE = "Comparing tiles"

_M2 = 10_000.0

Codes = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class ClassArea:
    """One class of the land cover against the label, in hectares, where both say something."""

    name: str
    colour: str
    cropland_class: bool
    total_ha: float
    labelled_cropland_ha: float

    @property
    def not_cropland_ha(self) -> float:
        """What the label does not call cropland."""
        return self.total_ha - self.labelled_cropland_ha


@dataclass(frozen=True, slots=True)
class AreaReport:
    """Areas of a scene, over the tiles that count.

    Parameters
    ----------
    cropland_ha : float
        By the label.
    landcover_ha : float or None
        Cropland by the land cover; None without one.
    rows : tuple of ClassArea
        The largest first.
    tiles, all_tiles : int
        Tiles that count, and those of the scene.
    accepted : int
        Of the tiles that count, those that a person accepted.
    unknown_ha : float
        Inside the tiles that count, where the label is unsure or the land cover says nothing.
    attributes : tuple of AttributeAreas
        The cropland by what people say grows there, and by their other choices.
    """

    cropland_ha: float
    landcover_ha: float | None
    rows: tuple[ClassArea, ...]
    tiles: int
    all_tiles: int
    accepted: int = 0
    unknown_ha: float = 0.0
    attributes: tuple[AttributeAreas, ...] = ()

    @property
    def missed_ha(self) -> float:
        """Cropland by the label that the land cover does not have."""
        return sum(r.labelled_cropland_ha for r in self.rows if not r.cropland_class)

    @property
    def false_ha(self) -> float:
        """Cropland by the land cover that the label does not have."""
        return sum(r.not_cropland_ha for r in self.rows if r.cropland_class)

    @property
    def confusion(self) -> Confusion:
        """The land cover against the label.

        In square metres, so that every figure follows from the hectares that are shown, also
        where pixels are not of one size.
        """
        crop = [r for r in self.rows if r.cropland_class]
        other = [r for r in self.rows if not r.cropland_class]
        both, right = (
            sum(r.labelled_cropland_ha for r in crop),
            sum(r.not_cropland_ha for r in other),
        )
        return Confusion(*(round(ha * _M2) for ha in (both, self.false_ha, self.missed_ha, right)))


@dataclass(frozen=True, slots=True, eq=False)
class ComparedTile:
    """Label and land cover of one tile's core.

    Parameters
    ----------
    window : Window
        The core on the scene's working grid.
    cropland, known : bool (rows, columns)
        What the label calls cropland, and where it says anything.
    landcover : LandCoverTile or None
        None where the tile lies beside the land cover, or there is none.
    cropland_ha : float
        By the outlines of the label.
    said : dict
        Of it, by the key of an attribute and a value of it.
    """

    name: str
    window: Window
    cropland: npt.NDArray[np.bool_]
    known: npt.NDArray[np.bool_]
    landcover: LandCoverTile | None
    cropland_ha: float
    pixel_ha: float
    said: dict[tuple[str, Value], float] = field(default_factory=dict)

    def errors(self) -> Codes:
        """What each pixel of the land cover is against the label, as ``ERROR_WORDS`` has it."""
        if self.landcover is None:
            return np.full(self.known.shape, NOT_JUDGED, dtype=np.uint8)
        product = np.isin(self.landcover.classes, self.landcover.product.cropland_codes)
        return error_codes(product, self.cropland, self.known & self.landcover.valid)


def compared_tiles(
    project: Project,
    scene_id: str,
    tiles: Sequence[str],
    *,
    workspaces: Workspaces | None = None,
    progress: Progress = silent,
    cancelled: Cancelled = never,
) -> Iterator[ComparedTile]:
    """Each tile's label, made where it is not there yet, beside its land cover.

    Raises
    ------
    CancelledError
        ``cancelled`` said so.
    CropMapError
        A label cannot be made, or the land cover cannot be read any more.
    """
    own = workspaces or get_workspaces()
    opened = open_project_scene(project, scene_id)
    for done, name in enumerate(tiles):
        if cancelled():
            raise CancelledError("Comparing label and land cover was cancelled.", "")
        progress(STAGE, done, len(tiles))
        yield _compared(project, opened, name, own)
    progress(STAGE, len(tiles), len(tiles))


def areas(project: Project, scene_id: str, *, accepted_only: bool = False) -> AreaReport:
    """Areas by the tiles' present labels; tiles without a label do not count."""
    chosen = chosen_tiles(project, scene_id, accepted_only=accepted_only)
    counter = AreaCounter()
    for tile in compared_tiles(project, scene_id, chosen):
        counter.add(tile)
    return counter.report(project, scene_id, chosen)


@dataclass(slots=True)
class AreaCounter:
    """Adds up tiles: hectares by code of the land cover."""

    total: dict[int, float] = field(default_factory=lambda: defaultdict(float))
    labelled: dict[int, float] = field(default_factory=lambda: defaultdict(float))
    cropland_ha: float = 0.0
    unknown_ha: float = 0.0
    said: dict[tuple[str, Value], float] = field(default_factory=dict)

    def add(self, tile: ComparedTile) -> None:
        """Count one more tile."""
        self.cropland_ha += tile.cropland_ha
        self.said = added([self.said, tile.said])
        if tile.landcover is None:
            self.unknown_ha += tile.known.size * tile.pixel_ha
            return
        judged = tile.known & tile.landcover.valid
        self.unknown_ha += float(np.count_nonzero(~judged)) * tile.pixel_ha
        for code in np.unique(tile.landcover.classes[judged]).tolist():
            here = judged & (tile.landcover.classes == code)
            self.total[code] += float(np.count_nonzero(here)) * tile.pixel_ha
            self.labelled[code] += float(np.count_nonzero(here & tile.cropland)) * tile.pixel_ha

    def report(self, project: Project, scene_id: str, tiles: Sequence[str]) -> AreaReport:
        """The areas of these tiles, which were all counted."""
        opened = open_project_scene(project, scene_id)
        rows = _rows(opened, self)
        landcover = sum(r.total_ha for r in rows if r.cropland_class) if opened.landcover else None
        accepted = chosen_tiles(project, scene_id, accepted_only=True)
        return AreaReport(
            self.cropland_ha,
            landcover,
            rows,
            len(tiles),
            len(opened.tiles),
            len(set(accepted).intersection(tiles)),
            self.unknown_ha,
            attribute_areas(project.attributes(), self.said, self.cropland_ha),
        )


def _compared(project: Project, opened: OpenedScene, name: str, own: Workspaces) -> ComparedTile:
    frame = opened.frame(name)
    label = own.get(project, opened.record.id, name).finished()
    grid = frame.core_grid
    whole = Window(0, 0, grid.width, grid.height)
    codes = BurntParcels(own_parcels(label, frame, name), grid, None).codes(whole)
    landcover = None if opened.landcover is None else align_tile(opened.landcover, grid)
    pixel_ha = frame.native_pixel_area_m2 / _M2
    return ComparedTile(
        name,
        opened.core(name),
        codes == FIELD,
        codes != IGNORE,
        landcover,
        label.cropland_pixels * pixel_ha,
        grid.pixel_area_m2 / _M2,
        sums_of(label, pixel_ha),
    )


def _rows(opened: OpenedScene, sums: AreaCounter) -> tuple[ClassArea, ...]:
    if opened.landcover is None:
        return ()
    rows = []
    for code in sorted(sums.total, key=lambda c: -sums.total[c]):
        known = opened.landcover.product.class_of(code)
        rows.append(
            ClassArea(
                known.name, known.colour, known.cropland, sums.total[code], sums.labelled[code]
            )
        )
    return tuple(rows)
