import random
import threading
import time

import numpy as np
import pytest
import shapely

from core.errors import CancelledError, ConflictError, InputError, ProjectError, WeightsError
from core.farmland import write_scene
from core.grid import PixelPoint
from core.label.click import CLOSER_SIDE
from core.label.kept_label import load_label
from core.predict.kept_prediction import Prediction
from core.project import Project
from core.session import asker, label_memory
from core.session.adding_scenes import add_scene, change_landcover
from core.session.asker import Asker
from core.session.batch import predict_all
from core.session.in_vain import FindsNothingError
from core.session.models import Models
from core.session.place import label_path
from core.session.preparation import Preparation
from core.session.workspaces import Workspaces
from tests.fakes import ColourSegmenter
from tests.session.conftest import ready


def inside(state: dict, across: float = 0.5, down: float = 0.5) -> dict:
    column, row, width, height = state["window"]
    return {"column": column + width * across, "row": row + height * down}


def click(state: dict, name: str, across: float, down: float, label: int = 1) -> dict:
    return {"kind": "prompt_set", "id": name, "label": label, **inside(state, across, down)}


def settled(workspace) -> None:
    """Once first answers are final, or could not be made so."""
    refining = workspace.refining
    assert refining is not None
    refining.exception(30)


def test_a_tile_begins_with_the_automatic_prediction(workspace) -> None:
    first = workspace.state()
    assert first["status"] == "working"
    assert first["error"] is None
    state = ready(workspace)
    assert state["parcels"]
    assert state["cropland_ha"] > 0
    assert state["landcover_ha"] > 0
    assert {p["source"] for p in state["prompts"]} == {"auto"}
    assert {p["label"] for p in state["prompts"]} == {0, 1}
    assert state["edit_count"] == state["version"] == 0


def test_a_click_changes_the_mask_and_undo_takes_it_back(workspace, segmenter) -> None:
    before = ready(workspace)
    embedded = segmenter.embedded
    workspace.edit([click(before, "a", 0.5, 0.5)], before["version"], "Ana")
    after = ready(workspace)
    assert after["mask_version"] != before["mask_version"]
    assert any(p["id"] == "a" and p["source"] == "person" for p in after["prompts"])
    workspace.undo(after["version"], "Ana")
    back = ready(workspace)
    assert back["mask_version"] == before["mask_version"]
    assert back["parcels"] == before["parcels"]
    workspace.redo(back["version"], "Ana")
    assert ready(workspace)["parcels"] == after["parcels"]
    assert segmenter.embedded == embedded


def test_edits_that_are_sent_at_once_are_undone_one_by_one(workspace) -> None:
    state = ready(workspace)
    places = ((0.3, 0.3), (0.5, 0.5), (0.7, 0.7))
    edits = [click(state, f"p{n}", *place) for n, place in enumerate(places)]
    workspace.edit(edits, state["version"], "Ana")
    state = ready(workspace)
    for left in (3, 2, 1, 0):
        assert state["edit_count"] == left
        workspace.undo(state["version"], "Ana")
        state = ready(workspace)
    assert not state["can_undo"]


def test_the_threshold_acts_without_encoding_or_asking(workspace, segmenter) -> None:
    state = ready(workspace)
    asked = (segmenter.embedded, len(segmenter.batches))
    settings = {"kind": "settings", "threshold": 0.99}
    workspace.edit([settings], state["version"], "Ana")
    after = workspace.state()
    assert after["status"] == "ready"
    assert after["cropland_ha"] < state["cropland_ha"]
    assert (segmenter.embedded, len(segmenter.batches)) == asked


@pytest.mark.parametrize("why", ["no model", "nothing to see"])
def test_a_prompt_that_nobody_can_answer_does_not_keep_the_tile_working(
    project, scene_id, workspaces, tile, monkeypatch, why
) -> None:
    record = project.scene(scene_id)
    if why == "no model":
        settings = {"model": None, "strategy": "classifier"}
        project.update_scene(scene_id, expected_version=record.version, settings=settings)
    else:
        monkeypatch.setattr("core.session.preparation.embed_tile", lambda *_: None)
    workspace = workspaces.get(project, scene_id, tile)
    state = ready(workspace)
    workspace.edit([click(state, "a", 0.5, 0.5)], state["version"], "Ana")
    after = ready(workspace, 10.0)
    assert after["parcels"] == state["parcels"]
    assert not after["refining"]


def test_a_deleted_automatic_prompt_is_no_longer_asked(workspace, segmenter) -> None:
    state = ready(workspace)
    gone = next(p for p in state["prompts"] if p["label"] == 1)
    embedded = segmenter.embedded
    workspace.edit([{"kind": "prompt_delete", "id": gone["id"]}], state["version"], "Ana")
    after = ready(workspace)
    assert gone["id"] not in {p["id"] for p in after["prompts"]}
    assert len(after["prompts"]) == len(state["prompts"]) - 1
    assert segmenter.embedded == embedded
    assert len(segmenter.batches[-1].labels[0]) == len(after["prompts"])
    workspace.undo(after["version"], "Ana")
    assert ready(workspace)["parcels"] == state["parcels"]


def test_a_flipped_automatic_prompt_becomes_the_persons(workspace) -> None:
    state = ready(workspace)
    chosen = next(p for p in state["prompts"] if p["label"] == 1)
    flip = {"kind": "prompt_set", **{k: chosen[k] for k in ("id", "column", "row")}, "label": 0}
    workspace.edit([flip], state["version"], "Ana")
    (now,) = (p for p in ready(workspace)["prompts"] if p["id"] == chosen["id"])
    assert (now["label"], now["source"]) == (0, "person")


def test_thirty_edits_and_back_to_the_start_also_after_a_restart(
    workspace, project, scene_id, tile, segmenter
) -> None:
    chosen = random.Random(5)
    state = first = ready(workspace)
    seen = [first]
    for number in range(30):
        place = (chosen.random(), chosen.random())
        spot = inside(state, *place)
        here = [spot["column"], spot["row"]]
        edit = chosen.choice(
            [
                click(state, f"p{number}", *place, number % 2),
                {"kind": "brush", "line": [here, [here[0] + 9, here[1]]], "radius": 4, "add": True},
                {"kind": "parcel_delete", "point": here},
                {"kind": "settings", "threshold": round(chosen.uniform(0.3, 0.7), 2)},
            ]
        )
        try:
            workspace.edit([edit], state["version"], "Ana")
        except FindsNothingError:  # on land where a parcel was deleted, it stays deleted
            continue
        state = ready(workspace)
        seen.append(state)
    assert len(seen) > 25
    # Another process opens the same file.
    again = Workspaces(Models(lambda _key: ColourSegmenter()))
    other = again.get(Project.open(project.path), scene_id, tile)
    for expected in reversed(seen):
        state = ready(other)
        assert state["parcels"] == expected["parcels"]
        assert state["edit_count"] == expected["edit_count"]
        if state["can_undo"]:
            other.undo(state["version"], "Ana")
    assert state["mask_version"] == first["mask_version"]
    assert not state["can_undo"]


def test_who_asks_just_when_the_model_has_seen_the_tile_gets_no_label_without_the_clicks(
    workspace, project, scene_id, tile, monkeypatch
) -> None:
    state = ready(workspace)
    workspace.edit([click(state, "a", 0.5, 0.5)], state["version"], "Ana")
    expected = ready(workspace)["parcels"]
    assert any(parcel["id"] == "a" for parcel in expected)
    has_seen, go_on = threading.Event(), threading.Event()
    run = Preparation.run

    def run_and_wait(preparation: Preparation) -> Prediction:
        prediction = run(preparation)
        has_seen.set()
        assert go_on.wait(30)
        return prediction

    monkeypatch.setattr(Preparation, "run", run_and_wait)
    other = Workspaces(Models(lambda _key: ColourSegmenter())).get(project, scene_id, tile)
    other.state()
    assert has_seen.wait(30)
    other.state()
    go_on.set()
    assert ready(other)["parcels"] == expected


def test_a_reopened_tile_is_there_at_once(workspace, workspaces, project, scene_id, tile) -> None:
    state = ready(workspace)
    workspaces.settle()
    other = Workspaces(Models(lambda _key: ColourSegmenter())).get(project, scene_id, tile)
    assert other.state()["parcels"] == state["parcels"]


def test_of_two_who_edit_at_once_one_is_told(workspace) -> None:
    state = ready(workspace)
    workspace.edit([click(state, "a", 0.4, 0.4)], state["version"], "Ana")
    with pytest.raises(ConflictError):
        workspace.edit([click(state, "b", 0.6, 0.6)], state["version"], "Ben")
    assert {p["id"] for p in ready(workspace)["prompts"] if p["source"] == "person"} == {"a"}


def test_bad_edits_change_nothing(workspace) -> None:
    state = ready(workspace)
    good, bad = click(state, "a", 0.4, 0.4), click(state, "b", 9, 9)
    with pytest.raises(InputError):
        workspace.edit([good, bad], state["version"], "Ana")
    assert ready(workspace)["version"] == state["version"]


def test_hover_gives_what_a_click_gives(workspace) -> None:
    state = ready(workspace)
    spot = inside(state, 0.3, 0.6)
    answer = workspace.hover(PixelPoint(spot["column"], spot["row"]), "Ana")
    assert answer is not None
    # So small a tile is seen as closely as it can be.
    assert answer.final
    assert answer.area is not None
    workspace.edit([click(state, "a", 0.3, 0.6)], state["version"], "Ana")
    (parcel,) = (p for p in ready(workspace)["parcels"] if p["id"] == "a")
    drawn = shapely.Polygon(parcel["rings"][0], parcel["rings"][1:])
    assert drawn.intersection(answer.area).area > 0.97 * drawn.area


class TestCloserLook:
    """A tile that is large enough to be looked at more closely."""

    @pytest.fixture
    def large(self, tmp_path_factory, tmp_path) -> Project:
        made = Project.create(tmp_path / "large.cropmap", "Large")
        files = write_scene(tmp_path_factory.mktemp("large"), seed=3, size=520)
        add_scene(made, files.scene, landcover_path=None)
        return made

    @pytest.fixture
    def place(self, large) -> tuple[Project, str, str]:
        scene = large.scenes()[0].id
        return large, scene, large.tiles(scene)[0].name

    def test_the_first_answer_does_not_wait_for_it(self, place, tmp_path) -> None:
        go = threading.Event()

        class Slow(ColourSegmenter):
            def embed(self, rgb: np.ndarray):
                assert rgb.shape[0] > CLOSER_SIDE or go.wait(30)
                return super().embed(rgb)

        slow = Slow()
        workspace = Workspaces(Models(lambda _key: slow)).get(*place)
        state = ready(workspace)
        log = workspace.edit([click(state, "a", 0.5, 0.5)], state["version"], "Ana")
        first = workspace.state(log=log, closely=False)
        assert first["refining"]
        assert first["version"] == log.version
        assert any(parcel["id"].startswith("a") for parcel in first["parcels"])
        # While the model looks more closely, others go on.
        again = workspace.state(closely=False, asker=Asker("Ben"))
        assert again["mask_version"] == first["mask_version"]
        # ... and are shown what is there, which is not made anew for each of them.
        assert again["parcels"] is first["parcels"]
        # Two who draw in different places of what they see are both heard, though it is not final.
        for author, (x, y) in (("Ana", (0.05, 0.05)), ("Ben", (0.9, 0.05))):
            spot = click(state, "", x, y)
            here = [[spot["column"] + dx, spot["row"] + dy] for dx, dy in ((0, 0), (9, 0), (0, 9))]
            drawn = {"kind": "area_remove", "ring": here}
            log = workspace.edit([drawn], first["version"], author)
        assert log.version == first["version"] + 2
        go.set()
        settled(workspace)
        final = workspace.state(closely=False)
        assert not final["refining"]
        assert final["mask_version"] != first["mask_version"]

    def test_what_is_kept_is_the_final_label_whatever_came_first(self, place) -> None:
        hurried, calm = (Workspaces(Models(lambda _key: ColourSegmenter())) for _ in range(2))
        workspace = hurried.get(*place)
        state = ready(workspace)
        log = workspace.edit([click(state, "a", 0.5, 0.5)], state["version"], "Ana")
        first = workspace.state(log=log, closely=False)
        label = workspace.finished()
        assert label.version != first["mask_version"]
        hurried.settle()
        kept = load_label(label_path(place[0].folder, *place[1:]))
        assert kept is not None
        assert kept["version"] == label.version
        label_path(place[0].folder, *place[1:]).unlink()
        again = calm.get(*place).finished()
        assert again.version == label.version
        assert [p.polygon.wkt for p in again.parcels] == [p.polygon.wkt for p in label.parcels]

    def test_nobody_need_ask_again_for_the_final_label_to_be_kept(self, place) -> None:
        workspaces = Workspaces(Models(lambda _key: ColourSegmenter()))
        workspace = workspaces.get(*place)
        state = ready(workspace)
        log = workspace.edit([click(state, "a", 0.5, 0.5)], state["version"], "Ana")
        assert workspace.state(log=log, closely=False)["refining"]
        settled(workspace)
        workspaces.settle()
        kept = load_label(label_path(place[0].folder, *place[1:]))
        assert kept is not None
        assert kept["version"] == workspace.state()["mask_version"]

    def test_while_the_model_is_busy_an_edit_is_answered_with_what_is_there(
        self, place, monkeypatch
    ) -> None:
        free = threading.Event()
        free.set()

        class Busy(ColourSegmenter):
            def decode(self, *given, **named):
                assert free.wait(60)
                return super().decode(*given, **named)

        workspace = Workspaces(Models(lambda _key: Busy())).get(*place)
        state = ready(workspace)
        monkeypatch.setattr(asker, "PATIENCE_S", 0.1)
        free.clear()
        log = workspace.edit([click(state, "a", 0.5, 0.5)], state["version"], "Ana")
        assert len(log.edits) == 1
        now = workspace.state(log=log, closely=False)
        assert (now["status"], now["refining"], now["final"]) == ("ready", True, False)
        assert now["parcels"] == state["parcels"]
        free.set()
        settled(workspace)
        assert workspace.state(closely=False)["final"]

    def test_the_kept_label_is_read_after_a_restart_alone(self, place, monkeypatch) -> None:
        workspace = Workspaces(Models(lambda _key: ColourSegmenter())).get(*place)
        state = ready(workspace)
        read = []
        monkeypatch.setattr(label_memory, "load_label", read.append)
        log = workspace.edit([click(state, "a", 0.5, 0.5)], state["version"], "Ana")
        assert workspace.state(log=log, closely=False)["refining"]
        assert read == []

    def test_after_a_restart_the_final_label_is_shown_until_it_is_made_again(self, place) -> None:
        workspaces = Workspaces(Models(lambda _key: ColourSegmenter()))
        workspace = workspaces.get(*place)
        workspace.edit([click(ready(workspace), "a", 0.5, 0.5)], 0, "Ana")
        (own,) = (one for one in ready(workspace)["parcels"] if one["id"] == "a")
        signed = {"verdict": "accepted", "shape": [own["rings"]], "land_class": "cropland"}
        there = shapely.Polygon(own["rings"][0], own["rings"][1:]).representative_point()
        judge = {"kind": "parcel_verdict", "point": [there.x, there.y], **signed}
        workspace.edit([judge], 1, "Ana")
        before = ready(workspace)
        assert "accepted" in {parcel["state"] for parcel in before["parcels"]}
        workspaces.settle()
        go = threading.Event()

        class Slow(ColourSegmenter):
            def embed(self, rgb: np.ndarray):
                assert rgb.shape[0] > CLOSER_SIDE or go.wait(30)
                return super().embed(rgb)

        again = Workspaces(Models(lambda _key: Slow())).get(*place)
        for state in (again.state(closely=False), ready(again, closely=False)):
            assert state["final"]
            assert state["parcels"] == before["parcels"]
        assert state["refining"]
        log = again.edit([click(state, "b", 0.2, 0.2)], 2, "Ana")
        other = again.state(log=log, closely=False)
        assert (other["final"], other["refining"]) == (False, True)
        go.set()
        again.refining.result(60)
        last = again.state(closely=False)
        assert (last["final"], last["refining"]) == (True, False)

    def test_where_it_fails_the_first_answer_stays(self, place, caplog) -> None:
        class ShortSighted(ColourSegmenter):
            def embed(self, rgb: np.ndarray):
                if rgb.shape[0] == CLOSER_SIDE:
                    raise MemoryError
                return super().embed(rgb)

        workspace = Workspaces(Models(lambda _key: ShortSighted())).get(*place)
        state = ready(workspace, closely=False)
        log = workspace.edit([click(state, "a", 0.5, 0.5)], state["version"], "Ana")
        assert workspace.state(log=log, closely=False)["refining"]
        settled(workspace)
        after = workspace.state(closely=False)
        assert not after["refining"]
        assert any(parcel["id"] == "a" for parcel in after["parcels"])
        assert "MemoryError" in caplog.text
        with pytest.raises(MemoryError):
            workspace.finished()

    def test_a_click_where_the_pointer_rested_asks_the_model_nothing(self, place) -> None:
        segmenter = ColourSegmenter()
        workspace = Workspaces(Models(lambda _key: segmenter)).get(*place)
        state = ready(workspace)
        column, row, width, height = state["window"]
        # Between two tenths of a pixel: on its way through the log a position changes by less.
        spot = {"column": round(column + width / 2) + 0.45, "row": round(row + height / 2) + 0.35}
        point = PixelPoint(spot["column"], spot["row"])
        first = workspace.hover(point, "Ana")
        closer = workspace.hover(point, "Ana", closely=True)
        assert (first.final, closer.final) == (False, True)
        asked = len(segmenter.batches)
        edit = {**click(state, "a", 0.5, 0.5), **spot}
        log = workspace.edit([edit], state["version"], "Ana")
        assert not workspace.state(log=log, closely=False)["refining"]
        assert len(segmenter.batches) == asked


def test_weights_that_are_missing_are_told_and_nothing_is_lost(
    project, scene_id, tile, monkeypatch
) -> None:
    def refuse(_key: str) -> ColourSegmenter:
        raise WeightsError("The weights are not here.", "Fetch them.")

    workspace = Workspaces(Models(refuse)).get(project, scene_id, tile)
    state = ready(workspace)
    assert state["error"] == {"message": "The weights are not here.", "hint": "Fetch them."}
    workspace.edit([click(state, "a", 0.5, 0.5)], state["version"], "Ana")
    assert ready(workspace)["edit_count"] == 1


def test_a_mistake_of_ours_is_a_sentence(project, scene_id, tile, caplog) -> None:
    class Broken(ColourSegmenter):
        def embed(self, rgb: np.ndarray):
            raise ZeroDivisionError

    state = ready(Workspaces(Models(lambda _key: Broken())).get(project, scene_id, tile))
    assert "app itself" in state["error"]["message"]
    assert "ZeroDivisionError" in caplog.text


def test_without_land_cover_clicks_alone_draw(project, scene_id, tile, workspaces) -> None:
    change_landcover(project, scene_id, None)
    workspace = workspaces.get(project, scene_id, tile)
    state = ready(workspace)
    assert (state["parcels"], state["prompts"], state["landcover_ha"]) == ([], [], None)
    workspace.edit([click(state, "a", 0.5, 0.5)], state["version"], "Ana")
    assert ready(workspace)["parcels"]


def test_another_land_cover_starts_over_and_keeps_the_edits(
    project, scene_id, workspace, farmland
) -> None:
    state = ready(workspace)
    workspace.edit([click(state, "a", 0.5, 0.5)], state["version"], "Ana")
    ready(workspace)
    change_landcover(project, scene_id, None)
    after = ready(workspace)
    assert [p["id"] for p in after["prompts"]] == ["a"]
    change_landcover(project, scene_id, farmland.landcover)
    assert len(ready(workspace)["prompts"]) == len(state["prompts"]) + 1


def test_a_newer_wish_stops_the_older_work(project, scene_id, tile) -> None:
    go = threading.Event()

    class Slow(ColourSegmenter):
        def embed(self, rgb: np.ndarray):
            go.wait(10)
            return super().embed(rgb)

    slow = Slow()
    workspace = Workspaces(Models(lambda _key: slow)).get(project, scene_id, tile)
    state = workspace.state()
    settings = {"kind": "settings", "strategy": "joint"}
    workspace.edit([settings], state["version"], "Ana")
    assert workspace.state()["status"] == "working"
    go.set()
    assert ready(workspace)["settings"]["strategy"] == "joint"
    assert len(slow.batches) == 1


@pytest.mark.usefixtures("quickly_predicted")
def test_all_tiles_of_a_scene_can_be_mapped_stopped_and_gone_on(
    project, scene_id, workspaces, segmenter
) -> None:
    told = []

    def stop_after_two() -> bool:
        return len(told) > 2

    with pytest.raises(CancelledError):
        predict_all(project, scene_id, lambda *a: told.append(a), stop_after_two, workspaces)
    embedded = segmenter.embedded
    assert 0 < embedded < len(project.tiles(scene_id))
    count = predict_all(project, scene_id, lambda *_: None, lambda: False, workspaces)
    assert segmenter.embedded == count
    for record in project.tiles(scene_id):
        assert "cropland_ha" in record.figures
        assert load_label(label_path(project.folder, scene_id, record.name)) is not None


def test_an_unknown_tile_is_a_sentence(project, scene_id, workspaces) -> None:
    with pytest.raises(ProjectError):
        workspaces.get(project, scene_id, "x0_y0")


def test_the_next_tile_is_prepared_ahead(project, scene_id, workspaces, segmenter) -> None:
    names = [t.name for t in project.tiles(scene_id)]
    ready(workspaces.get(project, scene_id, names[0]))
    workspaces.look_ahead(project, scene_id, names[1])
    limit = time.monotonic() + 30
    while segmenter.embedded < 2 and time.monotonic() < limit:
        time.sleep(0.02)
    assert segmenter.embedded == 2
    workspaces.look_ahead(project, scene_id, None)
