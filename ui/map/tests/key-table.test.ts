import assert from "node:assert/strict";
import { test } from "node:test";

import { commandOf } from "../src/key-table";

const NOTHING = { code: "", ctrlKey: false, metaKey: false, shiftKey: false, altKey: false };

test("keys of undo and redo in every usual spelling", () => {
  const kinds = [
    { ...NOTHING, key: "z" },
    { ...NOTHING, key: "z", ctrlKey: true },
    { ...NOTHING, key: "z", metaKey: true },
    { ...NOTHING, key: "Z", shiftKey: true },
    { ...NOTHING, key: "Z", shiftKey: true, ctrlKey: true },
    { ...NOTHING, key: "y", ctrlKey: true },
  ].map((event) => commandOf(event)?.kind);
  assert.deepEqual(kinds, ["undo", "undo", "undo", "redo", "redo", "redo"]);
});

test("the browser's own keys are left to it", () => {
  for (const key of ["r", "a", "f", "p", "n"]) {
    assert.equal(commandOf({ ...NOTHING, key, ctrlKey: true }), null);
    assert.equal(commandOf({ ...NOTHING, key, altKey: true }), null);
  }
});

test("tools have their keys", () => {
  assert.deepEqual(commandOf({ ...NOTHING, key: "n" }), { kind: "tool", tool: "negative" });
  assert.deepEqual(commandOf({ ...NOTHING, key: "8" }), { kind: "tool", tool: "reshape" });
});
