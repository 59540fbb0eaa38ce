"""The first verdict of a tile that is up for a second look, on the map of another person."""

from core.project import Project
from ui.server import tokens
from ui.server.presence import ROOM


def told(http, address: str) -> dict:
    return http.get(address).json()["verdict"]


def test_a_second_reviewer_is_blind_until_they_have_judged(client, project: Project) -> None:
    scene = project.scenes()[0].id
    name = project.tiles(scene)[0].name
    ada, ben = (f"/cropmap/{tokens.issue(project.path, who)}" for who in ("Ada", "Ben"))
    path = f"/tile/{scene}/{name}"
    body = {"version": 0, "verdict": "accepted", "comment": "fine"}
    assert client.post(f"{ada}{path}/verdict", json=body).status_code == 200
    project.draw_second_reviews(scene, [name], seed=1, author="Ada")

    assert told(client, ada + path)["verdict"] == "accepted"
    hidden = told(client, ben + path)
    assert (hidden["verdict"], hidden["reviewer"], hidden["comment"]) == ("open", "", "")
    assert hidden["version"] == 1
    tiles = client.get(f"{ben}/scene/{scene}").json()["tiles"]
    assert [(t["verdict"], t["reviewer"]) for t in tiles if t["name"] == name] == [("open", "")]

    wrong = client.post(f"{ben}{path}/verdict", json={"version": 1, "verdict": "open"})
    assert wrong.status_code == 400
    body = {"version": 1, "verdict": "fix", "comment": "gap"}
    given = client.post(f"{ben}{path}/verdict", json=body).json()["verdict"]
    assert (given["verdict"], given["reviewer"]) == ("fix", "Ben")
    assert told(client, ada + path)["verdict"] == "accepted"
    review = project.second_review(scene, name)
    assert review.first.comment == "fine"
    assert review.second.comment == "gap"

    # Whoever judges now settles it, for everybody.
    body = {"version": 1, "verdict": "fix", "comment": ""}
    client.post(f"{ada}{path}/verdict", json=body)
    assert [told(client, who + path)["reviewer"] for who in (ada, ben)] == ["Ada", "Ada"]

    own = ada.removeprefix("/cropmap/")
    assert [(p.person, p.tile) for p in ROOM.others(project.path, own)] == [("Ben", name)]
