// The shapes of docs/app.md, as the browser sees them.

export type ColumnRow = [number, number];
export type Ring = ColumnRow[];
export type Bounds = [column: number, row: number, width: number, height: number];
export type Label = 0 | 1;
export type Verdict = "open" | "accepted" | "fix" | "rejected";
export type Strategy = "classifier" | "apt" | "joint" | "per_field" | "apt_plus";

export interface Complaint {
  message: string;
  hint?: string | null;
}

/** The file that the project is in, and what happened to the one that was there before. */
export interface InFile {
  file?: string;
  file_replaced?: Complaint | null;
}

export interface SceneTile {
  name: string;
  window: Bounds;
  core: Bounds;
  verdict: Verdict;
  reviewer: string;
  uncertainty: number | null;
  predicted: boolean;
}

export interface SceneState extends InFile {
  id: string;
  name: string;
  width: number;
  height: number;
  aspect: number;
  gsd_m: number;
  north_deg: number;
  layers_version: string;
  landcover_title: string | null;
  revision: number;
  tiles: SceneTile[];
}

export interface Prompt {
  id: string;
  column: number;
  row: number;
  label: Label;
  source: "auto" | "person";
  /** Positive points that name the same field mean one; otherwise each names its own by its id. */
  field?: string;
}

export interface Box {
  id: string;
  left: number;
  top: number;
  right: number;
  bottom: number;
  source: "auto" | "person";
}

export type ParcelState = "auto" | "accepted" | "corrected" | "rejected" | "unsure";
export type LandClass = "cropland" | "other" | "unsure";

export interface Parcel {
  id: string;
  area_ha: number;
  score: number | null;
  state: ParcelState;
  land_class: LandClass;
  reason: string;
  reviewer: string;
  reviewed_at: string | null;
  rings: Ring[];
  more?: Ring[][];
}

export interface Problem {
  kind: "invalid" | "overlap" | "sliver" | "gap";
  point: ColumnRow;
  area_m2: number;
  extent: [left: number, top: number, right: number, bottom: number];
  parcels: string[];
}

export interface Settings {
  strategy: Strategy;
  threshold: number;
  points_per_class: number;
  min_area_m2: number;
}

export interface VerdictState {
  verdict: Verdict;
  reviewer: string;
  comment: string;
  at: string | null;
  version: number;
}

export interface TileState extends InFile {
  scene: string;
  name: string;
  window: Bounds;
  index: number;
  count: number;
  previous: string | null;
  next: string | null;
  status: "ready" | "working";
  stage: string | null;
  progress: number | null;
  error: Complaint | null;
  version: number;
  /** Changes with all that people can change of the tile. */
  stamp?: string;
  /** Some answers of the model are not final; the state that is read next waits for them. */
  refining?: boolean;
  can_undo: boolean;
  can_redo: boolean;
  edit_count: number;
  settings: Settings;
  prompts: Prompt[];
  boxes: Box[];
  parcels: Parcel[];
  problems: { width_m: number; count: number; first: Problem[] };
  mask_version: string;
  cropland_ha: number | null;
  landcover_ha: number | null;
  verdict: VerdictState;
}

export interface Changes extends InFile {
  revision: number;
  tiles: [scene: string, tile: string, stamp?: string][];
}

export interface HoverAnswer {
  /** The rings of each part. */
  parts: Ring[][];
  final: boolean;
}

export type Edit =
  | { kind: "prompt_set"; id: string; column: number; row: number; label: Label; field?: string }
  | { kind: "prompt_delete"; id: string }
  | { kind: "box_set"; id: string; left: number; top: number; right: number; bottom: number }
  | { kind: "prompts_clear" }
  | ({ kind: "settings" } & Partial<Settings>)
  | { kind: "area_add" | "area_remove"; ring: Ring }
  | { kind: "brush"; line: Ring; radius: number; add: boolean }
  | { kind: "split"; line: Ring }
  | { kind: "merge"; points: ColumnRow[] }
  | { kind: "parcel_delete"; point: ColumnRow }
  | { kind: "reclassify"; point: ColumnRow; land_class: LandClass; reason?: string }
  | { kind: "parcel_verdict"; point: ColumnRow; verdict: "accepted" | "rejected" | "unsure" | "none"; reason?: string }
  | { kind: "smooth"; point?: ColumnRow; tolerance_m: number }
  | { kind: "fill_holes"; point?: ColumnRow; max_area_m2?: number }
  | { kind: "snap"; point: ColumnRow; tolerance_m: number }
  | { kind: "repair"; point?: ColumnRow; width_m: number }
  | { kind: "reshape"; point: ColumnRow; rings: Ring[] };
