"""A project's own labels against an independent truth."""

import shutil
from dataclasses import replace

import pytest

from core.errors import EmptySceneError, InputError
from core.existing.class_choice import ClassChoice, ReadingAnswers
from core.grid import PixelPoint
from core.session.opened import open_project_scene
from core.session.workspaces import get_workspaces
from core.study.projects.own_labels import _pair, judge_labels, last_judged, tile_at
from core.study.projects.runs import PastRuns, past_runs
from core.study.projects.truth import TruthSource, read_truth


def judge(project, scene_id, **options) -> None:
    judge_labels(
        project,
        scene_id,
        accepted_only=False,
        progress=lambda *_: None,
        cancelled=lambda: False,
        **options,
    )


def test_labels_are_judged_where_there_are_any(project, scene_id, numbers, tiles) -> None:
    with pytest.raises(InputError, match="made without it"):
        judge(project, scene_id)
    read_truth(project, scene_id, numbers)
    with pytest.raises(EmptySceneError, match="No tile counts"):
        judge(project, scene_id)
    assert last_judged(project, scene_id) is None
    opened = open_project_scene(project, scene_id)
    sizes = {name: opened.core(name) for name in tiles}
    largest = max(tiles, key=lambda name: sizes[name].width * sizes[name].height)
    get_workspaces().get(project, scene_id, largest).finished()
    judge(project, scene_id)
    found = last_judged(project, scene_id)
    assert found is not None
    assert found.tiles == 1
    assert 0.4 < found.own["mean_iou"].value <= 1.0
    assert 0.0 < found.landcover["mean_iou"].value < 1.0
    assert found.gain is not None
    area = opened.scene.grid.pixel_area_m2 * sizes[largest].width * sizes[largest].height / 1e4
    assert 0.0 < found.missed_ha + found.extra_ha < area
    assert found.zip_file.is_file()
    (worst,) = found.worst
    assert worst.tile in tiles
    # It is no run of an experiment.
    assert past_runs(project) == PastRuns([], [])
    summary, table = (found.files / name for name in ("summary.json", "tiles.csv"))
    for path, body, words in (
        (table, "tile,method\nr0c0,prediction\n", r"tiles\.csv of this comparison cannot be read"),
        (summary, '{"format": 1, "methods": []}', r"files/summary\.json cannot be read"),
    ):
        path.write_text(body)
        with pytest.raises(InputError, match=words):
            last_judged(project, scene_id)
        assert path.read_text() == body


def test_labels_are_judged_by_the_layer_and_the_classes_that_were_read(
    project, scene_id, tmp_path
) -> None:
    source = TruthSource("file", "t.gpkg", "t.gpkg", False, "drawn", "landuse", ("a, b", "c"))
    pair = _pair(open_project_scene(project, scene_id), tmp_path, source)
    classes = ClassChoice("landuse", frozenset({"a, b", "c"}))
    assert pair.truth_answers == ReadingAnswers("drawn", classes)


def test_a_truth_that_is_gone_is_one_sentence(
    project, scene_id, numbers, farmland, tmp_path
) -> None:
    own = tmp_path / "own.tif"
    shutil.copyfile(farmland.truth, own)
    read_truth(project, scene_id, replace(numbers, path=str(own)))
    own.unlink()
    with pytest.raises(InputError, match="is not at"):
        judge(project, scene_id)


def test_corrected_labels_do_not_judge_themselves(project, scene_id, tiles) -> None:
    project.set_verdict(
        scene_id, tiles[0], "accepted", comment="", reviewer="A", expected_version=0
    )
    read_truth(project, scene_id, TruthSource("corrected"))
    with pytest.raises(InputError, match="made without it"):
        judge(project, scene_id)


def test_every_place_of_the_scene_has_its_tile(project, scene_id, tiles) -> None:
    opened = open_project_scene(project, scene_id)
    for name in tiles:
        own = opened.core(name)
        middle = PixelPoint(own.column + own.width / 2, own.row + own.height / 2)
        assert tile_at(opened, middle) == name
    assert tile_at(opened, PixelPoint(-5.0, 3.0)) == ""
