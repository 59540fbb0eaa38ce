// What the tile will look like once the edits on their way have arrived.

import { filled } from "./attributes";
import type { Box, Edit, Parcel, PinnedNote, Prompt, TileState } from "./contract";
import { ParcelIndex } from "./geometry";

export function withEdits(state: TileState, edits: Edit[]): TileState {
  return edits.reduce(withEdit, state);
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
    case "reclassify": {
      const said = { land_class: edit.land_class, reason: edit.reason ?? "" };
      return { ...state, parcels: withParcelAt(state.parcels, edit, (parcel) => reclassified(parcel, said)) };
    }
    case "attributes":
      return { ...state, parcels: withParcelAt(state.parcels, edit, (parcel) => filled(parcel, edit.values)) };
    case "parcel_verdict": {
      const { verdict, reason = "" } = edit;
      // What it was before a verdict that is taken back, only the server knows for certain.
      const given = verdict === "none" ? "auto" : verdict;
      return { ...state, parcels: withParcelAt(state.parcels, edit, (one) => ({ ...one, state: given, reason })) };
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
    case "parcel_delete":
      return { ...state, parcels: withParcelAt(state.parcels, edit, () => null) };
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

/** What became of which parcels by an edit: the same edit on the same parcels gives the same list. */
const OUTCOMES = new WeakMap<Edit, { before: Parcel[]; after: Parcel[] }>();

/** The parcel at the edit's point changed; null takes it away. */
function withParcelAt(
  parcels: Parcel[],
  edit: Edit & { point: [number, number] },
  change: (parcel: Parcel) => Parcel | null,
): Parcel[] {
  const known = OUTCOMES.get(edit);
  if (known?.before === parcels) return known.after;
  const there = new ParcelIndex(parcels).at(edit.point);
  const after = there ? parcels.flatMap((parcel) => (parcel === there ? (change(parcel) ?? []) : [parcel])) : parcels;
  OUTCOMES.set(edit, { before: parcels, after });
  return after;
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
