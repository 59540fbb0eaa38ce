import assert from "node:assert/strict";
import { test } from "node:test";

import type { Edit, Prompt } from "../src/contract";
import { lastField, PointTool } from "../src/tools/point-tool";
import type { ToolContext } from "../src/tools/tool";

const point = (id: string, more: Partial<Prompt> = {}): Prompt => ({ id, column: 1, row: 1, label: 1, source: "person", ...more });

/** The edit that a click with these keys held sends. */
function sent(prompts: Prompt[], keys: Partial<MouseEvent>, label: 0 | 1 = 1): Edit {
  const edits: Edit[] = [];
  const context = { bounds: () => [0, 0, 9, 9], prompts: () => prompts, edit: (edit: Edit) => edits.push(edit) };
  new PointTool(context as unknown as ToolContext, label).click([2, 3], keys as MouseEvent);
  return edits[0]!;
}

test("the field clicked last is the last positive point's own, or the one that it names", () => {
  assert.equal(lastField([point("auto", { source: "auto" })]), undefined);
  assert.equal(lastField([point("a"), point("n", { label: 0 })]), "a");
  assert.equal(lastField([point("a"), point("b", { field: "a" })]), "a");
  assert.equal(lastField([point("a"), point("b", { field: "a" }), point("c")]), "c");
});

test("Ctrl-click asks for more of that field, on a Mac with the command key", () => {
  const prompts = [point("a")];
  for (const keys of [{ ctrlKey: true }, { metaKey: true }]) {
    const edit = sent(prompts, keys);
    assert.equal(edit.kind === "prompt_set" && edit.field, "a");
  }
  assert.ok(!("field" in sent(prompts, {})));
  assert.ok(!("field" in sent([], { ctrlKey: true })));
});

test("what is not cropland belongs to no field", () => {
  for (const edit of [sent([point("a")], { ctrlKey: true, shiftKey: true }), sent([point("a")], { ctrlKey: true }, 0)]) {
    assert.equal(edit.kind === "prompt_set" && edit.label, 0);
    assert.ok(!("field" in edit));
  }
});
