"""What the routes send is what ``core.wire`` declares, and the browser knows it."""

from typing import get_args, get_type_hints

import pytest

from core import wire
from core.attributes import COMMON_CROPS, AttributeSchema
from core.errors import WeightsError
from core.label.browser_edits import to_new_edits
from core.label.brush import STROKE
from core.label.correction_import import LABELS_IMPORT
from core.label.edits import EDITS
from core.label.withdrawal import Withdrawal
from core.predict.names import STRATEGY_NAMES
from core.project.records import CHANGED, VERDICTS
from core.session.models import Models
from core.session.opened import open_project_scene
from core.session.workspaces import Workspaces
from scripts.wire_types import TARGET, declarations
from tests.server.conftest import ready
from tests.wire_check import WireCheck
from ui.server import annotate


def test_the_browsers_types_are_made_from_the_servers() -> None:
    made = TARGET.read_text(encoding="utf-8")
    assert made == declarations(), "run 'python -m scripts.wire_types' and commit"


def test_words_that_the_product_knows_are_the_words_of_the_wire() -> None:
    assert get_args(wire.Strategy) == STRATEGY_NAMES
    assert get_args(wire.GivenVerdict) == VERDICTS
    assert set(get_args(wire.Verdict)) == {*VERDICTS, CHANGED}


@pytest.fixture
def worked_on(client, tile, project) -> str:
    """A tile with points of one field, a box, a parcel of two parts, and a problem."""
    schema = AttributeSchema().with_one("Crop", "choice", COMMON_CROPS)
    project.set_attributes(schema, author="Ana", expected=project.attributes())
    state = ready(client, tile)
    left, top, width, height = state["window"]

    def at(across: float, down: float) -> list[float]:
        return [left + width * across, top + height * down]

    def area(kind: str, across: float, down: float, wide: float, high: float) -> dict:
        (x, y), w, h = at(across, down), wide, high
        return {"kind": kind, "ring": [[x, y], [x + w, y], [x + w, y + h], [x, y + h]]}

    (x, y), (right, bottom) = at(0.7, 0.7), at(0.9, 0.9)
    first, second = at(0.3, 0.3), at(0.35, 0.3)
    prompt = {"kind": "prompt_set", "label": 1}
    edits = [
        {**prompt, "id": "a", "column": first[0], "row": first[1]},
        {**prompt, "id": "b", "column": second[0], "row": second[1], "field": "a"},
        {"kind": "box_set", "id": "c", "left": x, "top": y, "right": right, "bottom": bottom},
        area("area_remove", 0, 0, width, height * 0.3),
        area("area_add", 0.05, 0.02, 20, 20),
        area("area_add", 0.5, 0.02, 20, 20),
        area("area_add", 0.8, 0.02, 0.4, 20),
        {"kind": "note", "id": "n", "point": at(0.5, 0.5), "text": "a hedge"},
        {"kind": "merge", "points": [at(0.06, 0.04), at(0.51, 0.04)]},
        # What somebody saw and signed, and what is not there like that.
        {
            "kind": "parcel_verdict",
            "point": at(0.5, 0.6),
            "verdict": "accepted",
            "shape": [[[at(0.01, 0.31), at(0.99, 0.31), at(0.99, 0.99), at(0.01, 0.99)]]],
            "land_class": "cropland",
        },
        {"kind": "attributes", "point": at(0.5, 0.6), "values": {"crop": "wheat"}},
    ]
    answer = client.post(f"{tile}/edits", json={"version": state["version"], "edits": edits})
    assert answer.status_code == 200, answer.text
    return tile


def test_every_field_of_the_answers_is_declared_and_every_declared_one_is_there(
    client, base, worked_on, project, monkeypatch
) -> None:
    check = WireCheck()
    state = ready(client, worked_on)
    assert check.differences(state, wire.TileState) == []
    scene = client.get(f"{base}/scene/{state['scene']}").json()
    assert check.differences(scene, wire.SceneState) == []
    rest = client.get(f"{worked_on}?have={state['rows']}").json()
    assert check.differences(rest, wire.TileState) == []
    assert rest["parcels"] == []
    assert rest["same"] == {"of": state["rows"], "runs": [[0, len(state["parcels"])]]}
    changes = client.get(f"{base}/changes?since=0").json()
    assert check.differences(changes, wire.Changes) == []
    assert changes["tiles"]
    column, row, *_ = state["window"]
    hover = client.get(f"{worked_on}/hover?column={column + 30}&row={row + 60}&closely=1").json()
    assert check.differences(hover, wire.HoverAnswer) == []
    border = client.get(f"{worked_on}/inner-border?column={column + 30}&row={row + 60}").json()
    assert check.differences(border, wire.InnerBorder) == []
    late = {"version": state["version"] - 1, "edits": [{"kind": "prompts_clear"}]}
    conflict = client.post(f"{worked_on}/edits", json=late)
    replaced = client.post(f"{worked_on}/undo", json={"version": state["version"], "file": "x"})
    refused = client.post(f"{worked_on}/undo", json={})
    for answer, status in ((conflict, 409), (replaced, 410), (refused, 400)):
        assert answer.status_code == status
        assert check.differences(answer.json(), wire.ErrorAnswer) == []
    present = client.get(f"{base}/scene/{state['scene']}/open-now").json()
    assert check.differences(present, wire.OpenNow) == []

    def refuse(_key: str) -> None:
        raise WeightsError("The weights are not here.", "Fetch them.")

    without = Workspaces(Models(refuse))
    monkeypatch.setattr(annotate, "get_workspaces", lambda: without)
    failed = ready(client, worked_on)
    assert check.differences(failed, wire.TileState) == []
    assert failed["error"] == {"message": "The weights are not here.", "hint": "Fetch them."}
    kinds = (wire.TileState, wire.SceneState, wire.Changes, wire.HoverAnswer, wire.ErrorAnswer)
    assert set().union(*map(check.never_seen, kinds)) == set()


class Told(dict):
    """An edit that remembers which of its fields were asked for."""

    def __init__(self, edit: dict) -> None:
        super().__init__(edit)
        self.asked: set[str] = set()

    def get(self, name: str, default: object = None) -> object:
        self.asked.add(name)
        return super().get(name, default)

    def __getitem__(self, name: str) -> object:
        self.asked.add(name)
        return super().__getitem__(name)


VALUES = {
    "id": "a", "field": "b", "label": 1, "column": 60, "row": 60, "point": [60, 60],
    "left": 50, "top": 50, "right": 90, "bottom": 90, "points": [[60, 60], [90, 90]],
    "line": [[50, 50], [90, 90]], "radius": 5, "add": True, "ring": [[50, 50], [90, 50], [90, 90]],
    "holes": [[[70, 60], [80, 60], [80, 70]]], "rings": [[[50, 50], [90, 50], [90, 90]]],
    "strategy": "joint", "threshold": 0.4, "points_per_class": 5, "min_area_m2": 10,
    "simplify_px": 1, "field_size": 0.3, "seed": 2, "land_class": "other", "reason": "meadow",
    "shape": [[[[50, 50], [90, 50], [90, 90]]]],
    "text": "a hedge", "done": True, "tolerance_m": 2, "max_area_m2": 50, "width_m": 1,
    "values": {"crop": "wheat", "irrigated": None, "yield": 7.5},
    "published_scale": True, "before": [[[0, 0], [20, 0], [20, 20]]],
}  # fmt: skip
DECLARED = [
    (kind, edit) for edit in get_args(wire.Edit) for kind in get_args(get_type_hints(edit)["kind"])
]


def test_every_kind_of_edit_that_the_browser_may_send_is_declared_and_no_other() -> None:
    assert sorted(kind for kind, _ in DECLARED) == sorted(
        {*EDITS, STROKE} - {LABELS_IMPORT, Withdrawal.kind}
    )


@pytest.mark.parametrize(("kind", "edit"), DECLARED)
def test_every_declared_field_of_an_edit_is_read_and_every_read_one_is_declared(
    project, kind, edit
) -> None:
    opened = open_project_scene(project, project.scenes()[0].id)
    frame = opened.frame(next(iter(opened.tiles)))
    declared = set(get_type_hints(edit))
    verdict = {"verdict": "accepted"} if "verdict" in declared else {}
    sent = Told({"kind": kind, **{n: VALUES[n] for n in declared & VALUES.keys()}, **verdict})
    assert WireCheck().differences(sent, edit) == []
    assert set(sent) == declared
    (stored,) = to_new_edits([sent], frame)
    assert sent.asked == declared
    assert stored.data or kind == "prompts_clear"


def test_a_field_that_is_not_declared_and_one_that_is_missing_are_told() -> None:
    check = WireCheck()
    found = check.differences({"parts": [[[[1, 2, 3]]]], "more": 1}, wire.HoverAnswer)
    assert sorted(found) == [
        ".final is missing",
        ".more is not declared",
        ".parts[0][0][0] is [1, 2, 3], no array of 2",
    ]
