"""The first verdict of a tile that is up for a second look, on the map of another person."""

import shapely

from core.project import Project
from core.review import without_hidden
from tests.server.conftest import ready
from ui.server import tokens
from ui.server.presence import ROOM


def told(http, address: str) -> dict:
    return http.get(address).json()["verdict"]


def parcels_said(http, address: str) -> list[str]:
    """Ada judges three parcels and pins a note; the parcels' ids."""
    state = ready(http, address)
    chosen = sorted(state["parcels"], key=lambda one: -one["area_ha"])[:3]
    spots = [shapely.Polygon(one["rings"][0]).representative_point() for one in chosen]
    good, bad, other = ([spot.x, spot.y] for spot in spots)
    edits = [
        {"kind": "parcel_verdict", "point": good, "verdict": "accepted"},
        {"kind": "parcel_verdict", "point": bad, "verdict": "rejected", "reason": "wood"},
        {"kind": "reclassify", "point": other, "land_class": "other", "reason": "orchard"},
        {"kind": "note", "id": "n", "point": good, "text": "a hedge"},
    ]
    http.post(f"{address}/edits", json={"version": state["version"], "edits": edits})
    return [one["id"] for one in chosen]


def test_a_second_reviewer_is_blind_until_they_have_judged(client, project: Project) -> None:
    scene = project.scenes()[0].id
    name = project.tiles(scene)[0].name
    ada, ben = (f"/cropmap/{tokens.issue(project.path, who)}" for who in ("Ada", "Ben"))
    path = f"/tile/{scene}/{name}"
    good, bad, other = parcels_said(client, ada + path)
    body = {"version": 0, "verdict": "accepted", "comment": "fine"}
    assert client.post(f"{ada}{path}/verdict", json=body).status_code == 200
    project.draw_second_reviews(scene, [name], seed=1, author="Ada")

    assert told(client, ada + path)["verdict"] == "accepted"
    hidden = told(client, ben + path)
    assert (hidden["verdict"], hidden["reviewer"], hidden["comment"]) == ("open", "", "")
    assert hidden["version"] == 1
    tiles = client.get(f"{ben}/scene/{scene}").json()["tiles"]
    assert [(t["verdict"], t["reviewer"]) for t in tiles if t["name"] == name] == [("open", "")]

    # The label is there, without anything that Ada said of its parcels.
    seen, hers = ready(client, ben + path), ready(client, ada + path)
    assert seen["second_look"]
    assert not hers["second_look"]
    rows = {row["id"]: row for row in seen["parcels"]}
    assert bad not in rows
    assert (rows[good]["state"], rows[other]["land_class"]) == ("auto", "other")
    assert {row["reviewer"] + row["reason"] for row in rows.values()} == {""}
    assert (seen["cropland_ha"], seen["notes"]) == (hers["cropland_ha"], [])
    assert [note["text"] for note in hers["notes"]] == ["a hedge"]

    wrong = client.post(f"{ben}{path}/verdict", json={"version": 1, "verdict": "open"})
    assert wrong.status_code == 400
    body = {"version": 1, "verdict": "fix", "comment": "gap"}
    given = client.post(f"{ben}{path}/verdict", json=body).json()["verdict"]
    assert (given["verdict"], given["reviewer"]) == ("fix", "Ben")
    shown = ready(client, ben + path)
    assert not shown["second_look"]
    assert {row["id"]: row["state"] for row in shown["parcels"]}[bad] == "rejected"
    assert told(client, ada + path)["verdict"] == "accepted"
    review = project.second_review(scene, name)
    assert review.first.comment == "fine"
    assert review.second.comment == "gap"

    # Taken back like any verdict of one's own, it waits again; brought back, it is as it was.
    assert shown["can_undo"]
    step = {"version": shown["version"]}
    back = client.post(f"{ben}{path}/undo", json=step).json()
    assert (back["second_look"], back["verdict"]["verdict"]) == (True, "open")
    assert project.second_review(scene, name).waiting
    rows = without_hidden(project.history(scene_id=scene, tile=name), [name])
    said = [row.detail for row in rows if "verdict" in row.action]
    assert said == [{"hidden": True}] * 3
    assert not client.get(ada + path).json()["can_redo"]
    assert back["can_redo"]
    again = client.post(f"{ben}{path}/redo", json=step).json()
    assert (again["second_look"], again["verdict"]["verdict"]) == (False, "fix")
    assert project.second_review(scene, name) == review
    assert client.post(f"{ben}{path}/undo", json=step).status_code == 200
    assert client.post(f"{ben}{path}/redo", json=step).status_code == 200

    # Whoever judges now settles it, for everybody.
    body = {"version": 1, "verdict": "fix", "comment": ""}
    client.post(f"{ada}{path}/verdict", json=body)
    assert [told(client, who + path)["reviewer"] for who in (ada, ben)] == ["Ada", "Ada"]
    assert project.second_steps(scene, name).undo_author == ""

    own = ada.removeprefix("/cropmap/")
    assert [(p.person, p.tile) for p in ROOM.others(project.path, own)] == [("Ben", name)]
