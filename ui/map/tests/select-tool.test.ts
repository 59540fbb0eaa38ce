import assert from "node:assert/strict";
import { test } from "node:test";

import type { Edit, Parcel } from "../src/contract";
import { SelectTool } from "../src/tools/select-tool";
import type { ToolContext } from "../src/tools/tool";

const parcel = (id: string, left: number, more: Partial<Parcel> = {}): Parcel => ({
  id,
  area_ha: 1,
  score: null,
  state: "auto",
  land_class: "cropland",
  reason: "",
  reviewer: "",
  reviewed_at: null,
  rings: [[[left, 0], [left + 8, 0], [left + 8, 8], [left, 8], [left, 0]]],
  ...more,
});

/** A tool over some parcels; the edits that it sent, and the parcel that it shows. */
function over(parcels: Parcel[], asks = true) {
  const told: string[] = [];
  const edits: Edit[] = [];
  const shown: (Parcel | null)[] = [];
  const groups: Edit[][] = [];
  const choices: string[][] = [];
  let wanted = (_: Parcel): boolean => true;
  const element = new EventTarget();
  const context = {
    base: { element },
    parcels: {
      get all() {
        return [...parcels];
      },
      get matching() {
        return parcels.filter(wanted);
      },
      at: ([column]: [number, number]) => parcels.find(({ rings }) => column >= rings[0]![0]![0] && column < rings[0]![1]![0]) ?? null,
    },
    shapes: () => null,
    edit: (edit: Edit) => edits.push(edit),
    editTogether: (some: Edit[]) => {
      groups.push(some);
      edits.push(...some);
    },
    look: (some: Parcel[]) => {
      choices.push(some.map(({ id }) => id));
      shown.push(some[0] ?? null);
    },
    measures: () => ({ smooth_m: 1, straighten_m: 2, hole_m2: 3, snap_m: 4 }),
    askAttributes: () => asks,
    say: (text: string) => told.push(text),
  };
  const tool = new SelectTool(context as unknown as ToolContext);
  tool.enter();
  const press = (key: string, more: Partial<KeyboardEvent> = {}) => tool.key({ key, ...more } as KeyboardEvent);
  const filter = (what: (one: Parcel) => boolean): void => void (wanted = what);
  return { tool, edits, shown, told, press, element, parcels, groups, choices, filter };
}

test("a verdict's key signs the parcel under the pointer, one press a parcel", () => {
  const { tool, edits, shown, press } = over([parcel("a", 0), parcel("b", 10)]);
  for (const column of [4, 14]) {
    tool.move([column, 4]);
    assert.ok(press("y"));
  }
  assert.deepEqual(edits.map((edit) => edit.kind === "parcel_verdict" && [edit.verdict, edit.point[0] > 9, edit.shape?.length]), [
    ["accepted", false, 1],
    ["accepted", true, 1],
  ]);
  assert.deepEqual(shown, []);
});

test("a chosen parcel goes before the one under the pointer", () => {
  const { tool, edits, press } = over([parcel("a", 0), parcel("b", 10)]);
  tool.click([4, 4]);
  tool.move([14, 4]);
  press("j");
  assert.ok(edits[0]!.kind === "parcel_verdict" && edits[0].point[0] < 9);
});

test("a second press takes the verdict back, and a key means nothing beside parcels and beside the map", () => {
  const { tool, edits, press, element, parcels } = over([parcel("a", 0)]);
  tool.move([40, 4]);
  assert.ok(!press("y"));
  tool.move([4, 4]);
  press("y");
  parcels[0] = parcel("a", 0, { state: "accepted" });
  tool.refreshed();
  press("y");
  assert.deepEqual(edits.map((edit) => edit.kind === "parcel_verdict" && edit.verdict), ["accepted", "none"]);
  element.dispatchEvent(new Event("pointerleave"));
  assert.ok(!press("y"));
  assert.ok(!press("delete"));
  assert.equal(edits.length, 2);
});

test("what grows on the parcel under the pointer is asked for by one key, and said again by another", () => {
  const { tool, edits, shown, press, parcels } = over([parcel("a", 0), parcel("b", 10), parcel("c", 20)]);
  tool.move([4, 4]);
  assert.ok(!press("W", { shiftKey: true }), "nothing was said yet");
  assert.ok(press("w"));
  assert.equal(shown.at(-1), parcels[0]);
  tool.fill({ crop: "wheat" });
  tool.filled();
  assert.equal(shown.at(-1), null, "the card goes when its fields are left");
  tool.move([14, 4]);
  assert.ok(press("W", { shiftKey: true }));
  assert.deepEqual(edits.map((edit) => edit.kind === "attributes" && [edit.point[0] > 9, edit.values]), [
    [false, { crop: "wheat" }],
    [true, { crop: "wheat" }],
  ]);
  tool.click([24, 4]);
  press("w");
  tool.filled();
  assert.equal(shown.at(-1), parcels[2], "a card that was there before stays");
});

test("a project without attributes says where they are made", () => {
  const { tool, shown, told, press } = over([parcel("a", 0)], false);
  tool.move([4, 4]);
  assert.ok(press("w"));
  assert.equal(shown.at(-1), null);
  assert.match(told[0]!, /Scenes page/);
});

/** Six parcels side by side, a to f. */
const six = (): Parcel[] => [..."abcdef"].map((id, index) => parcel(id, 10 * index));
const SHIFT = { shiftKey: true } as MouseEvent;

test("Shift-click adds a parcel and takes it out, a click chooses one, Escape none", () => {
  const { tool, choices, press } = over(six());
  tool.click([4, 4]);
  tool.click([24, 4], SHIFT);
  tool.click([99, 4], SHIFT);
  tool.click([4, 4], SHIFT);
  tool.click([34, 4]);
  press("escape");
  assert.deepEqual(choices, [["a"], ["a", "c"], ["a", "c"], ["c"], ["d"], []]);
});

test("a line around parcels chooses those whose middle it holds and that the filter shows", () => {
  const { tool, choices, told, press, filter } = over(six());
  filter(({ id }) => id !== "b");
  tool.chooseInside([[-1, -1], [33, -1], [33, 9], [-1, 9]]);
  assert.deepEqual(choices.at(-1), ["a", "c"], "of d only the edge");
  tool.chooseInside([[60, 60], [70, 60], [70, 70]]);
  tool.chooseInside([[9, -1], [19, -1], [19, 9], [9, 9]]);
  assert.deepEqual(told, ["The line goes around the middle of no parcel.", "The filter leaves out all parcels inside the line."]);
  press("a", { ctrlKey: true });
  assert.deepEqual(choices.at(-1), ["a", "c", "d", "e", "f"]);
});

test("the same change of all chosen parcels is one group of edits, without those that it would not change", () => {
  const all = six();
  all[1] = parcel("b", 10, { land_class: "other", reason: "road", attributes: { crop: "wheat" } });
  const { tool, groups, press } = over(all);
  tool.choose(all.slice(0, 3));
  const columns = (edits: Edit[] = []) => edits.map((edit) => "point" in edit && edit.point![0]);
  for (const key of ["o", "y", "q", "delete"]) press(key);
  tool.fill({ crop: "wheat" });
  assert.deepEqual(groups.map(columns), [[4, 24], [4, 14, 24], [4, 14, 24], [4, 14, 24], [4, 24]]);
  assert.deepEqual(groups.map(([edit]) => edit!.kind), ["reclassify", "parcel_verdict", "straighten", "parcel_delete", "attributes"]);
  assert.equal(groups[1]!.map((edit) => edit.kind === "parcel_verdict" && edit.reason).join(), ",road,", "each keeps its reason");
  tool.choose(all.slice(3, 5));
  press("W", { shiftKey: true });
  assert.deepEqual(columns(groups.at(-1)), [34, 44]);
});

test("a verdict is taken back of several where all of them have it", () => {
  const all = six().map((one, index) => (index < 2 ? { ...one, state: "accepted" as const } : one));
  const { tool, groups, press } = over(all);
  tool.choose(all.slice(0, 3));
  press("y");
  tool.choose(all.slice(0, 2));
  press("y");
  assert.deepEqual(groups.map((some) => some.map((edit) => edit.kind === "parcel_verdict" && edit.verdict)), [["accepted"], ["none", "none"]]);
});

test("several parcels are merged by the key of the tool, one is not", () => {
  const { tool, edits, press, parcels } = over(six());
  tool.click([4, 4]);
  assert.ok(!press("6"), "the tool is meant");
  tool.click([14, 4], SHIFT);
  assert.ok(press("6"));
  assert.deepEqual(edits, [{ kind: "merge", points: [[4, 4], [14, 4]] }]);
  parcels.splice(0, 2, parcel("ab", 0, { rings: [[[0, 0], [18, 0], [18, 8], [0, 8], [0, 0]]] }));
  tool.refreshed();
  press("j");
  assert.equal(edits.length, 2, "what was merged is one chosen parcel");
});

test("chosen parcels are followed, and one that somebody removed is chosen no longer", () => {
  const { tool, choices, parcels, told, press } = over(six());
  tool.choose(parcels.slice(0, 3));
  tool.refreshed();
  assert.equal(choices.length, 1, "nothing has changed");
  parcels.splice(0, 2, parcel("a2", 0, { area_ha: 2 }));
  tool.refreshed();
  assert.deepEqual([choices.at(-1), told], [["a2", "c"], ["1 of the 3 chosen parcels is not there any more."]]);
  press("delete");
  parcels.splice(0, 1);
  tool.refreshed();
  assert.deepEqual([choices.at(-1), told.length], [["c"], 1], "whoever removes some is not told");
});
