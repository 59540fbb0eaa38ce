// What the tile will look like once the edits on their way have arrived.

import { filled } from "./attributes";
import type { Box, Edit, Parcel, PinnedNote, Prompt, TileState } from "./contract";
import { ParcelIndex } from "./geometry";

export function withEdits(state: TileState, edits: Edit[]): TileState {
  let seen = state;
  for (let next = 0; next < edits.length; ) {
    const said = sayingsFrom(edits, next);
    if (said.length > 0) seen = { ...seen, parcels: withSayings(seen.parcels, said) };
    else seen = withEdit(seen, edits[next]!);
    next += Math.max(1, said.length);
  }
  return seen;
}

function withEdit(state: TileState, edit: Edit): TileState {
  switch (edit.kind) {
    case "prompt_set": {
      const { id, column, row, label } = edit;
      // Moved or turned round, it goes on meaning the field that it meant.
      const field = edit.field ?? state.prompts.find((prompt) => prompt.id === id)?.field;
      const prompt: Prompt = { id, column, row, label, source: "person", ...(field && { field }) };
      return { ...state, prompts: replaced(state.prompts, prompt) };
    }
    case "box_set": {
      const { id, left, top, right, bottom } = edit;
      const box: Box = { id, left, top, right, bottom, source: "person" };
      return { ...state, boxes: replaced(state.boxes, box) };
    }
    case "prompt_delete":
      return {
        ...state,
        prompts: state.prompts.filter(({ id }) => id !== edit.id),
        boxes: state.boxes.filter(({ id }) => id !== edit.id),
      };
    case "prompts_clear":
      return {
        ...state,
        prompts: state.prompts.filter(({ source }) => source === "auto"),
        boxes: state.boxes.filter(({ source }) => source === "auto"),
      };
    case "settings": {
      const { kind: _kind, ...changed } = edit;
      return { ...state, settings: { ...state.settings, ...changed } };
    }
    case "note": {
      const { id, text, point } = edit;
      const note: PinnedNote = { id, text, column: point[0], row: point[1], author: "you", at: null, done_by: "", done_at: null };
      return { ...state, notes: replaced(state.notes, note) };
    }
    case "note_done": {
      const { id, done } = edit;
      return { ...state, notes: state.notes.map((note) => (note.id === id ? { ...note, done_by: done ? "you" : "" } : note)) };
    }
    default:
      // The outcome of the other corrections is the server's to say; their outline is drawn instead.
      return state;
  }
}

function replaced<Item extends { id: string }>(items: Item[], item: Item): Item[] {
  const known = items.some(({ id }) => id === item.id);
  return known ? items.map((other) => (other.id === item.id ? item : other)) : [...items, item];
}

function reclassified(parcel: Parcel, said: Pick<Parcel, "land_class" | "reason">): Parcel {
  const signed = parcel.state === "accepted" && parcel.land_class !== said.land_class;
  const kept = signed ? "changed" : parcel.state === "auto" ? "corrected" : parcel.state;
  return { ...parcel, ...said, state: kept };
}

type Saying = Extract<Edit, { kind: "reclassify" | "attributes" | "parcel_verdict" | "parcel_delete" }>;

/** What is said of whole parcels from one place in the edits on: it moves no outline. */
function sayingsFrom(edits: Edit[], first: number): Saying[] {
  const said: Saying[] = [];
  for (const edit of edits.slice(first)) {
    if (!isSaying(edit)) break;
    said.push(edit);
  }
  return said;
}

function isSaying(edit: Edit): edit is Saying {
  return edit.kind === "reclassify" || edit.kind === "attributes" || edit.kind === "parcel_verdict" || edit.kind === "parcel_delete";
}

/** The parcel after what is said of it; null takes it away. */
function after(parcel: Parcel, said: Saying): Parcel | null {
  switch (said.kind) {
    case "reclassify":
      return reclassified(parcel, { land_class: said.land_class, reason: said.reason ?? "" });
    case "attributes":
      return filled(parcel, said.values);
    case "parcel_verdict":
      // What it was before a verdict that is taken back, only the server knows for certain.
      return { ...parcel, state: said.verdict === "none" ? "auto" : said.verdict, reason: said.reason ?? "" };
    case "parcel_delete":
      return null;
  }
}

/** What became of which parcels, by the first thing said: the same said of the same parcels gives the same list. */
const OUTCOMES = new WeakMap<Saying, { before: Parcel[]; said: Saying[]; after: Parcel[] }>();

function withSayings(parcels: Parcel[], said: Saying[]): Parcel[] {
  const known = OUTCOMES.get(said[0]!);
  const same = known?.before === parcels && known.said.length === said.length && known.said.every((one, index) => one === said[index]);
  if (same) return known.after;
  const index = new ParcelIndex(parcels);
  const changed = new Map<Parcel, Parcel | null>();
  for (const one of said) {
    const there = index.at(one.point);
    const present = there && (changed.has(there) ? changed.get(there)! : there);
    if (there && present) changed.set(there, after(present, one));
  }
  const outcome = changed.size > 0 ? parcels.flatMap((parcel) => (changed.has(parcel) ? (changed.get(parcel) ?? []) : [parcel])) : parcels;
  OUTCOMES.set(said[0]!, { before: parcels, said, after: outcome });
  return outcome;
}

/**
 * The edits that the state does not hold yet. Where the answer of the server was lost on its way,
 * the edits did arrive; a prompt is compared by the last thing said about it, so that a repeated
 * earlier step never overtakes a later one.
 */
export function stillNeeded(state: TileState, edits: Edit[]): Edit[] {
  const last = new Map<string, Edit>();
  for (const edit of edits) if ("id" in edit) last.set(edit.id, edit);
  return edits.filter((edit) => !("id" in edit) || !isDone(state, last.get(edit.id) ?? edit));
}

function isDone(state: TileState, edit: Edit): boolean {
  if (edit.kind === "prompt_set") {
    const { id, column, row, label } = edit;
    const present = state.prompts.find((prompt) => prompt.id === id);
    if (!present || present.source !== "person" || present.label !== label) return false;
    return near(present.column, column) && near(present.row, row);
  }
  if (edit.kind === "prompt_delete") {
    return ![...state.prompts, ...state.boxes].some(({ id }) => id === edit.id);
  }
  if (edit.kind === "note") return state.notes.some(({ id }) => id === edit.id);
  return false;
}

function near(left: number, right: number): boolean {
  // Positions go through world coordinates on the server.
  return Math.abs(left - right) < 0.01;
}
