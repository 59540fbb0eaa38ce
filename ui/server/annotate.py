"""The annotation map's questions: state, edits, undo, verdict, hover, overlays.

Handlers are plain functions that run in worker threads, so the event loop never waits; those that
wait for somebody else's work do it in the event loop, so that no thread does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from core import wire
from core.errors import (
    CancelledError,
    ConflictError,
    CropMapError,
    InputError,
    ProjectReplacedError,
)
from core.grid import PixelPoint
from core.project import Project, SecondReview, TileLog, TileRecord
from core.review import asked as second_look_of
from core.review import judge, seen_by, without_verdicts
from core.session import (
    Asker,
    FindsNothingError,
    LockedError,
    NotOwnStepError,
    OpenedScene,
    Workspace,
    attributes_json,
    can_redo,
    can_undo,
    changed_since,
    for_browser_with,
    get_workspaces,
    in_file,
    line_json,
    open_project,
    open_project_scene,
    parts_json,
    replacement,
    scene_place,
    unseen_imagery,
    value_picture,
    verdict_json,
    verdict_name,
)
from ui.server import tokens
from ui.server.bodies import Body, with_body
from ui.server.errors import NO_STORE, NotFoundError, error_body, error_response
from ui.server.in_loop import done_within
from ui.server.json_answer import JsonAnswer
from ui.server.layers import encode
from ui.server.numbers import query_number
from ui.server.presence import ROOM
from ui.server.tokens import Access

_VERDICTS = ("open", "accepted", "fix", "rejected")
_LONGEST_COMMENT = 2000
_WAIT_S = 5.0
"""How long a state waits for answers that are being made final; the map asks again at once."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """Who asks, and about what."""

    access: Access
    project: Project
    scene_id: str
    tile: str
    asker: Asker

    @property
    def workspace(self) -> Workspace:
        return get_workspaces().get(self.project, self.scene_id, self.tile)

    @property
    def is_second_look(self) -> bool:
        """Whether the tile waits for this person's second verdict."""
        present = self.project.tile(self.scene_id, self.tile).verdict
        review = self.project.second_review(self.scene_id, self.tile)
        return second_look_of(self.access.person, present, review)

    def state(self, log: TileLog | None = None) -> wire.TileState:
        """The tile as this person may see it: a second look hides what was said before."""
        project, scene_id, tile, person = self.project, self.scene_id, self.tile, self.access.person
        log = log or project.log(scene_id, tile)
        state = self.workspace.state(log=log, closely=False, complain=error_body, asker=self.asker)
        state["can_undo"] = can_undo(project, scene_id, tile, log, person)
        state["can_redo"] = can_redo(project, scene_id, tile, log, person)
        review = project.second_review(scene_id, tile)
        if review is None:
            return state
        present = project.tile(scene_id, tile).verdict
        seen = seen_by(person, present, review)
        if second_look_of(person, present, review):
            return without_verdicts(state, person, seen)
        state["verdict"] = verdict_json(seen)
        return state


def scene_state(request: Request) -> Response:
    """``SceneState``: the scene's size, its tiles and their verdicts."""
    access = tokens.resolve(request.path_params["token"])
    project = open_project(access.project_path)
    opened = open_project_scene(project, request.path_params["scene"])
    return _json(_scene_json(project, opened, access.person))


async def tile_state(request: Request) -> Response:
    """``TileState``; starts the prediction where there is none, and prepares the next tile.

    Where answers are being made final it waits for them: a state that says ``refining`` is asked
    again at once; with ``wait=0`` it does not.
    """
    if request.query_params.get("wait") != "0":
        # In the event loop: many who wait must not keep the worker threads from others.
        refining = await run_sync(lambda: _asked(request).workspace.refining)
        if refining is not None:
            await done_within(refining, _WAIT_S)
    have = request.query_params.get("have", "")
    return await run_sync(lambda: _read_tile(_asked(request), have))


def _read_tile(asked: _Asked, have: str) -> Response:
    state = asked.state()
    if state["status"] == "ready":
        get_workspaces().look_ahead(asked.project, asked.scene_id, state["next"])
    return _json(for_browser_with(state, have))


def edit_tile(request: Request, body: Body) -> Response:
    """Store edits; answers with the state after the commit."""
    asked = _asked(request)
    # Who gives a second look sees no verdicts, so none may be told by what is refused.
    lock = body.get("lock") is True and not asked.is_second_look

    def store() -> TileLog:
        return asked.workspace.edit(
            body.get("edits"),
            _version(body),
            asked.access.person,
            lock=lock,
            together=body.get("together") is True,
            asker=asked.asker,
        )

    return _changing(asked, body, store)


def undo_tile(request: Request, body: Body) -> Response:
    """One step of the person's own back, or the last one whoever did it."""
    return _stepping(_asked(request), body, Workspace.undo)


def redo_tile(request: Request, body: Body) -> Response:
    """One step forward again."""
    return _stepping(_asked(request), body, Workspace.redo)


def _stepping(asked: _Asked, body: Body, step: Callable[..., TileLog | None]) -> Response:
    anybody, person = body.get("anybody") is True, asked.access.person

    def change() -> TileLog | None:
        return step(asked.workspace, _version(body), person, anybody=anybody)

    try:
        return _changing(asked, body, change)
    except NotOwnStepError as error:
        return error_response(error, status=409, details={"kind": "theirs"})


def judge_tile(request: Request, body: Body) -> Response:
    """Store a verdict."""
    asked = _asked(request)
    verdict, comment = body.get("verdict"), body.get("comment") or ""
    seen = body.get("log")
    if verdict not in _VERDICTS or not isinstance(comment, str):
        raise InputError("That is no verdict.", "Accept, fix or reject the tile.")

    def give() -> None:
        judge(
            asked.project,
            asked.scene_id,
            asked.tile,
            verdict,
            comment=comment[:_LONGEST_COMMENT],
            reviewer=asked.access.person,
            expected_version=_version(body),
            expected_log=seen if isinstance(seen, int) else None,
        )
        asked.workspace.keep_accepted()

    return _changing(asked, body, give, of_log=False)


def overlay(request: Request) -> Response:
    """The tile's probability or uncertainty on its core's pixels, as PNG."""
    asked = _asked(request)
    name = request.path_params["overlay"]
    if name not in ("probability", "uncertainty"):
        raise NotFoundError("The map has no such layer.", "Load the page again.")
    steps = asked.workspace.layer(name)
    if steps is None:
        return Response(status_code=204, headers=NO_STORE)
    return Response(encode(value_picture(steps, name)), media_type="image/png", headers=NO_STORE)


def hover(request: Request) -> Response:
    """The land that a click there would add, or with ``label=0`` take away: its parts.

    It says whether that is the final answer, for which it waits with ``closely=1``.  With
    ``lock=1`` it leaves accepted parcels out.
    """
    asked = _asked(request)
    point = PixelPoint(query_number(request, "column"), query_number(request, "row"))
    closely = request.query_params.get("closely") == "1"
    lock = request.query_params.get("lock") == "1"
    adds = request.query_params.get("label") != "0"
    try:
        answer = asked.workspace.hover(
            point,
            request.path_params["token"],
            adds=adds,
            closely=closely,
            lock=lock,
            asker=asked.asker,
        )
    except CancelledError as error:
        return error_response(ConflictError(error.message))
    shown: wire.HoverAnswer = {"parts": [], "final": answer is None or answer.final}
    if answer is not None and answer.area is not None:
        shown["parts"] = parts_json(answer.area)
    return _json(shown)


def inner_border(request: Request) -> Response:
    """The line along which the parcel at a place comes apart best."""
    asked = _asked(request)
    point = PixelPoint(query_number(request, "column"), query_number(request, "row"))
    line = asked.workspace.inner_border(point)
    found: wire.InnerBorder = {"line": None if line is None else line_json(line)}
    return _json(found)


def _changing(
    asked: _Asked,
    body: dict[str, Any],
    change: Callable[[], TileLog | None],
    *,
    of_log: bool = True,
) -> Response:
    """Do what changes the store and answer with the new state, or with what was done before it.

    ``of_log`` says whether the body's version is the edit log's.

    What was meant for another file than the one that is at the project's path now is not done:
    the person is asked whether it shall be.
    """
    if body.get("file") is not None and not asked.project.has_contents_of(str(body["file"])):
        return _replaced(asked)
    try:
        log = change()
    except LockedError as error:
        return error_response(error, status=409, details={"kind": "locked"})
    except FindsNothingError as error:
        return error_response(error, details={"kind": "nothing"})
    except ConflictError as error:
        since = _version(body) if of_log else None
        done = changed_since(asked.project, asked.scene_id, asked.tile, since)
        return error_response(error, details={"overtaken": done})
    return _json(for_browser_with(asked.state(log), str(body.get("have", ""))))


def _replaced(asked: _Asked) -> Response:
    error = replacement(asked.project) or ProjectReplacedError(
        f"The project file {asked.project.path.name} was replaced by another file."
    )
    try:
        state = asked.state()
    except CropMapError:  # the file that is there now has no such tile
        state = None
    return error_response(error, status=410, details={"kind": "replaced", "state": state})


def _asked(request: Request) -> _Asked:
    parameters = request.path_params
    access = tokens.resolve(parameters["token"])
    project = open_project(access.project_path)
    ROOM.enter(parameters["token"], access, parameters["scene"], parameters["tile"])
    return _Asked(access, project, parameters["scene"], parameters["tile"], Asker(access.person))


def _version(body: dict[str, Any]) -> int:
    version = body.get("version")
    if not isinstance(version, int) or isinstance(version, bool):
        raise InputError("That edit does not say which version it changes.", "Load the page again.")
    return version


def _scene_json(project: Project, opened: OpenedScene, person: str) -> wire.SceneState:
    scene = opened.scene
    reviews = {review.tile: review for review in project.second_reviews(opened.record.id)}
    records = {record.name: record for record in project.tiles(opened.record.id)}
    ground = scene.grid.ground_shape
    return {
        "id": opened.record.id,
        "name": opened.record.name,
        "width": scene.grid.width,
        "height": scene.grid.height,
        "aspect": ground.aspect,
        "gsd_m": scene.grid.gsd_m,
        "north_deg": ground.north_deg,
        "place": scene_place(scene.grid),
        "layers_version": f"{opened.record.version}-{scene.fingerprint[:12]}",
        "unseen": unseen_imagery(opened),
        "landcover_title": opened.landcover.title if opened.landcover else None,
        "revision": project.revision(),
        "attributes": attributes_json(project.attributes()),
        **in_file(project, error_body),
        "tiles": [
            _tile_json(opened, name, records.get(name), reviews.get(name), person)
            for name in opened.tiles
        ],
    }


def _tile_json(
    opened: OpenedScene,
    name: str,
    record: TileRecord | None,
    review: SecondReview | None,
    person: str,
) -> wire.SceneTile:
    core = opened.frame(name).core_bounds()
    figures = record.figures if record else {}
    verdict = seen_by(person, record.verdict, review) if record else None
    return {
        "name": name,
        "window": core,
        "core": core,
        "verdict": verdict_name(verdict) if verdict else "open",
        "reviewer": verdict.reviewer if verdict else "",
        "uncertainty": figures.get("uncertainty"),
        "predicted": bool(figures),
    }


def _json(
    body: wire.TileState | wire.SceneState | wire.HoverAnswer | wire.InnerBorder,
) -> Response:
    return JsonAnswer(body, headers=NO_STORE)


_TILE = "/{token}/tile/{scene}/{tile}"

ROUTES = [
    Route("/{token}/scene/{scene}", scene_state, methods=["GET"]),
    Route(_TILE, tile_state, methods=["GET"]),
    Route(_TILE + "/edits", with_body(edit_tile), methods=["POST"]),
    Route(_TILE + "/undo", with_body(undo_tile), methods=["POST"]),
    Route(_TILE + "/redo", with_body(redo_tile), methods=["POST"]),
    Route(_TILE + "/verdict", with_body(judge_tile), methods=["POST"]),
    Route(_TILE + "/hover", hover, methods=["GET"]),
    Route(_TILE + "/inner-border", inner_border, methods=["GET"]),
    Route(_TILE + "/{overlay}.png", overlay, methods=["GET"]),
]
