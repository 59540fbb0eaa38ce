import assert from "node:assert/strict";
import { test } from "node:test";

import type { Parcel, Ring } from "../src/contract";
import {
  asksInVain,
  clampToBounds,
  displayAspect,
  extentOfParcel,
  inBounds,
  openRing,
  ParcelIndex,
  pathOfLine,
  pathOfRings,
  pointInRings,
  seamlessZoom,
  seamlessZoomWithin,
  thinLine,
  tileZoomFor,
} from "../src/geometry";

const square = (left: number, top: number, side: number): Ring => [
  [left, top],
  [left + side, top],
  [left + side, top + side],
  [left, top + side],
];

function parcel(id: string, rings: Ring[], more?: Ring[][]): Parcel {
  return { id, area_ha: 1, score: 0.5, state: "auto", rings, ...(more ? { more } : {}) };
}

test("a tile is a whole number of screen pixels high whatever the aspect", () => {
  for (const aspect of [1, 1.5301, 0.6, 2.717]) {
    const shown = displayAspect(aspect);
    assert.ok(Number.isInteger(shown * 256));
    assert.ok(Math.abs(shown - aspect) <= 0.5 / 256);
  }
  assert.equal(displayAspect(0), 1);
  assert.equal(displayAspect(NaN), 1);
});

test("at every step of the zoom tiles are a whole number of screen pixels wide", () => {
  for (let step = -40; step <= 12; step++) {
    const zoom = seamlessZoom(step / 4);
    const width = 256 * 2 ** (zoom - tileZoomFor(zoom));
    assert.ok(Math.abs(width - Math.round(width)) < 1e-9, String(step));
    assert.ok(Math.abs(zoom - step / 4) < 0.005, String(step));
    assert.equal(seamlessZoom(zoom), zoom);
  }
});

test("a hole is not part of the parcel", () => {
  const rings = [square(0, 0, 10), square(4, 4, 2)];
  assert.ok(pointInRings(rings, [1, 1]));
  assert.ok(!pointInRings(rings, [5, 5]));
  assert.ok(!pointInRings(rings, [11, 5]));
  assert.ok(!pointInRings([], [0, 0]));
});

test("the index finds parcels, their other parts, and nothing beside them", () => {
  const index = new ParcelIndex([parcel("a", [square(0, 0, 10)], [[square(50, 0, 10)]]), parcel("b", [square(20, 0, 10)])]);
  assert.equal(index.at([5, 5])?.id, "a");
  assert.equal(index.at([55, 5])?.id, "a");
  assert.equal(index.at([25, 5])?.id, "b");
  assert.equal(index.at([15, 5]), null);
  assert.deepEqual(extentOfParcel(parcel("c", [square(2, 3, 4)])), [2, 3, 6, 7]);
});

test("thinning keeps the ends and the spacing", () => {
  const line: Ring = Array.from({ length: 101 }, (_, index) => [index / 10, 0]);
  const thin = thinLine(line, 2);
  assert.deepEqual(thin[0], [0, 0]);
  assert.deepEqual(thin.at(-1), [10, 0]);
  assert.ok(thin.length <= 7);
  assert.deepEqual(thinLine([[1, 1]], 5), [[1, 1]]);
});

test("windows hold their edges, and clamp what lies outside", () => {
  assert.ok(inBounds([10, 10, 5, 5], [15, 10]));
  assert.ok(!inBounds([10, 10, 5, 5], [15.1, 10]));
  assert.deepEqual(clampToBounds([10, 10, 5, 5], [0, 99]), [10, 15]);
});

test("paths are closed for rings and dots for single points", () => {
  assert.equal(pathOfRings([square(0, 0, 1)]), "M0 0L1 0L1 1L0 1Z");
  assert.equal(pathOfLine([[3, 4]]), "M3 4L3 4");
  assert.deepEqual(openRing([[0, 0], [1, 0], [0, 0]]), [[0, 0], [1, 0]]);
});

test("a click in no parcel asked in vain, one in a hole too", () => {
  const parcel = { id: "p", area_ha: 1, score: 1, state: "auto" as const, rings: [square(0, 0, 9), square(3, 3, 2)] };
  const click = (column: number, row: number, label: 0 | 1) => ({ kind: "prompt_set" as const, id: "a", column, row, label });
  assert.ok(!asksInVain(click(1, 1, 1), [parcel]));
  assert.ok(asksInVain(click(4, 4, 1), [parcel]));
  assert.ok(asksInVain(click(20, 1, 1), [parcel]));
  assert.ok(!asksInVain(click(20, 1, 0), [parcel]));
  const box = { kind: "box_set" as const, id: "b", top: 5, bottom: 30 };
  assert.ok(!asksInVain({ ...box, left: 5, right: 30 }, [parcel]));
  assert.ok(asksInVain({ ...box, left: 12, right: 30 }, [parcel]));
});

test("the fitting zoom has no seams and is never too large", () => {
  for (let zoom = -4; zoom < 3; zoom += 0.037) {
    const within = seamlessZoomWithin(zoom);
    assert.ok(within <= zoom + 1e-6 && within > zoom - 0.03, `${zoom}: ${within}`);
    assert.ok(Math.abs(seamlessZoom(within) - within) < 1e-9);
  }
});
