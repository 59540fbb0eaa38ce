import assert from "node:assert/strict";
import { test } from "node:test";

import type { Parcel, Ring } from "../src/contract";
import { DraggedRing, movedNeighbours, parcelsBeside } from "../src/dragged-corners";

const WEST: Ring = [[0, 0], [40, 0], [40, 40], [0, 40]];
const EAST: Ring = [[40, 0], [80, 0], [80, 40], [40, 40]];
const NORTH: Ring = [[0, 40], [80, 40], [80, 80], [0, 80]];

function parcel(id: string, ring: Ring): Parcel {
  return { id, area_ha: 1, score: 0.5, state: "auto", land_class: "cropland", reason: "", reviewer: "", reviewed_at: null, rings: [ring] } as Parcel;
}

const AROUND = [parcel("W", WEST), parcel("E", EAST), parcel("N", NORTH), parcel("F", [[90, 90], [99, 90], [99, 99]])];

test("a corner that is dragged goes along for all whose corner it is, and is new where there was none", () => {
  const ring = new DraggedRing(WEST, WEST);
  ring.drag(2, [35, 44]);
  assert.deepEqual(ring.before, WEST);
  assert.deepEqual(ring.after, [[0, 0], [40, 0], [35, 44], [0, 40]]);
  assert.deepEqual(movedNeighbours(AROUND, "W", [ring]), [
    [[[40, 0], [80, 0], [80, 40], [35, 44]]],
    [[[0, 40], [35, 44], [80, 40], [80, 80], [0, 80]]],
  ]);
});

test("a new corner is dragged out of a side, and a corner of a neighbour on that side follows", () => {
  const ring = new DraggedRing(WEST, WEST);
  ring.add(2, [40, 20]);
  ring.drag(2, [50, 20]);
  assert.deepEqual(ring.after, [[0, 0], [40, 0], [50, 20], [40, 40], [0, 40]]);
  const upper = parcel("U", [[40, 10], [80, 10], [80, 40], [40, 40]]);
  assert.deepEqual(movedNeighbours([upper], "W", [ring]), [[[[45, 10], [80, 10], [80, 40], [40, 40], [50, 20]]]]);
});

test("what is taken away is straight for the neighbour, too", () => {
  const bent: Ring = [[0, 0], [40, 0], [50, 20], [40, 40], [0, 40]];
  const ring = new DraggedRing(bent, bent);
  ring.remove(2);
  assert.deepEqual(ring.after, WEST);
  assert.deepEqual(ring.before, WEST);
  const beside = parcel("E", [[40, 0], [80, 0], [80, 40], [40, 40], [50, 20]]);
  assert.deepEqual(movedNeighbours([beside], "W", [ring]), [[[[40, 0], [80, 0], [80, 40], [40, 40], [40, 20]]]]);
});

test("corners without handles follow those beside them, and stay where nothing moves", () => {
  const fine: Ring = [[0, 0], [20, 0.1], [40, 0], [40, 20], [40, 40], [20, 40.1], [0, 40]];
  const ring = new DraggedRing(fine, [[0, 0], [40, 0], [40, 40], [0, 40]]);
  ring.drag(2, [44, 40]);
  assert.deepEqual(ring.before, fine);
  assert.deepEqual(ring.after, [[0, 0], [20, 0.1], [40, 0], [42, 20], [44, 40], [22, 40.1], [0, 40]]);
});

test("a drag that was taken back moves nothing", () => {
  const ring = new DraggedRing(WEST, WEST);
  ring.drag(1, [60, -5]);
  ring.settle(WEST.map(([column, row]) => [column + 1e-9, row]));
  assert.deepEqual(ring.after, WEST);
  assert.deepEqual(movedNeighbours(AROUND, "W", [ring]), []);
});

test("only parcels whose extents meet are beside", () => {
  assert.deepEqual(parcelsBeside(AROUND, AROUND[0]!).map(({ id }) => id), ["E", "N"]);
});
