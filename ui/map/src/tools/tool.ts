import type { BaseMap } from "../map/base-map";
import type { ParcelLayer } from "../map/parcel-layer";
import type { ShapeLayer } from "../map/shape-layer";
import type { Bounds, ChangedAcceptance, ColumnRow, Edit, Parcel, Prompt } from "../contract";

export type ToolId =
  | "select"
  | "lasso"
  | "positive"
  | "negative"
  | "box"
  | "area_add"
  | "area_remove"
  | "brush_add"
  | "brush_erase"
  | "split"
  | "merge"
  | "parcel_delete"
  | "reshape"
  | "measure"
  | "note";

export interface ToolInfo {
  id: ToolId;
  name: string;
  key: string;
  icon: string;
  /** What to do now, in one line. */
  hint: string;
  /** Prompts can be pointed at only while prompts are edited. */
  prompts: boolean;
}

export const TOOLS: ToolInfo[] = [
  { id: "select", name: "Choose a parcel", key: "S", icon: "select", prompts: false, hint: "Click a parcel. Shift-click: one more. Shift-drag: draw around several." },
  { id: "lasso", name: "Choose several parcels", key: "0", icon: "lasso", prompts: false, hint: "Draw around the parcels that you want to choose." },
  { id: "positive", name: "Add with a point", key: "P", icon: "positive", prompts: true, hint: "Click a field to add it. Shift-click removes. Ctrl-click adds more to the field clicked last." },
  { id: "negative", name: "Remove with a point", key: "N", icon: "negative", prompts: true, hint: "Click what is not cropland to remove it." },
  { id: "box", name: "Add with a box", key: "B", icon: "box", prompts: true, hint: "Drag a box around one field." },
  { id: "area_add", name: "Add area", key: "1", icon: "areaAdd", prompts: false, hint: "Click the corners; Enter closes the area, Backspace removes the last corner." },
  { id: "area_remove", name: "Remove area", key: "2", icon: "areaRemove", prompts: false, hint: "Click the corners of what to remove; Enter closes the area." },
  { id: "brush_add", name: "Brush: add", key: "3", icon: "brushAdd", prompts: false, hint: "Paint cropland. [ and ] change the width." },
  { id: "brush_erase", name: "Brush: remove", key: "4", icon: "brushErase", prompts: false, hint: "Paint over what is not cropland to remove it. [ and ] change the width." },
  { id: "split", name: "Split parcel", key: "5", icon: "split", prompts: false, hint: "Draw a line across a parcel; Enter or a double click ends it." },
  { id: "merge", name: "Merge parcels", key: "6", icon: "merge", prompts: false, hint: "Click two or more parcels, then Enter or a double click." },
  { id: "parcel_delete", name: "Remove parcel", key: "7", icon: "parcelDelete", prompts: false, hint: "Click the parcel to remove." },
  { id: "reshape", name: "Reshape parcel", key: "8", icon: "reshape", prompts: false, hint: "Click a parcel, drag its corners, Enter saves." },
  { id: "measure", name: "Measure", key: "D", icon: "measure", prompts: false, hint: "Click along a line; Enter ends it, Esc starts again." },
  { id: "note", name: "Pin a note", key: "9", icon: "note", prompts: false, hint: "Click the place where something needs fixing." },
];

export interface ToolContext {
  readonly base: BaseMap;
  readonly parcels: ParcelLayer;
  shapes(): ShapeLayer | null;
  bounds(): Bounds | null;
  /** Of the tile, the person's in the order in which they were set. */
  prompts(): Prompt[];
  edit(edit: Edit): void;
  /** The same change of several parcels: one step to undo. */
  editTogether(edits: Edit[]): void;
  say(text: string): void;
  hint(text: string): void;
  /** Shows what is known of parcels and what may be done with them; none hides it. */
  look(parcels: Parcel[]): void;
  /** Asks what grows on the parcel that is looked at; false where the project asks for nothing. */
  askAttributes(): boolean;
  /** Where the parcel at a point comes apart best; null where no border was seen inside it. */
  innerBorder(point: ColumnRow): Promise<ColumnRow[] | null>;
  /** A note belongs to this place; null where the note is given up. */
  pin(point: ColumnRow | null): void;
  /** What was accepted of a parcel's land, where that is not what is there now. */
  acceptedOf(parcel: Parcel): ChangedAcceptance | null;
  /** Lengths and areas for tidying, as the person chose them. */
  measures(): TidyMeasures;
}

export interface TidyMeasures {
  smooth_m: number;
  straighten_m: number;
  hole_m2: number;
  snap_m: number;
}

/** What a tool may listen to while it is the active one. */
export interface Tool {
  enter(): void;
  leave(): void;
  click?(point: ColumnRow, event: MouseEvent): void;
  /** The other mouse button. */
  secondClick?(point: ColumnRow): void;
  doubleClick?(point: ColumnRow): void;
  move?(point: ColumnRow): void;
  /** Whether the tool used the key. */
  key?(event: KeyboardEvent): boolean;
  /** The state behind the map is another one now. */
  refreshed?(): void;
}
