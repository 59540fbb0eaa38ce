"""Files that are replaced while a scene is mapped: the run ends, and can go on later."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import rasterio

from core.errors import ReplacedFileError
from core.export.scene_map import MapResult, map_scene
from core.mapping import MapOptions, SceneRequest, Workers
from tests.projects import tiles_of

PLAIN = MapOptions(model=None)
ALONE = Workers(1)
"""One process: tiles are finished one after the other, so that they can be counted."""


@pytest.fixture(scope="module")
def plain(made_scene, tmp_path_factory) -> MapResult:
    """The same scene mapped in peace."""
    made = made_scene(3, size=300)
    request = SceneRequest(scene=str(made.scene), landcover=str(made.landcover))
    with tiles_of(200):
        return map_scene(request, PLAIN, tmp_path_factory.mktemp("plain"))


@pytest.fixture
def own(made_scene, tmp_path, tile_size) -> SceneRequest:
    """A scene of several tiles whose files may be replaced."""
    tile_size(200)
    made = made_scene(3, size=300)
    image, landcover = tmp_path / "image.tif", tmp_path / made.landcover.name
    shutil.copyfile(made.scene, image)
    shutil.copyfile(made.landcover, landcover)
    return SceneRequest(scene=str(image), landcover=str(landcover))


def flip(path: Path) -> None:
    with rasterio.open(path, "r+") as dataset:  # noqa: TID251
        dataset.write(np.ascontiguousarray(dataset.read()[:, ::-1]))


@pytest.mark.parametrize("which", ["scene", "landcover"])
@pytest.mark.parametrize("tiles_done", [1, None])
def test_a_run_over_replaced_files_is_refused(own, plain, tmp_path, which, tiles_done) -> None:
    path, out = Path(getattr(own, which)), tmp_path / "out"
    right = path.read_bytes()

    def progress(stage: str, done: int, total: int) -> None:
        if stage == "Mapping tiles" and done == (tiles_done or total) and total > 1:
            flip(path)

    with pytest.raises(ReplacedFileError, match="is another file than when it was opened"):
        map_scene(own, PLAIN, out, progress=progress, workers=ALONE)
    assert not (out / "run.json").exists()
    # Tiles that were finished from the right files are taken up again, and no others.
    path.write_bytes(right)
    resumed = map_scene(own, PLAIN, out)
    assert resumed.kept_tiles == (tiles_done or resumed.tiles)
    assert (resumed.parcels, resumed.cropland_ha) == (plain.parcels, plain.cropland_ha)


def test_tiles_kept_from_another_image_are_not_taken(own, tmp_path) -> None:
    def stop(stage: str, done: int, total: int) -> None:
        if stage == "Mapping tiles" and done == total:
            flip(Path(own.scene))

    with pytest.raises(ReplacedFileError):
        map_scene(own, PLAIN, tmp_path / "out", progress=stop, workers=ALONE)
    assert map_scene(own, PLAIN, tmp_path / "out").kept_tiles == 0
