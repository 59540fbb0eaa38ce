"""What a browser has of a label is not sent again."""

import json
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from core.session.parcel_rows import ParcelRows
from core.session.state import for_browser_with
from tests.session.conftest import ready


class Labels:
    """Labels of numbered parcels, as rows; the same number is the same parcel."""

    def __init__(self, workspace_label, frame) -> None:
        self.frame, self.label = frame, workspace_label
        self.rows = ParcelRows()
        self.parcels = [
            replace(workspace_label.parcels[0], id=f"p{number}") for number in range(12)
        ]

    def of(self, numbers: list[int]):
        parcels = tuple(self.parcels[number] for number in numbers)
        return self.rows.of(replace(self.label, parcels=parcels), self.frame)


def put_together(before: list, sent: list, same: dict) -> list:
    """As the browser does it."""
    whole, left = [], list(sent)
    for start, count in same["runs"]:
        whole += before[start : start + count] if start >= 0 else left[:count]
        left = left if start >= 0 else left[count:]
    assert not left
    return whole


def test_any_list_follows_from_any_earlier_one(workspace) -> None:
    ready(workspace)
    labels = Labels(workspace.finished(), workspace._place().frame)
    numbers = st.lists(st.integers(0, 11), unique=True)

    @given(numbers, numbers)
    def holds(first: list[int], second: list[int]) -> None:
        before, now = labels.of(first), labels.of(second)
        found = now.since(before.name)
        assert found is not None
        sent, same = found
        assert put_together(list(before), sent, same) == list(now)
        assert {row["id"] for row in sent} == {row["id"] for row in now} - {
            row["id"] for row in before
        }

    holds()


def test_the_same_parcels_have_the_same_name_and_a_strange_name_gets_all(workspace) -> None:
    state = ready(workspace)
    again = workspace.state()
    assert state["rows"] == again["rows"] != ""
    nothing = for_browser_with(again, state["rows"])
    assert nothing["parcels"] == []
    assert put_together(state["parcels"], [], nothing["same"]) == list(again["parcels"])
    assert for_browser_with(again, "of another process") is again
    assert len(json.dumps(nothing)) < len(json.dumps(again))


def test_one_correction_sends_one_parcel(workspace) -> None:
    version = ready(workspace)["version"]
    left, top, width, _ = workspace.state()["window"]
    band = [(left, top + 50), (left + width, top + 50), (left + width, top + 60), (left, top + 60)]
    workspace.edit([{"kind": "area_remove", "ring": band}], version, "Ana")
    before = workspace.state()
    assert len(before["parcels"]) > 1
    judged = {"kind": "parcel_verdict", "point": [left + 5, top + 5], "verdict": "accepted"}
    workspace.edit([judged], before["version"], "Ana")
    after = workspace.state()
    sent = for_browser_with(after, before["rows"])
    assert [row["state"] for row in sent["parcels"]] == ["accepted"]
    assert put_together(before["parcels"], sent["parcels"], sent["same"]) == list(after["parcels"])
