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
  const element = new EventTarget();
  const context = {
    base: { element },
    parcels: { at: ([column]: [number, number]) => parcels.find(({ rings }) => column >= rings[0]![0]![0] && column < rings[0]![1]![0]) ?? null },
    shapes: () => null,
    edit: (edit: Edit) => edits.push(edit),
    look: (one: Parcel | null) => shown.push(one),
    askAttributes: () => asks,
    say: (text: string) => told.push(text),
  };
  const tool = new SelectTool(context as unknown as ToolContext);
  tool.enter();
  const press = (key: string, more: Partial<KeyboardEvent> = {}) => tool.key({ key, ...more } as KeyboardEvent);
  return { tool, edits, shown, told, press, element, parcels };
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
