import assert from "node:assert/strict";
import { test } from "node:test";

import type { Edit, Parcel, Prompt } from "../src/contract";
import { stillNeeded, withEdits } from "../src/optimistic";
import { tileState } from "./state";

const automatic: Prompt = { id: "auto", column: 5, row: 5, label: 1, source: "auto" };

test("a touched prompt is the person's, and the state given is left as it was", () => {
  const state = tileState({ prompts: [automatic] });
  const seen = withEdits(state, [{ kind: "prompt_set", id: "auto", column: 6, row: 7, label: 0 }]);
  assert.deepEqual(seen.prompts, [{ id: "auto", column: 6, row: 7, label: 0, source: "person" }]);
  assert.deepEqual(state.prompts, [automatic]);
});

test("clearing leaves the automatic prompts", () => {
  const edits: Edit[] = [
    { kind: "prompt_set", id: "new", column: 1, row: 1, label: 1 },
    { kind: "box_set", id: "box", left: 0, top: 0, right: 9, bottom: 9 },
    { kind: "prompts_clear" },
  ];
  const seen = withEdits(tileState({ prompts: [automatic] }), edits);
  assert.deepEqual(seen.prompts, [automatic]);
  assert.deepEqual(seen.boxes, []);
});

test("deleting takes boxes and parcels too", () => {
  const ring: [number, number][] = [[0, 0], [10, 0], [10, 10], [0, 10]];
  const state = tileState({
    boxes: [{ id: "box", left: 0, top: 0, right: 9, bottom: 9, source: "person" }],
    parcels: [{ id: "p", area_ha: 1, score: 1, state: "auto", rings: [ring] }],
  });
  const seen = withEdits(state, [
    { kind: "prompt_delete", id: "box" },
    { kind: "parcel_delete", point: [5, 5] },
  ]);
  assert.deepEqual([seen.boxes, seen.parcels], [[], []]);
});

test("settings change only what is named", () => {
  const seen = withEdits(tileState(), [{ kind: "settings", threshold: 0.7 }]);
  assert.deepEqual(seen.settings, {
    strategy: "apt_plus",
    threshold: 0.7,
    points_per_class: 33,
    min_area_m2: 1000,
    simplify_px: 1.5,
    field_size: 0.5,
    seed: 0,
    published_scale: false,
  });
});

test("an edit whose answer was lost is not sent again, nor are its earlier steps", () => {
  const steps: Edit[] = [
    { kind: "prompt_set", id: "a", column: 1, row: 1, label: 1 },
    { kind: "prompt_set", id: "a", column: 2, row: 2, label: 1 },
    { kind: "prompt_set", id: "b", column: 3, row: 3, label: 0 },
  ];
  const arrived = tileState({ prompts: [{ id: "a", column: 2.001, row: 2, label: 1, source: "person" }] });
  assert.deepEqual(stillNeeded(arrived, steps), [steps[2]]);
  assert.deepEqual(stillNeeded(tileState(), steps), steps);
});

test("what is said of one parcel after another adds up, and the same again gives the same list", () => {
  const square = (id: string, left: number): Parcel => ({ id, area_ha: 1, score: 1, state: "auto", land_class: "cropland", reason: "", reviewer: "", reviewed_at: null, rings: [[[left, 0], [left + 8, 0], [left + 8, 8], [left, 8]]] });
  const state = tileState({ parcels: [square("a", 0), square("b", 10), square("c", 20)] });
  const edits: Edit[] = [
    { kind: "attributes", point: [4, 4], values: { crop: "wheat" } },
    { kind: "attributes", point: [14, 4], values: { crop: "wheat" } },
    { kind: "reclassify", point: [4, 4], land_class: "other", reason: "" },
    { kind: "parcel_delete", point: [14, 4] },
    { kind: "parcel_verdict", point: [14, 4], verdict: "rejected", reason: "" },
    { kind: "attributes", point: [99, 4], values: { crop: "wheat" } },
  ];
  const seen = withEdits(state, edits);
  assert.deepEqual(seen.parcels.map(({ id, land_class: land, state: verdict, attributes }) => [id, land, verdict, attributes?.crop]), [
    ["a", "other", "corrected", "wheat"],
    ["c", "cropland", "auto", undefined],
  ]);
  assert.equal(seen.parcels[1], state.parcels[2]);
  assert.equal(withEdits(state, edits).parcels, seen.parcels);
});
