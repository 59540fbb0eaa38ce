"""Files of the results as the browser gets them: whole, streamed, and nothing else."""

import os

import pytest

from core.study.projects.run_locations import runs_folder, truth_folder
from ui.server import tokens
from ui.server.downloads import RESULTS, address, run_address

BODY = os.urandom(300_000)


@pytest.fixture(scope="module", autouse=True)
def results(project) -> None:
    """Files in the results, beside them, and a link that leads out of them."""
    folder = project.folder / RESULTS / "Nord-1"
    folder.mkdir(parents=True)
    (folder / "label.zip").write_bytes(BODY)
    (project.folder / "secret.txt").write_text("secret")
    (folder / "link.txt").symlink_to(project.folder / "secret.txt")
    (project.folder / f"{RESULTS}-other").mkdir()
    (project.folder / f"{RESULTS}-other" / "a.txt").write_text("secret")


@pytest.fixture
def token(project) -> str:
    return tokens.issue(project.path, "Ana")


def test_a_file_arrives_whole_under_its_name(client, project, token) -> None:
    results = project.folder / RESULTS
    link = address(token, results, results / "Nord-1" / "label.zip", "Südfeld 1_label.zip")
    answer = client.get(link)
    assert answer.status_code == 200
    assert answer.content == BODY
    assert "attachment" in answer.headers["content-disposition"]
    assert "S%C3%BCdfeld%201_label.zip" in answer.headers["content-disposition"]
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    part = client.get(link, headers={"Range": "bytes=10-19"})
    assert part.status_code == 206
    assert part.content == BODY[10:20]


@pytest.mark.parametrize(
    "path",
    [
        "Nord-1/none.zip",
        "Nord-1",
        "..%2Fsecret.txt",
        "%2E%2E/secret.txt",
        "Nord-1/..%2F..%2Fsecret.txt",
        "Nord-1/link.txt",
        "..%2Fresults-other%2Fa.txt",
        "%2Fetc%2Fpasswd",
        "a%00b",
        "farm.cropmap",
    ],
)
def test_nothing_else_is_given(client, token, path) -> None:
    answer = client.get(f"/cropmap/{token}/files/{path}")
    assert answer.status_code == 404
    assert b"secret" not in answer.content


def test_without_a_token_nothing_is_given(client) -> None:
    assert client.get("/cropmap/none/files/Nord-1/label.zip").status_code == 403


def test_a_name_cannot_smuggle_a_header_or_a_folder(client, project, token) -> None:
    results = project.folder / RESULTS
    link = address(token, results, results / "Nord-1" / "label.zip", "../a\r\nX-Bad: 1\\b.zip")
    answer = client.get(link)
    assert answer.status_code == 200
    assert "x-bad" not in answer.headers
    assert ".." not in answer.headers["content-disposition"]


def test_of_an_evaluation_only_what_runs_wrote_is_given(client, project, token) -> None:
    runs = runs_folder(project)
    (runs / "one" / "files").mkdir(parents=True)
    (runs / "one" / "one.zip").write_bytes(BODY)
    truth = truth_folder(project, "scene")
    truth.mkdir(parents=True)
    (truth / "tile.tif").write_text("secret")
    answer = client.get(run_address(token, runs, runs / "one" / "one.zip", "one.zip"))
    assert (answer.status_code, answer.content) == (200, BODY)
    for path in ("..%2Ftruth%2Fscene%2Ftile.tif", "..%2F..%2Fsecret.txt", "one", "one/files"):
        refused = client.get(f"/cropmap/{token}/evaluation/{path}")
        assert refused.status_code == 404
        assert b"secret" not in refused.content
    # Nor the other way round: what is evaluated is not among the results.
    other_way = f"/cropmap/{token}/files/..%2Fevaluation%2Fruns%2Fone%2Fone.zip"
    assert client.get(other_way).status_code == 404
