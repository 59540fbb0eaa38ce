"""Clearing takes what can be made again, and nothing that anybody did."""

import os
import time

import pytest

from core.errors import InputError
from core.project import NewEdit
from core.session.kept_files import clear_kept, what_is_kept
from core.session.place import label_path, prediction_path
from core.settings import get_settings


def _sizes(project) -> dict[str, tuple[int, int]]:
    return {one.key: (one.size, one.clearable) for one in what_is_kept(project)}


def _written(path, *, age=3600.0):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(1000))
    os.utime(path, (time.time() - age,) * 2)
    return path


def test_tiles_that_anybody_worked_on_keep_their_predictions(project, scene_id) -> None:
    edited, accepted, plain, *_ = (tile.name for tile in project.tiles(scene_id))
    edit = NewEdit("settings", {"threshold": 0.6})
    project.append(scene_id, edited, [edit], author="Ada", expected_version=0)
    # Taken back, it is still a log that may be brought back.
    project.undo(scene_id, edited, author="Ada", expected_version=1)
    project.set_verdict(
        scene_id, accepted, "accepted", comment="", reviewer="Ada", expected_version=0
    )
    names = (edited, accepted, plain)
    files = {
        name: [
            _written(prediction_path(project.folder, scene_id, name, changed=False)),
            _written(label_path(project.folder, scene_id, name)),
        ]
        for name in names
    }
    assert _sizes(project)["predictions"] == (6000, 2000)
    assert clear_kept("predictions", project) == 2000
    assert [name for name in names if all(path.exists() for path in files[name])] == [
        edited,
        accepted,
    ]
    assert not any(path.exists() for path in files[plain])


def test_a_scene_whose_image_is_lost_keeps_its_predictions(project, scene_id) -> None:
    kept = _written(
        prediction_path(project.folder, scene_id, project.tiles(scene_id)[0].name, changed=False)
    )
    (scene,) = project.scenes()
    lost = {**scene.scene, "path": str(project.folder / "gone.tif")}
    project.update_scene(scene_id, expected_version=scene.version, scene=lost)
    assert clear_kept("predictions", project) == 0
    assert kept.exists()


def test_edits_and_backups_are_never_cleared(project) -> None:
    for kept in what_is_kept(project):
        if kept.key in ("projects", "project", "backups", "bin"):
            assert kept.clearable == 0
            with pytest.raises(InputError, match="never cleared"):
                clear_kept(kept.key, project)


def test_what_is_being_made_stays(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("CROPMAP_CACHE_DIR", str(tmp_path))
    get_settings.cache_clear()
    settings = get_settings()
    old = _written(settings.landcover_folder / "worldcover_v200_a.tif")
    new = _written(settings.landcover_folder / "worldcover_v200_b.tif", age=1.0)
    half = _written(settings.graphs_folder / "sam" / ".writing-x" / "model.onnx")
    for path in (half.parent, half.parent.parent):
        os.utime(path, (0, 0))
    embedding = _written(settings.embeddings_folder / "a.embedding", age=1.0)
    own = _written(settings.weights_folder / "own" / "mine.pth")
    part = _written(settings.weights_folder / "sam_vit_b_01ec64.pth.part")
    for key in ("landcover", "graphs", "embeddings", "weights"):
        clear_kept(key, None)
    get_settings.cache_clear()
    assert all(path.exists() for path in (new, half, own, part))
    assert not old.exists()
    assert not embedding.exists()
