import assert from "node:assert/strict";
import { test } from "node:test";

import type { SceneState } from "../src/contract";
import { areaOfRing, lengthOfLine } from "../src/geometry";
import { lonlatAt, positionText } from "../src/panel/pointer-position";
import { roundLength } from "../src/panel/scale-bar";

const place = {
  crs: "EPSG:32616",
  degrees: false,
  transform: [1, 0, 500_000, 0, -1, 4_600_000],
  lonlat: [
    [[-88, 42], [-87, 42]],
    [[-88, 41], [-87, 41]],
  ],
};
const scene = { width: 100, height: 200, place } as unknown as SceneState;

test("the pointer's place is told in the scene's CRS and in degrees", () => {
  assert.equal(positionText(scene, [25, 100], false), "500,025.0 E 4,599,900.0 N (EPSG:32616) · 41.50000° N 87.75000° W");
  assert.equal(positionText(scene, [25, 100], true), "41.50000° N 87.75000° W");
});

test("degrees go on across the 180th meridian, and end where the CRS does", () => {
  const fiji: [number, number][][] = [
    [[179, -16], [-179, -16]],
    [[179, -17], [-179, -17]],
  ];
  assert.deepEqual(lonlatAt(fiji, 0.25, 0.5), [179.5, -16.5]);
  assert.equal(lonlatAt(fiji, 0.75, 0)![0], -179.5);
  assert.equal(lonlatAt([[null, [1, 1]], [[0, 0], [1, 0]]], 0.5, 0.5), null);
});

test("the bar of the scale has a round length", () => {
  assert.deepEqual([roundLength(119), roundLength(51), roundLength(4300), roundLength(0.7)], [100, 50, 2000, 0.5]);
});

test("lengths and areas", () => {
  const corner: [number, number][] = [[0, 0], [30, 0], [30, 40]];
  assert.equal(lengthOfLine(corner), 70);
  assert.equal(areaOfRing(corner), 600);
});
