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
function over(parcels: Parcel[]) {
  const edits: Edit[] = [];
  const shown: (Parcel | null)[] = [];
  const element = new EventTarget();
  const context = {
    base: { element },
    parcels: { at: ([column]: [number, number]) => parcels.find(({ rings }) => column >= rings[0]![0]![0] && column < rings[0]![1]![0]) ?? null },
    shapes: () => null,
    edit: (edit: Edit) => edits.push(edit),
    look: (one: Parcel | null) => shown.push(one),
  };
  const tool = new SelectTool(context as unknown as ToolContext);
  tool.enter();
  const press = (key: string) => tool.key({ key } as KeyboardEvent);
  return { tool, edits, shown, press, element, parcels };
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
