import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { ChangeWatch, type KnownChanges } from "../src/change-watch";
import type { Changes } from "../src/contract";

type Heard = (news: Changes) => void;

const page = Object.assign(new EventTarget(), { hidden: false });
Object.assign(globalThis, { window: globalThis, document: page, navigator: {} });

/** A watch whose questions are answered by hand. */
function bench() {
  const asked: { known: KnownChanges; wait: number; signal: AbortSignal; answer: Heard }[] = [];
  const told: string[] = [];
  const readChanges = (known: KnownChanges, wait: number, signal: AbortSignal) =>
    new Promise<Changes>((answer, refuse) => {
      asked.push({ known: { ...known }, wait, signal, answer });
      signal.addEventListener("abort", () => refuse(new Error("aborted")));
    });
  const watch = new ChangeWatch(
    { readChanges },
    "scene",
    7,
    "file",
    (stamps) => told.push([...stamps].join(" ")),
    () => told.push("replaced"),
    () => told.push("renamed"),
  );
  return { asked, told, watch };
}

function news(more: Partial<Changes>): Changes {
  return { revision: 7, file: "file", file_replaced: null, you: "Ada", tiles: [], ...more };
}

test("once the name is known the server is asked to wait, and again as soon as it has answered", async () => {
  const { asked, told, watch } = bench();
  await sleep(10);
  asked[0]!.answer(news({}));
  await sleep(90);
  asked[1]!.answer(news({ revision: 8, tiles: [["scene", "t1", "s"], ["other", "t2", "s"]] }));
  await sleep(90);
  asked[2]!.answer(news({ revision: 8, you: "Ada L" }));
  await sleep(90);
  watch.dispose();
  assert.deepEqual(asked.map(({ wait }) => wait), [0, 25, 25, 25]);
  assert.deepEqual(asked.map(({ known }) => known.revision), [7, 7, 8, 8]);
  assert.deepEqual(told, ["t1,s", "renamed"]);
  assert.ok(asked[3]!.signal.aborted);
});

test("a page that nobody sees keeps no connection, and asks when it is seen again", async () => {
  const { asked, watch } = bench();
  await sleep(10);
  page.hidden = true;
  page.dispatchEvent(new Event("visibilitychange"));
  await sleep(10);
  assert.ok(asked[0]!.signal.aborted);
  assert.equal(asked.length, 1);
  page.hidden = false;
  page.dispatchEvent(new Event("visibilitychange"));
  await sleep(10);
  assert.equal(asked.length, 2);
  watch.dispose();
});

test("a server that has nothing to tell and does not wait is not asked at once again", async () => {
  const { asked, watch } = bench();
  await sleep(10);
  asked[0]!.answer(news({}));
  await sleep(90);
  asked[1]!.answer(news({}));
  await sleep(120);
  assert.equal(asked.length, 2);
  watch.dispose();
});
