"""What the browser and the server send each other as JSON, each shape as a type.

``ui/map/src/contract.ts`` is made from this module by ``python -m scripts.wire_types``, and a test
compares the two.  The shapes have the names of what they describe, so import the module and not its
names: ``wire.Parcel`` is a ``Parcel`` as JSON.  Positions are in native pixels of the scene, not
necessarily whole ones.  JSON has one kind of array: what is a tuple here may be a list in memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, NotRequired, TypedDict

from core.parcels.parcel import LandClass, ParcelState
from core.parcels.topology import ProblemKind


@dataclass(frozen=True, slots=True)
class Named:
    """What the elements of a tuple are, in their order."""

    elements: tuple[str, ...]


# Parts of several answers -----------------------------------------------------------------

ColumnRow = Annotated[tuple[float, float], Named(("column", "row"))]
Ring = list[ColumnRow]
LonLat = Annotated[tuple[float, float], Named(("longitude", "latitude"))]
Bounds = Annotated[tuple[float, float, float, float], Named(("column", "row", "width", "height"))]
Extent = Annotated[tuple[float, float, float, float], Named(("left", "top", "right", "bottom"))]
PromptLabel = Literal[0, 1]
"""1 is cropland."""
Source = Literal["auto", "person"]
GivenVerdict = Literal["open", "accepted", "fix", "rejected"]
"""What may be said of a tile."""
Verdict = Literal["open", "accepted", "changed", "fix", "rejected"]
"""``changed``: it was accepted, and its label is another now."""
ParcelVerdict = Literal["accepted", "rejected", "unsure", "none"]
"""``none`` takes an earlier one back."""
Strategy = Literal["classifier", "apt", "joint", "per_field", "apt_plus"]


class Complaint(TypedDict):
    """What is wrong, and what the person can do."""

    message: str
    hint: str


class InFile(TypedDict):
    """The file that the project is in, and what happened to the one that was there before."""

    file: str
    """Sent back with every change; another file has another."""
    file_replaced: Complaint | None


# A scene -----------------------------------------------------------------------------------


class SceneTile(TypedDict):
    """A tile of a scene, for the overview."""

    name: str
    window: Bounds
    core: Bounds
    verdict: Verdict
    reviewer: str
    uncertainty: float | None
    predicted: bool


class ScenePlace(TypedDict):
    """How native pixels lie on the ground, so that the map can say where the pointer is."""

    crs: str
    """A code where one says exactly this CRS, otherwise its name."""
    degrees: bool
    """Whether the CRS counts in degrees of longitude and latitude."""
    transform: list[float]
    """x = t0 * column + t1 * row + t2, y = t3 * column + t4 * row + t5, in the CRS."""
    lonlat: list[list[LonLat | None]]
    """WGS 84 at evenly spaced places from the first pixel's corner to the last one's, row by row;
    None where the CRS does not reach."""


class Choice(TypedDict):
    """One thing that can be chosen of an attribute."""

    code: str
    name: str
    colour: str
    """``#rrggbb``, or empty."""


class Attribute(TypedDict):
    """An attribute that the project has of its own."""

    key: str
    name: str
    kind: Literal["choice", "yes_no", "text", "number", "date"]
    choices: list[Choice]
    required: bool


class SceneState(InFile):
    """A scene's size, its tiles and their verdicts."""

    id: str
    name: str
    width: int
    height: int
    aspect: float
    """Height of a pixel on the ground over its width: not 1 in degrees, away from the equator."""
    gsd_m: float
    north_deg: float
    """Clockwise from up to true north."""
    place: ScenePlace
    layers_version: str
    unseen: str
    """What to say once to who asks the model, where it has hardly seen such imagery; else empty."""
    landcover_title: str | None
    revision: int
    tiles: list[SceneTile]
    attributes: list[Attribute]
    """Those of the project, in the order in which they are shown."""


# A tile ------------------------------------------------------------------------------------


class Prompt(TypedDict):
    """A point that the model is asked with."""

    id: str
    column: float
    row: float
    label: PromptLabel
    source: Source
    field: NotRequired[str]
    """Positive points that name the same field mean one; otherwise each names its own by its id."""


class Box(TypedDict):
    """A box that the model is asked with."""

    id: str
    left: float
    top: float
    right: float
    bottom: float
    source: Source


class Parcel(TypedDict):
    """A parcel of the tile's label."""

    id: str
    area_ha: float
    score: float | None
    state: ParcelState
    """The parcel's own verdict, else what was done to it."""
    land_class: LandClass
    reason: str
    reviewer: str
    """Who changed or judged it last."""
    reviewed_at: str | None
    rings: list[Ring]
    """The outer ring first, then the holes."""
    more: NotRequired[list[list[Ring]]]
    """The rings of the other parts of a parcel that has several."""
    attributes: NotRequired[dict[str, str | float | bool]]
    """What people say of it, by the keys of the project's attributes; left out where nothing."""


class ChangedAcceptance(TypedDict):
    """A parcel as it was accepted, which is not there any more like that."""

    point: ColumnRow
    """In the middle of it: names it when it is to be restored."""
    area_ha: float
    land_class: LandClass
    reviewer: str
    reviewed_at: str | None
    parts: list[list[Ring]]
    """The rings of each part."""
    parcels: list[str]
    """Which lie on its land now; none where it is gone."""


class Problem(TypedDict):
    """One thing that is wrong with the parcels as a coverage."""

    kind: ProblemKind
    point: ColumnRow
    area_m2: float
    extent: Extent
    parcels: list[str]


class Problems(TypedDict):
    """What the check found: how many problems, and the first of them."""

    width_m: float
    """Gaps and parcels narrower than this are problems."""
    count: int
    first: list[Problem]


class PinnedNote(TypedDict):
    """What somebody says is to be mended at a place."""

    id: str
    column: float
    row: float
    text: str
    author: str
    at: str | None
    done_by: str
    """Who did it; empty while it is open."""
    done_at: str | None


class Settings(TypedDict):
    """How the tile is predicted and labelled."""

    strategy: Strategy
    threshold: float
    points_per_class: int
    min_area_m2: float
    simplify_px: float
    field_size: float
    seed: int
    published_scale: bool
    """Of the strategy apt alone: 512 px at a time, enlarged twice."""


class VerdictState(TypedDict):
    """The verdict on a tile."""

    verdict: Verdict
    reviewer: str
    comment: str
    at: str | None
    version: int


ParcelRun = Annotated[tuple[int, int], Named(("start", "count"))]


class SameParcels(TypedDict):
    """Which parcels of a list the browser has already."""

    of: str
    """The list that it has."""
    runs: list[ParcelRun]
    """In order: so many of that list from a place in it, or from -1 so many of those sent."""


class TileState(InFile):
    """A tile as people see it and work on it."""

    scene: str
    name: str
    window: Bounds
    index: int
    """From 1."""
    count: int
    previous: str | None
    next: str | None
    status: Literal["ready", "working"]
    """While it is working, ask again every 300 ms."""
    stage: str
    progress: float | None
    error: Complaint | None
    note: Complaint | None
    """What is worth knowing; nothing is wrong."""
    version: int
    """Of the edit log; sent back with every edit."""
    stamp: str
    """Changes with all that people can change of the tile."""
    final: bool
    """Whether the label is that of all edits and final answers; else hectares may change."""
    refining: bool
    """Some answers of the model are not final; the state that is read next waits for them."""
    can_undo: bool
    """Whether an undo of this person means anything; a question where it is another's step."""
    can_redo: bool
    edit_count: int
    """Edits that count."""
    step_count: int
    """Steps to undo that they belong to: the same change of many parcels is one."""
    settings: Settings
    prompts: list[Prompt]
    boxes: list[Box]
    parcels: list[Parcel]
    """All, or where ``same`` says so those that the browser lacks."""
    rows: str
    """Names this list of parcels, to be sent as ``have``; empty where it cannot be."""
    same: SameParcels | None
    changed: list[ChangedAcceptance]
    """What was accepted and was changed since, the earliest first."""
    problems: Problems
    mask_version: str
    """Of the overlays; changes when they change."""
    cropland_ha: float
    landcover_ha: float | None
    disagreement: float | None
    """How much the prediction and the land cover disagree, 0 to 1."""
    verdict: VerdictState
    notes: list[PinnedNote]
    second_look: bool
    """The tile waits for this person's second verdict; what others have said of it is hidden."""


class HoverAnswer(TypedDict):
    """What a click would give."""

    parts: list[list[Ring]]
    """The rings of each part."""
    final: bool


class InnerBorder(TypedDict):
    """Where the parcel at a place comes apart best."""

    line: list[ColumnRow] | None
    """It crosses the parcel completely; None where no border was seen inside it."""


ChangedTile = Annotated[tuple[str, str, str], Named(("scene", "tile", "stamp"))]
"""A tile whose stamp the browser has need not be read again; an empty stamp tells nothing."""


class Changes(InFile):
    """The tiles that somebody touched since a revision."""

    revision: int
    tiles: list[ChangedTile]
    you: str
    """The name that signs what is done in this browser."""


class Overtaken(TypedDict):
    """What was done to a tile since the version that a change was made on."""

    version: int
    """Of the edit log, now."""
    count: int
    """How many edits, undos and redos."""
    kinds: list[str]
    authors: list[str]


class ErrorDetails(TypedDict):
    """What some errors say beside their sentences."""

    state: NotRequired[TileState | None]
    """The present state, where the file is another one."""
    overtaken: NotRequired[Overtaken]
    """Somebody was faster; the state is to be read anew."""
    kind: NotRequired[Literal["replaced", "theirs", "locked", "nothing"]]
    """``replaced``: another file is in the place of the one that the change was meant for.
    ``theirs``: the step to be undone or redone is somebody else's; the message asks.
    ``locked``: it would change accepted parcels, which the person has locked.
    ``nothing``: a click or a box finds nothing, so there is nothing to be stored."""


class ErrorAnswer(Complaint, ErrorDetails):
    """The body of an answer that is no success."""


class OpenNow(TypedDict):
    """Which tiles other people have open, as a line; empty where nobody is."""

    text: str


class JobProgress(TypedDict):
    """How far a background job is."""

    title: str
    status: str
    share: float | None
    running: bool
    cancelling: bool
    error: str


# Edits, from the browser to the server -----------------------------------------------------


class PromptSet(TypedDict):
    """A point added, moved or turned round; it is the person's from now on."""

    kind: Literal["prompt_set"]
    id: str
    column: float
    row: float
    label: PromptLabel
    field: NotRequired[str]


class PromptDelete(TypedDict):
    """A point or a box deleted."""

    kind: Literal["prompt_delete"]
    id: str


class BoxSet(TypedDict):
    """A box added or changed."""

    kind: Literal["box_set"]
    id: str
    left: float
    top: float
    right: float
    bottom: float


class PromptsClear(TypedDict):
    """All of the person's own points and boxes deleted."""

    kind: Literal["prompts_clear"]


class SettingsChange(TypedDict):
    """Some settings of the tile changed."""

    kind: Literal["settings"]
    strategy: NotRequired[Strategy]
    threshold: NotRequired[float]
    points_per_class: NotRequired[int]
    min_area_m2: NotRequired[float]
    simplify_px: NotRequired[float]
    field_size: NotRequired[float]
    seed: NotRequired[int]
    published_scale: NotRequired[bool]


class AreaChange(TypedDict):
    """An area drawn, which is added to the cropland or taken from it."""

    kind: Literal["area_add", "area_remove"]
    ring: Ring
    holes: NotRequired[list[Ring]]


class BrushStroke(TypedDict):
    """A stroke painted, which is added to the cropland or taken from it."""

    kind: Literal["brush"]
    line: Ring
    radius: float
    add: bool


class Split(TypedDict):
    """Parcels cut along a line."""

    kind: Literal["split"]
    line: Ring


class Merge(TypedDict):
    """Parcels made one, each named by a point in it."""

    kind: Literal["merge"]
    points: list[ColumnRow]


class ParcelDelete(TypedDict):
    """A parcel deleted; a point in it names it, because ids change when the model is asked anew."""

    kind: Literal["parcel_delete"]
    point: ColumnRow


class Reclassify(TypedDict):
    """A parcel is other land than it was said to be."""

    kind: Literal["reclassify"]
    point: ColumnRow
    land_class: LandClass
    reason: NotRequired[str]


class FillAttributes(TypedDict):
    """What is said of a parcel by the project's own attributes; those not named stay."""

    kind: Literal["attributes"]
    point: ColumnRow
    values: dict[str, str | float | bool | None]
    """None takes a value away."""


class Judge(TypedDict):
    """A verdict on a parcel."""

    kind: Literal["parcel_verdict"]
    point: ColumnRow
    verdict: ParcelVerdict
    reason: NotRequired[str]
    shape: NotRequired[list[list[Ring]]]
    """What was seen and is signed: the rings of each part."""
    land_class: NotRequired[LandClass]
    """Likewise."""


class Restore(TypedDict):
    """A parcel that was accepted and changed since, as it was accepted."""

    kind: Literal["restore_accepted"]
    point: ColumnRow


class Straighten(TypedDict):
    """Straight sides and nearly right angles made right, of the parcel at the point."""

    kind: Literal["straighten"]
    point: ColumnRow
    tolerance_m: float


class Smooth(TypedDict):
    """Borders smoothed, of the parcel at the point or of all."""

    kind: Literal["smooth"]
    point: NotRequired[ColumnRow]
    tolerance_m: float


class FillHoles(TypedDict):
    """Holes filled, in the parcel at the point or in all."""

    kind: Literal["fill_holes"]
    point: NotRequired[ColumnRow]
    max_area_m2: NotRequired[float]


class SnapToNeighbours(TypedDict):
    """A parcel's edges drawn to its neighbours' borders."""

    kind: Literal["snap"]
    point: ColumnRow
    tolerance_m: float


class Repair(TypedDict):
    """The problem at a point put right, or all that the check finds."""

    kind: Literal["repair"]
    point: NotRequired[ColumnRow]
    width_m: float


class Reshape(TypedDict):
    """A parcel in another shape."""

    kind: Literal["reshape"]
    point: ColumnRow
    rings: list[Ring]


class MoveBorder(TypedDict):
    """Corners of a parcel moved, and the borders of its neighbours along with them."""

    kind: Literal["border_move"]
    point: ColumnRow
    rings: list[Ring]
    before: list[Ring]
    """The same corners as they were, one for one."""


class Note(TypedDict):
    """A note pinned to a place."""

    kind: Literal["note"]
    id: str
    point: ColumnRow
    text: str


class NoteDone(TypedDict):
    """What a note asks for was done, or is open again."""

    kind: Literal["note_done"]
    id: str
    done: bool


Edit = (
    PromptSet
    | PromptDelete
    | BoxSet
    | PromptsClear
    | SettingsChange
    | AreaChange
    | BrushStroke
    | Split
    | Merge
    | ParcelDelete
    | Reclassify
    | FillAttributes
    | Judge
    | Restore
    | Smooth
    | Straighten
    | FillHoles
    | SnapToNeighbours
    | Repair
    | Reshape
    | MoveBorder
    | Note
    | NoteDone
)


class Change(TypedDict):
    """Part of all bodies that change something: what the change was made on."""

    version: int
    """Of the edit log; of the verdict where that is changed."""
    file: NotRequired[str]
    have: NotRequired[str]
    """The list of parcels that the browser has: what is in it is not sent again."""


class StepChange(Change):
    """The body of an undo or redo."""

    anybody: NotRequired[bool]
    """The step is meant whoever did it; else only one's own is taken."""


class EditsChange(Change):
    """The body that brings edits."""

    edits: list[Edit]
    lock: NotRequired[bool]
    """Refuse them where they would change a parcel that is accepted."""
    together: NotRequired[bool]
    """They are one step to undo; else each is one of its own."""


class VerdictChange(Change):
    """The body that brings a verdict."""

    verdict: GivenVerdict
    comment: str
    log: NotRequired[int]
    """Version of the edit log that was seen."""
