"""Tiles, files and errors as the browser gets them."""

import io
import threading

import numpy as np
import pytest
from PIL import Image
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from core.errors import ConflictError, DiskFullError, InputError, ProjectError
from core.farmland import write_scene
from core.grid import PixelPoint
from core.imagery.maptiles import WEB_MERCATOR, pixel_tile
from core.imagery.validity import UnknownPixels
from core.landcover.picture import CROPLAND_COLOUR
from core.project import Project
from core.session.adding_scenes import add_scene, change_nodata, change_view
from core.session.opened import open_project_scene
from tests.projects import farm_project
from tests.rasters import write_raster
from ui.server import layers, static, tokens
from ui.server.cache import PictureCache
from ui.server.errors import ErrorAnswers, ForbiddenError
from ui.server.routes import MIDDLEWARE, ROUTES

SIZE = 700


@pytest.fixture(scope="module")
def project(made_scene, tmp_path_factory) -> Project:
    files = made_scene(3, size=SIZE)
    made = farm_project(tmp_path_factory.mktemp("farm"), files)
    add_scene(made, files.scene, name="bare")
    return made


@pytest.fixture(autouse=True)
def empty_cache(monkeypatch) -> PictureCache:
    cache = PictureCache(64 * 1024 * 1024)
    monkeypatch.setattr(layers, "_cache", cache)
    return cache


@pytest.fixture
def client() -> TestClient:
    return TestClient(Starlette(routes=ROUTES, middleware=MIDDLEWARE), base_url="http://localhost")


@pytest.fixture
def scene(project):
    return open_project_scene(
        project, next(s for s in project.scenes() if s.landcover is not None).id
    )


def decoded(response: Response) -> np.ndarray:
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "image/png"
    assert response.headers["x-content-type-options"] == "nosniff"
    return np.asarray(Image.open(io.BytesIO(response.content)).convert("RGBA"))


def test_imagery_is_the_scene_and_transparent_beyond(client, base, scene) -> None:
    tile = decoded(client.get(f"{base}/layers/{scene.record.id}/imagery/0/2/0.png?v=1"))
    image = pixel_tile(scene.scene, 0, 2, 0)
    assert np.array_equal(tile[..., :3], image.rgb)
    assert (tile[:, : SIZE - 512, 3] == 255).all()
    assert not tile[:, SIZE - 512 :, 3].any()


def test_what_a_person_says_of_a_collar_is_seen_at_once(client, tmp_path) -> None:
    values = np.random.default_rng(0).integers(20, 200, (3, 96, 96)).astype(np.uint8)
    values[:, :36] = 0
    project = Project.create(tmp_path / "p.cropmap", "Collar")
    added = add_scene(project, write_raster(tmp_path / "a.tif", values))
    path = f"/cropmap/{tokens.issue(project.path, '')}/layers/{added.id}/imagery/0/0/0.png"
    assert not decoded(client.get(path))[:36, :96, 3].any()
    unknown = UnknownPixels.from_json(added.scene["unknown"]).answered(unknown=False)
    change_view(project, added.id, unknown=unknown)
    assert (decoded(client.get(path))[:36, :96, 3] == 255).all()
    change_nodata(project, added.id, (0.0,))
    assert not decoded(client.get(path))[:36, :96, 3].any()
    project.close()


def test_levels_get_coarser(client, base, scene) -> None:
    tile = decoded(client.get(f"{base}/layers/{scene.record.id}/imagery/2/0/0.png"))
    assert (tile[:175, :175, 3] == 255).all()
    assert not tile[175:].any()
    far = decoded(client.get(f"{base}/layers/{scene.record.id}/imagery/30/0/0.png"))
    assert np.count_nonzero(far[..., 3]) == 1


def test_land_cover_in_its_colours_and_as_share(client, base, scene) -> None:
    address = f"{base}/layers/{scene.record.id}"
    classes = decoded(client.get(f"{address}/landcover/0/2/2.png"))
    legend = {
        tuple(bytes.fromhex(c.colour.removeprefix("#"))) for c in scene.landcover.product.classes
    }
    seen = {tuple(int(v) for v in c) for c in np.unique(classes[classes[..., 3] > 0], axis=0)}
    assert {colour[:3] for colour in seen} <= legend
    assert not classes[SIZE - 512 :].any(), "nothing is drawn beyond the scene"
    share = decoded(client.get(f"{address}/cropland/1/0/0.png"))
    drawn = share[..., 3] > 0
    assert drawn.any()
    assert (share[drawn][:, :3] == CROPLAND_COLOUR).all()


def test_no_land_cover_is_transparent(client, base, project) -> None:
    bare = next(s for s in project.scenes() if s.name == "bare")
    for layer in ("landcover", "cropland"):
        tile = decoded(client.get(f"{base}/layers/{bare.id}/{layer}/0/0/0.png"))
        assert tile.shape == (256, 256, 4)
        assert not tile[..., 3].any()


def test_warped_tiles_cover_the_scene(client, base, scene) -> None:
    middle = scene.scene.grid.bounds_in(WEB_MERCATOR)
    half = np.pi * 6_378_137.0
    z = 16
    side = 2 * half / 2**z
    x = int(((middle.left + middle.right) / 2 + half) // side)
    y = int((half - (middle.bottom + middle.top) / 2) // side)
    for layer in ("imagery", "landcover"):
        tile = decoded(client.get(f"{base}/warped/{scene.record.id}/{layer}/{z}/{x}/{y}.png"))
        assert tile[..., 3].any()
    away = decoded(client.get(f"{base}/warped/{scene.record.id}/imagery/{z}/0/0.png"))
    assert not away[..., 3].any()


def test_annotated_layers_come_from_the_annotator(client, base, scene, monkeypatch) -> None:
    asked, versions = [], iter("aab")

    def overlay(_project, scene_id, layer, grid, *, without):
        asked.append((scene_id, layer, without))
        if layer == "label":
            return None
        picture = np.zeros((*grid.shape, 4), np.uint8)
        picture[...] = 200
        picture.setflags(write=False)
        return picture

    monkeypatch.setattr(layers, "layers_overlay", overlay)
    monkeypatch.setattr(layers, "layers_version", lambda *_: next(versions))
    address = f"{base}/layers/{scene.record.id}/uncertainty/0/0/0.png"
    for _ in range(3):
        assert (decoded(client.get(address)) == 200).all()
    assert len(asked) == 2, "made again only where the version changed"
    monkeypatch.setattr(layers, "layers_version", lambda *_: "c")
    label = decoded(client.get(f"{base}/layers/{scene.record.id}/label/0/0/0.png"))
    assert not label.any()
    client.get(f"{base}/layers/{scene.record.id}/label/0/0/0.png?without=x571")
    assert [without for *_, without in asked] == ["", "", "", "x571"]


def test_the_browser_keeps_what_has_a_version(client, base, scene) -> None:
    address = f"{base}/layers/{scene.record.id}/imagery/0/0/0.png"
    kept = client.get(f"{address}?v=abc").headers["cache-control"]
    assert kept == "private, max-age=31536000, immutable"
    assert client.get(address).headers["cache-control"] == "private, no-cache"


def test_sessions_share_pictures_and_a_crowd_makes_one(project, scene, monkeypatch) -> None:
    made = []
    real = layers.pixel_tile

    def counted(*arguments):
        made.append(arguments[1:])
        return real(*arguments)

    monkeypatch.setattr(layers, "pixel_tile", counted)
    app = Starlette(routes=ROUTES, middleware=MIDDLEWARE)
    addresses = [
        f"/cropmap/{tokens.issue(project.path, name)}/layers/{scene.record.id}/imagery/0/0/0.png"
        for name in ("Ana", "Ben", "Cid", "Dee")
    ]
    with TestClient(app, base_url="http://localhost") as client:
        threads = [threading.Thread(target=client.get, args=(a,)) for a in addresses]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(made) == 1


@pytest.mark.parametrize(
    "tile",
    [
        "imagery/31/0/0",
        "imagery/-1/0/0",
        "imagery/0/-1/0",
        "imagery/0/1.5/0",
        "imagery/0/99999999999/0",
        "imagery/0/2147483648/0",
        "imagery/0/\u0663/0",
        "secret/0/0/0",
        "../imagery/0/0/0",
    ],
)
@pytest.mark.parametrize("kind", ["layers", "warped"])
def test_tiles_that_do_not_exist(client, base, scene, kind, tile) -> None:
    response = client.get(f"{base}/{kind}/{scene.record.id}/{tile}.png")
    assert response.status_code == 404
    assert set(response.json()) == {"message", "hint"}


def test_a_web_map_has_a_last_column(client, base, scene) -> None:
    address = f"{base}/warped/{scene.record.id}/imagery"
    assert client.get(f"{address}/3/7/7.png").status_code == 200
    assert client.get(f"{address}/3/8/0.png").status_code == 404
    assert client.get(f"{base}/layers/{scene.record.id}/imagery/3/8/0.png").status_code == 200


def test_wrong_tokens_and_scenes(client, base, scene) -> None:
    address = f"layers/{scene.record.id}/imagery/0/0/0.png"
    for token in ("wrong", "A" * 43):
        response = client.get(f"/cropmap/{token}/{address}")
        assert response.status_code == 403
        assert response.headers["cache-control"] == "no-store"
    assert client.get(f"{base}/layers/nowhere/imagery/0/0/0.png").status_code == 404


def test_a_missing_file_is_told_and_not_remembered(client, project, tmp_path) -> None:
    files = write_scene(tmp_path / "gone", seed=4, size=300)
    made = Project.create(tmp_path / "gone.cropmap", "Gone")
    added = add_scene(made, files.scene)
    base = f"/cropmap/{tokens.issue(made.path, 'Ana')}"
    address = f"{base}/layers/{added.id}/imagery/0/0/0.png"
    aside = files.scene.rename(files.scene.with_suffix(".away"))
    response = client.get(address)
    assert response.status_code == 400
    assert "no file" in response.json()["message"]
    aside.rename(files.scene)
    assert client.get(address).status_code == 200


def test_other_hosts_and_sites_get_nothing(client, base, scene) -> None:
    address = f"{base}/layers/{scene.record.id}/imagery/0/0/0.png"
    for headers in ({"host": "evil.example"}, {"sec-fetch-site": "cross-site"}):
        response = client.get(address, headers=headers)
        assert response.status_code == 403
        assert response.headers["x-content-type-options"] == "nosniff"
    assert client.get(address, headers={"sec-fetch-site": "same-origin"}).status_code == 200


def test_post_needs_its_origin(client, base) -> None:
    address = f"{base}/tile/x/y/undo"
    assert client.post(address, json={}).status_code == 403
    evil = client.post(address, json={}, headers={"origin": "http://evil.example"})
    assert evil.status_code == 403
    assert (
        client.post("/cropmap/nowhere", headers={"origin": "http://localhost"}).json()["hint"] == ""
    )


@pytest.fixture
def bundle(tmp_path, monkeypatch):
    folder = tmp_path / "bundle"
    folder.mkdir()
    (folder / "map.js").write_text("export default 1;")
    (folder / "map.css").write_text("a{}")
    (folder / "notes.html").write_text("<script>")
    (folder / "sub").mkdir()
    (folder / "sub" / "in.js").write_text("1")
    (tmp_path / "secret.js").write_text("secret")
    (folder / "link.js").symlink_to(tmp_path / "secret.js")
    monkeypatch.setattr(static, "BUNDLE", folder)
    return folder


def test_files_of_the_map(client, bundle) -> None:
    script = client.get("/cropmap/static/map.js?v=1")
    assert script.text == "export default 1;"
    assert script.headers["content-type"] == "text/javascript; charset=utf-8"
    assert "immutable" in script.headers["cache-control"]
    style = client.get("/cropmap/static/map.css")
    assert style.headers["content-type"].startswith("text/css")
    assert style.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "name",
    [
        "notes.html",
        "link.js",
        "sub/in.js",
        "sub%2fin.js",
        "../secret.js",
        "..%2fsecret.js",
        "%2e%2e%2fsecret.js",
        "..%5csecret.js",
        "/etc/passwd",
        "map.js%00",
        "",
        ".",
        "..",
    ],
)
def test_no_other_file_can_be_had(client, bundle, name) -> None:
    response = client.get(f"/cropmap/static/{name}")
    assert response.status_code in (403, 404)
    assert "secret" not in response.text


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (InputError("Wrong.", "Right it."), 400),
        (ForbiddenError("No."), 403),
        (ProjectError("Gone."), 404),
        (ConflictError("Late."), 409),
        (DiskFullError("Full."), 507),
        (ZeroDivisionError("secret detail"), 500),
    ],
)
def test_every_error_is_a_sentence(error, status, caplog) -> None:
    def fail(_request: Request) -> Response:
        raise error

    app = Starlette(
        routes=[
            Mount("/cropmap", routes=[Route("/x", fail)], middleware=[Middleware(ErrorAnswers)])
        ]
    )
    response = TestClient(app, base_url="http://localhost").get("/cropmap/x")
    assert response.status_code == status
    body = response.json()
    assert body["message"].endswith(".")
    assert "secret" not in response.text
    assert ("secret detail" in caplog.text) == (status == 500)


def test_a_click_keeps_its_place_between_picture_and_grid(scene) -> None:
    # What the browser calls pixel (column, row) is the scene's own, in tiles of every level.
    point = PixelPoint(333.0, 444.0)
    for level in range(4):
        grid = pixel_tile(scene.scene, level, 0, 0).grid
        here = grid.world_to_pixel(scene.scene.grid.pixel_to_world(point))
        assert here.column * 2**level == pytest.approx(point.column)
        assert here.row * 2**level == pytest.approx(point.row)
