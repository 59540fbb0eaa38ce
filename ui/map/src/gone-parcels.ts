// Edits of parcels that somebody else has taken away meanwhile: they are left out, and told.

import type { ColumnRow, Edit, TileState } from "./contract";
import type { Conflict } from "./edit-queue";
import { ParcelIndex } from "./geometry";

export interface Remaining {
  /** Each edit that still means a parcel, as it is to be sent. */
  needed: Map<Edit, Edit>;
  /** How many parcels all of them meant, and how many of those are gone. */
  parcels: number;
  gone: number;
}

/**
 * What remains of edits in a state that somebody else has changed. A parcel is gone where there was
 * one before and is none now: one that an edit on its way makes was never there.
 */
export function withParcelsThere(before: TileState | null, now: TileState, edits: Edit[]): Remaining {
  const [earlier, present] = [new ParcelIndex(before?.parcels ?? []), new ParcelIndex(now.parcels)];
  const isGone = (point: ColumnRow): boolean => earlier.at(point) !== null && present.at(point) === null;
  const needed = new Map<Edit, Edit>();
  let [parcels, gone] = [0, 0];
  for (const edit of edits) {
    const points = pointsOf(edit);
    const left = points.filter((point) => !isGone(point));
    parcels += points.length;
    gone += points.length - left.length;
    if (left.length === points.length) needed.set(edit, edit);
    else if (edit.kind === "merge" && left.length > 1) needed.set(edit, { ...edit, points: left });
    // Who wanted to remove it has what they wanted.
    else if (edit.kind === "parcel_delete") gone -= 1;
  }
  return { needed, parcels, gone };
}

/** The points by which an edit names parcels that it changes. */
function pointsOf(edit: Edit): ColumnRow[] {
  switch (edit.kind) {
    case "attributes":
    case "reclassify":
    case "parcel_verdict":
    case "parcel_delete":
    case "straighten":
    case "snap":
      return [edit.point];
    case "smooth":
    case "fill_holes":
      return edit.point ? [edit.point] : [];
    case "merge":
      return edit.points;
    default:
      return [];
  }
}

/** What the person is told of a conflict: what happened, and what became of their own edits. */
export function conflictWords({ kept, authors, parcels, gone }: Conflict): [string, string] {
  if (gone > 0) return [`${authors.join(" and ") || "Somebody else"} changed this tile: ${goneWords(parcels, gone)}`, ""];
  if (kept) return ["Somebody else changed this tile. Your edit was added to theirs.", ""];
  return ["Somebody else changed this tile first.", "Look at it again. Your own edits are unchanged."];
}

function goneWords(parcels: number, gone: number): string {
  if (parcels === 1) return "this parcel is gone, so it was not changed.";
  if (gone === parcels) return `these ${count(gone)} parcels are gone, so nothing was changed.`;
  const rest = parcels - gone;
  const others = rest === 1 ? "The other one was changed." : `The other ${count(rest)} were changed.`;
  return `${count(gone)} of these ${count(parcels)} parcels ${gone === 1 ? "is" : "are"} gone. ${others}`;
}

function count(number: number): string {
  return number.toLocaleString("en");
}
