// What the browser and the server send each other. Do not change this file:
// `python -m scripts.wire_types` makes it from core/wire.py.

export type LandClass = "cropland" | "other" | "unsure";

export type ParcelState = "auto" | "accepted" | "changed" | "corrected" | "rejected" | "unsure";

export type ProblemKind = "invalid" | "overlap" | "sliver" | "gap";

export type ColumnRow = [column: number, row: number];

export type Ring = ColumnRow[];

export type LonLat = [longitude: number, latitude: number];

export type Bounds = [column: number, row: number, width: number, height: number];

export type Extent = [left: number, top: number, right: number, bottom: number];

/** 1 is cropland. */
export type PromptLabel = 0 | 1;

export type Source = "auto" | "person";

/** What may be said of a tile. */
export type GivenVerdict = "open" | "accepted" | "fix" | "rejected";

/** `changed`: it was accepted, and its label is another now. */
export type Verdict = "open" | "accepted" | "changed" | "fix" | "rejected";

/** `none` takes an earlier one back. */
export type ParcelVerdict = "accepted" | "rejected" | "unsure" | "none";

export type Strategy = "classifier" | "apt" | "joint" | "per_field" | "apt_plus";

/** What is wrong, and what the person can do. */
export interface Complaint {
  message: string;
  hint: string;
}

/** The file that the project is in, and what happened to the one that was there before. */
export interface InFile {
  /** Sent back with every change; another file has another. */
  file: string;
  file_replaced: Complaint | null;
}

/** A tile of a scene, for the overview. */
export interface SceneTile {
  name: string;
  window: Bounds;
  core: Bounds;
  verdict: Verdict;
  reviewer: string;
  uncertainty: number | null;
  predicted: boolean;
}

/** How native pixels lie on the ground, so that the map can say where the pointer is. */
export interface ScenePlace {
  /** A code where one says exactly this CRS, otherwise its name. */
  crs: string;
  /** Whether the CRS counts in degrees of longitude and latitude. */
  degrees: boolean;
  /** x = t0 * column + t1 * row + t2, y = t3 * column + t4 * row + t5, in the CRS. */
  transform: number[];
  /** WGS 84 at evenly spaced places from the first pixel's corner to the last one's, row by row; None where the CRS does not reach. */
  lonlat: ((LonLat | null)[])[];
}

/** One thing that can be chosen of an attribute. */
export interface Choice {
  code: string;
  name: string;
  /** `#rrggbb`, or empty. */
  colour: string;
}

/** An attribute that the project has of its own. */
export interface Attribute {
  key: string;
  name: string;
  kind: "choice" | "yes_no" | "text" | "number" | "date";
  choices: Choice[];
  required: boolean;
}

/** A scene's size, its tiles and their verdicts. */
export interface SceneState {
  /** Sent back with every change; another file has another. */
  file: string;
  file_replaced: Complaint | null;
  id: string;
  name: string;
  width: number;
  height: number;
  /** Height of a pixel on the ground over its width: not 1 in degrees, away from the equator. */
  aspect: number;
  gsd_m: number;
  /** Clockwise from up to true north. */
  north_deg: number;
  place: ScenePlace;
  layers_version: string;
  /** What to say once to who asks the model, where it has hardly seen such imagery; else empty. */
  unseen: string;
  landcover_title: string | null;
  revision: number;
  tiles: SceneTile[];
  /** Those of the project, in the order in which they are shown. */
  attributes: Attribute[];
}

/** A point that the model is asked with. */
export interface Prompt {
  id: string;
  column: number;
  row: number;
  label: PromptLabel;
  source: Source;
  /** Positive points that name the same field mean one; otherwise each names its own by its id. */
  field?: string;
}

/** A box that the model is asked with. */
export interface Box {
  id: string;
  left: number;
  top: number;
  right: number;
  bottom: number;
  source: Source;
}

/** A parcel of the tile's label. */
export interface Parcel {
  id: string;
  area_ha: number;
  score: number | null;
  /** The parcel's own verdict, else what was done to it. */
  state: ParcelState;
  land_class: LandClass;
  reason: string;
  /** Who changed or judged it last. */
  reviewer: string;
  reviewed_at: string | null;
  /** The outer ring first, then the holes. */
  rings: Ring[];
  /** The rings of the other parts of a parcel that has several. */
  more?: Ring[][];
  /** What people say of it, by the keys of the project's attributes; left out where nothing. */
  attributes?: Record<string, string | number | boolean>;
}

/** A parcel as it was accepted, which is not there any more like that. */
export interface ChangedAcceptance {
  /** In the middle of it: names it when it is to be restored. */
  point: ColumnRow;
  area_ha: number;
  land_class: LandClass;
  reviewer: string;
  reviewed_at: string | null;
  /** The rings of each part. */
  parts: Ring[][];
  /** Which lie on its land now; none where it is gone. */
  parcels: string[];
}

/** One thing that is wrong with the parcels as a coverage. */
export interface Problem {
  kind: ProblemKind;
  point: ColumnRow;
  area_m2: number;
  extent: Extent;
  parcels: string[];
}

/** What the check found: how many problems, and the first of them. */
export interface Problems {
  /** Gaps and parcels narrower than this are problems. */
  width_m: number;
  count: number;
  first: Problem[];
}

/** What somebody says is to be mended at a place. */
export interface PinnedNote {
  id: string;
  column: number;
  row: number;
  text: string;
  author: string;
  at: string | null;
  /** Who did it; empty while it is open. */
  done_by: string;
  done_at: string | null;
}

/** How the tile is predicted and labelled. */
export interface Settings {
  strategy: Strategy;
  threshold: number;
  points_per_class: number;
  min_area_m2: number;
  simplify_px: number;
  field_size: number;
  seed: number;
  /** Of the strategy apt alone: 512 px at a time, enlarged twice. */
  published_scale: boolean;
}

/** The verdict on a tile. */
export interface VerdictState {
  verdict: Verdict;
  reviewer: string;
  comment: string;
  at: string | null;
  version: number;
}

export type ParcelRun = [start: number, count: number];

/** Which parcels of a list the browser has already. */
export interface SameParcels {
  /** The list that it has. */
  of: string;
  /** In order: so many of that list from a place in it, or from -1 so many of those sent. */
  runs: ParcelRun[];
}

/** A tile as people see it and work on it. */
export interface TileState {
  /** Sent back with every change; another file has another. */
  file: string;
  file_replaced: Complaint | null;
  scene: string;
  name: string;
  window: Bounds;
  /** From 1. */
  index: number;
  count: number;
  previous: string | null;
  next: string | null;
  /** While it is working, ask again every 300 ms. */
  status: "ready" | "working";
  stage: string;
  progress: number | null;
  error: Complaint | null;
  /** What is worth knowing; nothing is wrong. */
  note: Complaint | null;
  /** Of the edit log; sent back with every edit. */
  version: number;
  /** Changes with all that people can change of the tile. */
  stamp: string;
  /** Whether the label is that of all edits and final answers; else hectares may change. */
  final: boolean;
  /** Some answers of the model are not final; the state that is read next waits for them. */
  refining: boolean;
  /** Whether an undo of this person means anything; a question where it is another's step. */
  can_undo: boolean;
  can_redo: boolean;
  /** Edits that count. */
  edit_count: number;
  /** Steps to undo that they belong to: the same change of many parcels is one. */
  step_count: number;
  settings: Settings;
  prompts: Prompt[];
  boxes: Box[];
  /** All, or where `same` says so those that the browser lacks. */
  parcels: Parcel[];
  /** Names this list of parcels, to be sent as `have`; empty where it cannot be. */
  rows: string;
  same: SameParcels | null;
  /** What was accepted and was changed since, the earliest first. */
  changed: ChangedAcceptance[];
  problems: Problems;
  /** Of the overlays; changes when they change. */
  mask_version: string;
  cropland_ha: number;
  landcover_ha: number | null;
  /** How much the prediction and the land cover disagree, 0 to 1. */
  disagreement: number | null;
  verdict: VerdictState;
  notes: PinnedNote[];
  /** The tile waits for this person's second verdict; what others have said of it is hidden. */
  second_look: boolean;
}

/** What a click would give. */
export interface HoverAnswer {
  /** The rings of each part. */
  parts: Ring[][];
  final: boolean;
}

/** Where the parcel at a place comes apart best. */
export interface InnerBorder {
  /** It crosses the parcel completely; None where no border was seen inside it. */
  line: Ring | null;
}

/** A tile whose stamp the browser has need not be read again; an empty stamp tells nothing. */
export type ChangedTile = [scene: string, tile: string, stamp: string];

/** The tiles that somebody touched since a revision. */
export interface Changes {
  /** Sent back with every change; another file has another. */
  file: string;
  file_replaced: Complaint | null;
  revision: number;
  tiles: ChangedTile[];
  /** The name that signs what is done in this browser. */
  you: string;
}

/** What was done to a tile since the version that a change was made on. */
export interface Overtaken {
  /** Of the edit log, now. */
  version: number;
  /** How many edits, undos and redos. */
  count: number;
  kinds: string[];
  authors: string[];
}

/** What some errors say beside their sentences. */
export interface ErrorDetails {
  /** The present state, where the file is another one. */
  state?: TileState | null;
  /** Somebody was faster; the state is to be read anew. */
  overtaken?: Overtaken;
  /** `replaced`: another file is in the place of the one that the change was meant for. `theirs`: the step to be undone or redone is somebody else's; the message asks. `locked`: it would change accepted parcels, which the person has locked. `nothing`: a click or a box finds nothing, so there is nothing to be stored. */
  kind?: "replaced" | "theirs" | "locked" | "nothing";
}

/** The body of an answer that is no success. */
export interface ErrorAnswer {
  message: string;
  hint: string;
  /** The present state, where the file is another one. */
  state?: TileState | null;
  /** Somebody was faster; the state is to be read anew. */
  overtaken?: Overtaken;
  /** `replaced`: another file is in the place of the one that the change was meant for. `theirs`: the step to be undone or redone is somebody else's; the message asks. `locked`: it would change accepted parcels, which the person has locked. `nothing`: a click or a box finds nothing, so there is nothing to be stored. */
  kind?: "replaced" | "theirs" | "locked" | "nothing";
}

/** Which tiles other people have open, as a line; empty where nobody is. */
export interface OpenNow {
  text: string;
}

/** How far a background job is. */
export interface JobProgress {
  title: string;
  status: string;
  share: number | null;
  running: boolean;
  cancelling: boolean;
  error: string;
}

/** A point added, moved or turned round; it is the person's from now on. */
export interface PromptSet {
  kind: "prompt_set";
  id: string;
  column: number;
  row: number;
  label: PromptLabel;
  field?: string;
}

/** A point or a box deleted. */
export interface PromptDelete {
  kind: "prompt_delete";
  id: string;
}

/** A box added or changed. */
export interface BoxSet {
  kind: "box_set";
  id: string;
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** All of the person's own points and boxes deleted. */
export interface PromptsClear {
  kind: "prompts_clear";
}

/** Some settings of the tile changed. */
export interface SettingsChange {
  kind: "settings";
  strategy?: Strategy;
  threshold?: number;
  points_per_class?: number;
  min_area_m2?: number;
  simplify_px?: number;
  field_size?: number;
  seed?: number;
  published_scale?: boolean;
}

/** An area drawn, which is added to the cropland or taken from it. */
export interface AreaChange {
  kind: "area_add" | "area_remove";
  ring: Ring;
  holes?: Ring[];
}

/** A stroke painted, which is added to the cropland or taken from it. */
export interface BrushStroke {
  kind: "brush";
  line: Ring;
  radius: number;
  add: boolean;
}

/** Parcels cut along a line. */
export interface Split {
  kind: "split";
  line: Ring;
}

/** Parcels made one, each named by a point in it. */
export interface Merge {
  kind: "merge";
  points: Ring;
}

/** A parcel deleted; a point in it names it, because ids change when the model is asked anew. */
export interface ParcelDelete {
  kind: "parcel_delete";
  point: ColumnRow;
}

/** A parcel is other land than it was said to be. */
export interface Reclassify {
  kind: "reclassify";
  point: ColumnRow;
  land_class: LandClass;
  reason?: string;
}

/** What is said of a parcel by the project's own attributes; those not named stay. */
export interface FillAttributes {
  kind: "attributes";
  point: ColumnRow;
  /** None takes a value away. */
  values: Record<string, string | number | boolean | null>;
}

/** A verdict on a parcel. */
export interface Judge {
  kind: "parcel_verdict";
  point: ColumnRow;
  verdict: ParcelVerdict;
  reason?: string;
  /** What was seen and is signed: the rings of each part. */
  shape?: Ring[][];
  /** Likewise. */
  land_class?: LandClass;
}

/** A parcel that was accepted and changed since, as it was accepted. */
export interface Restore {
  kind: "restore_accepted";
  point: ColumnRow;
}

/** Straight sides and nearly right angles made right, of the parcel at the point. */
export interface Straighten {
  kind: "straighten";
  point: ColumnRow;
  tolerance_m: number;
}

/** Borders smoothed, of the parcel at the point or of all. */
export interface Smooth {
  kind: "smooth";
  point?: ColumnRow;
  tolerance_m: number;
}

/** Holes filled, in the parcel at the point or in all. */
export interface FillHoles {
  kind: "fill_holes";
  point?: ColumnRow;
  max_area_m2?: number;
}

/** A parcel's edges drawn to its neighbours' borders. */
export interface SnapToNeighbours {
  kind: "snap";
  point: ColumnRow;
  tolerance_m: number;
}

/** The problem at a point put right, or all that the check finds. */
export interface Repair {
  kind: "repair";
  point?: ColumnRow;
  width_m: number;
}

/** A parcel in another shape. */
export interface Reshape {
  kind: "reshape";
  point: ColumnRow;
  rings: Ring[];
}

/** Corners of a parcel moved, and the borders of its neighbours along with them. */
export interface MoveBorder {
  kind: "border_move";
  point: ColumnRow;
  rings: Ring[];
  /** The same corners as they were, one for one. */
  before: Ring[];
}

/** A note pinned to a place. */
export interface Note {
  kind: "note";
  id: string;
  point: ColumnRow;
  text: string;
}

/** What a note asks for was done, or is open again. */
export interface NoteDone {
  kind: "note_done";
  id: string;
  done: boolean;
}

export type Edit = PromptSet | PromptDelete | BoxSet | PromptsClear | SettingsChange | AreaChange | BrushStroke | Split | Merge | ParcelDelete | Reclassify | FillAttributes | Judge | Restore | Smooth | Straighten | FillHoles | SnapToNeighbours | Repair | Reshape | MoveBorder | Note | NoteDone;

/** Part of all bodies that change something: what the change was made on. */
export interface Change {
  /** Of the edit log; of the verdict where that is changed. */
  version: number;
  file?: string;
  /** The list of parcels that the browser has: what is in it is not sent again. */
  have?: string;
}

/** The body of an undo or redo. */
export interface StepChange {
  /** Of the edit log; of the verdict where that is changed. */
  version: number;
  file?: string;
  /** The list of parcels that the browser has: what is in it is not sent again. */
  have?: string;
  /** The step is meant whoever did it; else only one's own is taken. */
  anybody?: boolean;
}

/** The body that brings edits. */
export interface EditsChange {
  /** Of the edit log; of the verdict where that is changed. */
  version: number;
  file?: string;
  /** The list of parcels that the browser has: what is in it is not sent again. */
  have?: string;
  edits: Edit[];
  /** Refuse them where they would change a parcel that is accepted. */
  lock?: boolean;
  /** They are one step to undo; else each is one of its own. */
  together?: boolean;
}

/** The body that brings a verdict. */
export interface VerdictChange {
  /** Of the edit log; of the verdict where that is changed. */
  version: number;
  file?: string;
  /** The list of parcels that the browser has: what is in it is not sent again. */
  have?: string;
  verdict: GivenVerdict;
  comment: string;
  /** Version of the edit log that was seen. */
  log?: number;
}
