"""From what a person names (paths, a product, a CRS) to an opened scene and its land cover."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.errors import LandCoverError, Remedy
from core.imagery.scene import Scene, open_scene
from core.imagery.stretch import Stretch, StretchWay
from core.landcover.alignment import check_overlap
from core.landcover.fetch import fetch_worldcover
from core.landcover.source import LandCover, open_landcover

WORLDCOVER = "worldcover"
"""The word that asks for ESA WorldCover by window instead of a file."""


@dataclass(frozen=True, slots=True)
class SceneRequest:
    """What to map and from which land cover.

    Parameters
    ----------
    scene : str
        Path, or URL where the operator allows it.
    landcover : str or None
        The same, or ``"worldcover"``; None for none: then the field map alone tells cropland.
    product : str or None
        Key of the land cover product, where its file does not tell.
    crs, landcover_crs : str or None
        CRS for a file that has none, as the person states it.
    bands : tuple of int or None
        Red, green and blue band, counted from 1.
    stretch : Stretch, str or None
        A stretch to use instead of the scene's own, so that two crops look alike to the model; or
        the way in which it is found: ``"one"`` width for all bands, ``"each"`` band its own, or
        colours as in the ``"file"``.
    working_gsd_m : float or None
        Metres per pixel at which the model looks.
    nodata, landcover_nodata : tuple of float or None
        Values that are unknown as the person states them, none where empty; None asks the files.
    """

    scene: str
    landcover: str | None = None
    product: str | None = None
    crs: str | None = None
    landcover_crs: str | None = None
    bands: tuple[int, int, int] | None = None
    stretch: Stretch | StretchWay | None = None
    working_gsd_m: float | None = None
    nodata: tuple[float, ...] | None = None
    landcover_nodata: tuple[float, ...] | None = None


def open_request(request: SceneRequest) -> tuple[Scene, LandCover | None]:
    """Open the scene, and its land cover where it has one, and check that they overlap.

    Raises
    ------
    InputError
        Where either file cannot be used.
    NoOverlapError
        Where they lie apart.
    NetworkError
        Where the land cover has to be fetched and cannot be.
    """
    scene = open_scene(
        request.scene,
        crs=request.crs,
        bands=request.bands,
        stretch=request.stretch,
        working_gsd_m=request.working_gsd_m,
        nodata=request.nodata,
    )
    if request.landcover is None:
        return scene, None
    landcover = _open_landcover(request.landcover, request, scene)
    check_overlap(landcover, scene.working_grid)
    return scene, landcover


def _open_landcover(named: str, request: SceneRequest, scene: Scene) -> LandCover:
    if named != WORLDCOVER:
        return open_landcover(
            named,
            product=request.product,
            crs=request.landcover_crs,
            nodata=request.landcover_nodata,
        )
    if request.product not in (None, "worldcover_v100", "worldcover_v200"):
        raise LandCoverError(
            f"Only ESA WorldCover can be fetched, not {request.product}.",
            "Download the product.",
            Remedy.GIVE_LANDCOVER,
        )
    version = "v100" if request.product == "worldcover_v100" else "v200"
    path: Path = fetch_worldcover(scene.working_grid, version)
    return open_landcover(str(path), product=f"worldcover_{version}")
