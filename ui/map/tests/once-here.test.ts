import assert from "node:assert/strict";
import { test } from "node:test";

import { tellOnceHere } from "../src/once-here";

test("a thing is told once in a session, each by itself", () => {
  const kept = new Map<string, string>();
  const storage = { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => void kept.set(key, value) };
  const told: string[] = [];
  for (const scene of ["a", "a", "b"]) tellOnceHere(`limit ${scene}`, () => told.push(scene), storage);
  assert.deepEqual(told, ["a", "b"]);
  // The page was loaded again; the session is the same.
  kept.set("cropmap told limit c", "1");
  tellOnceHere("limit c", () => told.push("c"), storage);
  assert.deepEqual(told, ["a", "b"]);
});
