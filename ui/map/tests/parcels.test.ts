import assert from "node:assert/strict";
import { test } from "node:test";

import { textOf, valueOf } from "../src/attributes";
import type { Attribute, Parcel } from "../src/contract";
import { innerPoint, partsOf, pointInRings } from "../src/geometry";
import { withEdits } from "../src/optimistic";
import { kindOf } from "../src/parcel-kind";
import { keepKnown, withAllParcels } from "../src/same-parcels";
import { tileState } from "./state";

function parcel(changes: Partial<Parcel> = {}): Parcel {
  const ring: [number, number][] = [[0, 0], [10, 0], [10, 10], [0, 10]];
  const said = { land_class: "cropland", reason: "", reviewer: "", reviewed_at: null } as const;
  return { id: "p1", area_ha: 1, score: 0.9, state: "auto", ...said, rings: [ring], ...changes };
}

test("a parcel's point lies well inside, whatever its form", () => {
  const c: [number, number][] = [[0, 0], [30, 0], [30, 8], [8, 8], [8, 22], [30, 22], [30, 30], [0, 30]];
  const hole: [number, number][] = [[1, 1], [9, 1], [9, 9], [1, 9]];
  const narrow: [number, number][] = [[0, 0], [1, 0], [1, 100], [0, 100]];
  const forms = [[c], [parcel().rings[0]!, hole], [narrow], [[...c].reverse()], [[[0, 0], [100, 1], [0, 2]]]] as Parcel["rings"][];
  for (const rings of forms) assert.ok(pointInRings(rings, innerPoint(parcel({ rings }))));
  assert.deepEqual(innerPoint(parcel()), [5, 5]);
  const far = parcel({ more: [[[[50, 50], [90, 50], [90, 90], [50, 90]]]] });
  const [column] = innerPoint(far);
  assert.ok(column > 50, "the larger part");
  assert.equal(partsOf(far).length, 2);
});

test("what was said against a parcel comes before what was said for it", () => {
  assert.equal(kindOf(parcel()), "auto");
  assert.equal(kindOf(parcel({ state: "accepted" })), "accepted");
  assert.equal(kindOf(parcel({ state: "accepted", land_class: "other" })), "other");
  assert.equal(kindOf(parcel({ state: "rejected", land_class: "other" })), "rejected");
  assert.equal(kindOf(parcel({ state: "corrected", land_class: "unsure" })), "unsure");
  assert.equal(kindOf(parcel({ state: "unsure" })), "unsure");
});

test("a verdict and a class are seen at once", () => {
  const before = tileState({ parcels: [parcel(), parcel({ id: "p2", rings: [[[20, 0], [30, 0], [30, 10]]] })] });
  const judged = withEdits(before, [{ kind: "parcel_verdict", point: [5, 5], verdict: "rejected", reason: "a road" }]);
  assert.equal(judged.parcels[0]!.state, "rejected");
  assert.equal(judged.parcels[0]!.reason, "a road");
  assert.equal(judged.parcels[1], before.parcels[1]);
  const classed = withEdits(before, [{ kind: "reclassify", point: [5, 5], land_class: "other" }]);
  assert.equal(classed.parcels[0]!.land_class, "other");
  assert.equal(classed.parcels[0]!.state, "corrected");
  const signed = withEdits(tileState({ parcels: [parcel({ state: "accepted" })] }), [{ kind: "reclassify", point: [5, 5], land_class: "other" }]);
  assert.equal(signed.parcels[0]!.state, "changed");
  const nowhere = withEdits(before, [{ kind: "parcel_verdict", point: [99, 99], verdict: "accepted" }]);
  assert.equal(nowhere.parcels, before.parcels);
});

test("what grows on a parcel is seen at once, and makes it another parcel to draw", () => {
  const before = tileState({ parcels: [parcel({ attributes: { irrigated: true } })] });
  const said = withEdits(before, [{ kind: "attributes", point: [5, 5], values: { crop: "wheat", irrigated: null } }]);
  assert.deepEqual(said.parcels[0]!.attributes, { crop: "wheat" });
  assert.equal(said.parcels[0]!.state, "auto");
  const emptied = withEdits(said, [{ kind: "attributes", point: [5, 5], values: { crop: null } }]);
  assert.ok(!("attributes" in emptied.parcels[0]!));
  assert.equal(keepKnown(said.parcels, emptied.parcels)[0], emptied.parcels[0]);
  assert.equal(keepKnown(said.parcels, structuredClone(said.parcels)), said.parcels);
});

test("a field's text is a value of its kind, and back", () => {
  const of = (kind: Attribute["kind"]): Attribute => ({ key: "k", name: "K", kind, choices: [], required: false });
  assert.equal(valueOf(of("number"), " 7.5 "), 7.5);
  assert.equal(valueOf(of("number"), "seven"), null);
  assert.equal(valueOf(of("yes_no"), "no"), false);
  assert.equal(valueOf(of("text"), "  "), null);
  assert.deepEqual([false, 7.5, "rye", undefined].map(textOf), ["no", "7.5", "rye", ""]);
});

test("parcels that have not changed stay the same objects", () => {
  const known = [parcel(), parcel({ id: "p2", more: [[[[50, 50], [60, 50], [60, 60]]]] })];
  const again = structuredClone(known);
  assert.equal(keepKnown(known, again), known);
  const [first, second] = structuredClone(known);
  const judged = keepKnown(known, [{ ...first!, state: "accepted" }, second!]);
  assert.equal(judged[0]!.state, "accepted");
  assert.equal(judged[1], known[1]);
  const moved = structuredClone(known);
  moved[1]!.more![0]![0]![2] = [60, 61];
  assert.equal(keepKnown(known, moved)[1], moved[1]);
  assert.deepEqual(keepKnown(known, [second!]).map(({ id }) => id), ["p2"]);
});

test("the same edit on the same parcels gives the same list, so that nothing is drawn twice", () => {
  const before = tileState({ parcels: [parcel()] });
  const edits = [{ kind: "parcel_verdict", point: [5, 5], verdict: "accepted" }] as const;
  assert.equal(withEdits(before, [...edits]).parcels, withEdits(before, [...edits]).parcels);
});

test("parcels that were not sent are those that were known", () => {
  const known = { name: "l1", parcels: ["a", "b", "c", "d"].map((id) => parcel({ id })) };
  const same = { of: "l1", runs: [[0, 1], [-1, 2], [2, 2], [-1, 1]] as [number, number][] };
  const sent = ["x", "y", "z"].map((id) => parcel({ id }));
  const whole = withAllParcels(tileState({ parcels: sent, rows: "l2", same }), known);
  assert.deepEqual(whole.parcels.map(({ id }) => id), ["a", "x", "y", "c", "d", "z"]);
  assert.equal(whole.parcels[3], known.parcels[2]);
  assert.equal(whole.same, null);
  assert.throws(() => withAllParcels(tileState({ same }), { name: "l0", parcels: [] }));
});
