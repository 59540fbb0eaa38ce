from tests.pages.conftest import press, said, settle, wrong
from ui.review import _save, _Seen


def judged(page, project):
    """The review page with its only tile chosen."""
    (scene,) = project.scenes()
    (tile,) = project.tiles(scene.id)
    return page("review", project, scene=scene.id, tile=tile.name)


def test_the_queue_and_how_far_it_is(page, project) -> None:
    app = judged(page, project)
    assert not app.error
    table = app.dataframe[0].value
    assert list(table["Verdict"]) == ["Open"]
    assert "0 of 1 tile reviewed" in "".join(p.proto.text for p in app.get("progress"))


def test_a_verdict_is_saved_with_name_and_comment(page, project) -> None:
    app = judged(page, project)
    next(b for b in app.get("button_group") if b.label == "Verdict").set_value("accepted")
    next(t for t in app.text_input if t.label == "Comment").set_value("good *edges*")
    press(app, "Save")
    (scene,) = project.scenes()
    verdict = project.tiles(scene.id)[0].verdict
    assert (verdict.verdict, verdict.comment) == ("accepted", "good *edges*")
    assert verdict.reviewer
    assert list(app.dataframe[0].value["Verdict"]) == ["Accepted"]
    assert "Verdict: accepted — good *edges*" in list(app.dataframe[1].value["What"])


def test_somebody_else_was_faster(page, project) -> None:
    app = judged(page, project)
    (scene,) = project.scenes()
    tile = project.tiles(scene.id)[0]
    project.set_verdict(
        scene.id, tile.name, "rejected", comment="", reviewer="Ada", expected_version=0
    )
    press(app, "Save")
    assert "verdict is shown now" in wrong(app)
    assert project.tiles(scene.id)[0].verdict.reviewer == "Ada"
    assert list(app.dataframe[0].value["Verdict"]) == ["Rejected"]
    app.run()
    assert not app.error


def test_a_verdict_that_nobody_waits_for_changes_nothing(project) -> None:
    (scene,) = project.scenes()
    tile = project.tiles(scene.id)[0]
    _save(_Seen(project, scene.id, tile.name, 7, 1), "no such form")
    assert project.tiles(scene.id)[0].verdict.version == tile.verdict.version


def test_only_tiles_of_the_chosen_verdict_are_shown(page, project) -> None:
    app = judged(page, project)
    next(b for b in app.get("button_group") if b.label == "Show").set_value(["rejected"])
    app.run()
    assert "No tile has this verdict" in said(app)


def test_mapping_all_tiles_goes_on_in_the_background(page, project, monkeypatch) -> None:
    from core.annotate import batch

    (scene,) = project.scenes()
    (tile,) = project.tiles(scene.id)

    def predict(asked, scene_id, progress, cancelled) -> int:
        progress("Mapping tiles", 0, 1)
        asked.set_figures(scene_id, tile.name, {"uncertainty": 0.25, "cropland_ha": 3.0})
        return 1

    monkeypatch.setattr(batch, "predict_all", predict)
    app = press(judged(page, project), "Map all tiles")
    app = settle(app, ("map", str(project.path), scene.id))
    assert list(app.dataframe[0].value["Uncertainty"]) == [0.25]
    assert not app.error


def test_a_failed_mapping_is_one_sentence(page, project, monkeypatch) -> None:
    from core.annotate import batch

    def predict(*_) -> int:
        raise ZeroDivisionError

    monkeypatch.setattr(batch, "predict_all", predict)
    (scene,) = project.scenes()
    app = press(judged(page, project), "Map all tiles")
    app = settle(app, ("map", str(project.path), scene.id))
    assert "Something went wrong in the application itself" in wrong(app)
