"""What is to be run, and the order for the process that runs it."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InputError
from core.session.adding_scenes import add_scene, change_landcover
from core.session.opened import open_project_scene
from core.study.experiments.region import Region
from core.study.experiments.samples import tiles as samples_of
from core.study.projects.run_request import (
    RunRequest,
    chosen_truth_tiles,
    experiment_of,
    region_order,
    regions_of,
    scene_names,
)
from core.study.projects.truth import Truth, TruthSource, read_truth


def truth_of(count: int) -> Truth:
    return Truth(TruthSource("file"), "", "", "", {f"t{i}": 1 for i in range(count)})


@given(st.integers(1, 300), st.integers(1, 40))
def test_the_tiles_are_spread_over_the_scene(count: int, most: int) -> None:
    chosen = chosen_truth_tiles(truth_of(count), most)
    assert len(chosen) == len(set(chosen)) == min(count, most)
    numbers = [int(name[1:]) for name in chosen]
    assert numbers == sorted(numbers)
    gaps = np.diff(numbers)
    assert gaps.size == 0 or gaps.max() - gaps.min() <= 1
    if min(count, most) > 1:
        assert (numbers[0], numbers[-1]) == (0, count - 1)


def test_networks_need_two_regions_to_learn_from() -> None:
    alone = Region("home", "Home", "", (), (), "")
    with pytest.raises(InputError, match="need two regions"):
        experiment_of([alone, alone], RunRequest("training"))
    with pytest.raises(InputError, match="There is no experiment magic"):
        experiment_of([alone], RunRequest("magic"))


def test_the_process_sees_each_tile_as_the_project_does(
    project, scene_id, numbers, true_fields
) -> None:
    read_truth(project, scene_id, numbers)
    request = RunRequest(scenes=(scene_id,), most_tiles=4)
    order = json.loads(json.dumps({"region": region_order(project, request), "folders": []}))
    (region,) = regions_of(order)
    assert region.name == "Farm"
    assert not region.train
    assert "Truth of North: the file truth.tif" in region.note
    assert len({image.fingerprint for image in region.test}) == 4
    opened = open_project_scene(project, scene_id)
    for image in region.test:
        (sample,) = samples_of(image)
        frame = opened.frame(image.tile)
        assert sample.tile == image.tile
        assert sample.image.grid == frame.tile_grid
        # Judged on the tile's own pixels; what its neighbours answer for is only seen.
        expected = np.zeros(frame.tile_grid.shape, dtype=bool)
        expected[frame.core.slices] = True
        np.testing.assert_array_equal(sample.known, expected)
        own = opened.core(image.tile)
        np.testing.assert_array_equal(sample.truth[frame.core.slices], true_fields[own.slices])


def test_results_are_kept_by_what_is_seen(project, scene_id, numbers) -> None:
    read_truth(project, scene_id, numbers)
    request = RunRequest(scenes=(scene_id,), most_tiles=1)

    def fingerprint() -> str:
        order = region_order(project, request)
        assert order is not None
        return order["images"][0]["fingerprint"]

    before = fingerprint()
    assert fingerprint() == before
    record = project.scene(scene_id)
    seen = {**record.scene, "bands": [3, 2, 1]}
    project.update_scene(scene_id, expected_version=record.version, scene=seen)
    assert fingerprint() != before


def test_scenes_that_are_not_ready_say_why(project, scene_id, numbers, farmland) -> None:
    request = RunRequest(scenes=(scene_id,))
    with pytest.raises(InputError, match="no reference fields yet"):
        region_order(project, request)
    read_truth(project, scene_id, numbers)
    change_landcover(project, scene_id, None)
    with pytest.raises(InputError, match="no land cover"):
        region_order(project, request)
    assert region_order(project, replace(request, scenes=())) is None


def test_scenes_of_one_name_are_told_apart(project, scene_id, farmland) -> None:
    twin = add_scene(project, farmland.scene, name="North")
    assert list(scene_names(project, (scene_id, twin.id)).values()) == ["North", "North (2)"]
