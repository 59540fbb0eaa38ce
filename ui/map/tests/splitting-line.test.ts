import assert from "node:assert/strict";
import { test } from "node:test";

import type { Parcel, Ring } from "../src/contract";
import { splittingLine } from "../src/splitting-line";

const ring: Ring = [
  [0, 0],
  [100, 0],
  [100, 100],
  [0, 100],
];
const parcel = { id: "F1", area_ha: 1, score: 0.5, state: "auto", rings: [ring] } as unknown as Parcel;

test("a line from side to side is left as it was drawn", () => {
  const line: Ring = [
    [-5, 50],
    [105, 52],
  ];
  assert.deepEqual(splittingLine(line, [parcel], 10), line);
});

test("an end that stops short of the border is drawn on across it", () => {
  const line = splittingLine(
    [
      [4, 50],
      [50, 50],
      [95, 50],
    ],
    [parcel],
    10,
  );
  assert.ok(line);
  assert.deepEqual([line[0], line.at(-1)], [[-0.5, 50], [100.5, 50]]);
});

test("a line that ends in the middle, or beside every parcel, splits nothing", () => {
  assert.equal(splittingLine([[-5, 50], [60, 50]], [parcel], 10), null);
  assert.equal(splittingLine([[200, 50], [300, 50]], [parcel], 10), null);
  assert.equal(splittingLine([[50, 50], [50, 50]], [parcel], 10), null);
});
