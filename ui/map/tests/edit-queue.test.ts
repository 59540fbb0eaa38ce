import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { ApiError } from "../src/api";
import type { Edit, Parcel, TileState } from "../src/contract";
import { EditQueue, type Command, type Conflict, type Queued } from "../src/edit-queue";
import { conflictWords } from "../src/gone-parcels";
import { tileState } from "./state";

type Answer = () => Promise<TileState>;

/** A queue whose server answers as told, and otherwise takes everything. */
class Bench {
  state: TileState = tileState();
  sent: { version: number; edits: Edit[]; lock: boolean; together: boolean }[] = [];
  others: string[] = [];
  refusals: Queued[] = [];
  conflicts: Conflict[] = [];
  reads: (TileState | null)[] = [];
  answers: Answer[] = [];
  readonly queue = new EditQueue(
    {
      edits: (version, edits, lock, together) => {
        this.sent.push({ version, edits, lock, together });
        return this.answer();
      },
      undo: () => this.other("undo"),
      redo: () => this.other("redo"),
      verdict: (_, verdict) => this.other(verdict),
      read: () => {
        const state = this.reads.shift();
        return state ? Promise.resolve(state) : Promise.reject(new ApiError(0, "no network"));
      },
    },
    {
      state: () => this.state,
      accepted: (state) => (this.state = state),
      refused: (command) => this.refusals.push(command),
      conflict: (what) => this.conflicts.push(what),
      moved: (state) => (this.state = state),
      changed: () => undefined,
    },
  );

  fails(status: number, state: TileState | null = null): void {
    this.answers.push(() => Promise.reject(new ApiError(status, "no", "", state)));
  }

  /** Somebody is faster, and the state that is read then is this; null where it cannot be read. */
  isOvertaken(state: TileState | null): void {
    const overtaken = { version: 9, count: 1, kinds: ["brush"], authors: ["Ben"] };
    this.answers.push(() => Promise.reject(new ApiError(409, "no", "", null, "", overtaken)));
    this.reads.push(state);
  }

  finds(state: TileState | null): void {
    this.answers.push(() => Promise.reject(new ApiError(410, "another file", "look", state, "replaced")));
  }

  async settled(): Promise<void> {
    for (let tries = 0; this.queue.size > 0 && tries < 300; tries++) await sleep(10);
    assert.equal(this.queue.size, 0);
  }

  private other(what: string): Promise<TileState> {
    this.others.push(what);
    return this.answer();
  }

  private answer(): Promise<TileState> {
    const next = this.answers.shift();
    return next ? next() : Promise.resolve({ ...this.state, version: this.state.version + 1 });
  }
}

function prompt(id: string, lock = true): Command {
  return { type: "edit", edit: { kind: "prompt_set", id, column: 1, row: 1, label: 1 }, lock };
}

function idsOf(edits: Edit[]): string[] {
  return edits.map((edit) => ("id" in edit ? edit.id : edit.kind));
}

test("while one is on its way the others wait and go together", async () => {
  const bench = new Bench();
  for (const id of ["a", "b", "c"]) bench.queue.push(prompt(id));
  assert.equal(bench.queue.status.kind, "saving");
  await bench.settled();
  assert.deepEqual(bench.sent.map(({ edits }) => idsOf(edits)), [["a"], ["b", "c"]]);
  assert.deepEqual(bench.sent.map(({ version }) => version), [1, 2]);
  assert.equal(bench.queue.status.kind, "saved");
});

test("what may change accepted parcels does not go with what may not", async () => {
  const bench = new Bench();
  for (const [id, lock] of [["a", true], ["b", true], ["c", false], ["d", false], ["e", true]] as const) bench.queue.push(prompt(id, lock));
  await bench.settled();
  assert.deepEqual(bench.sent.map(({ edits, lock }) => [idsOf(edits), lock]), [
    [["a"], true],
    [["b"], true],
    [["c", "d"], false],
    [["e"], true],
  ]);
});

test("undo keeps its place between edits, and is left out where there is nothing to undo", async () => {
  const bench = new Bench();
  bench.queue.push(prompt("a"));
  bench.queue.push({ type: "undo" });
  bench.queue.push(prompt("b"));
  await bench.settled();
  assert.deepEqual([bench.sent.length, bench.others], [2, ["undo"]]);
  bench.state = tileState({ can_undo: false });
  bench.queue.push({ type: "undo" });
  await bench.settled();
  assert.deepEqual(bench.others, ["undo"]);
});

test("of settings that wait only the latest is sent", async () => {
  const bench = new Bench();
  bench.queue.push(prompt("a"));
  bench.queue.push({ type: "edit", edit: { kind: "settings", threshold: 0.6, min_area_m2: 5 }, lock: false });
  bench.queue.push({ type: "edit", edit: { kind: "settings", threshold: 0.7 }, lock: false });
  await bench.settled();
  assert.deepEqual(bench.sent[1]?.edits, [{ kind: "settings", threshold: 0.7, min_area_m2: 5 }]);
});

test("a conflict reads the other state and puts the edits on top", async () => {
  const bench = new Bench();
  bench.isOvertaken(tileState({ version: 9 }));
  bench.queue.push(prompt("a"));
  await bench.settled();
  assert.deepEqual(bench.sent.map(({ version }) => version), [1, 9]);
  assert.deepEqual(bench.conflicts.map(({ kept }) => kept), [true]);
});

test("an undo or a verdict is not repeated on what one has not seen", async () => {
  const bench = new Bench();
  for (const command of [{ type: "undo" }, { type: "verdict", verdict: "accepted", comment: "" }] as Command[]) {
    bench.isOvertaken(tileState({ version: 9 }));
    bench.queue.push(command);
    await bench.settled();
  }
  assert.deepEqual(bench.others, ["undo", "accepted"]);
  assert.deepEqual(bench.conflicts.map(({ kept }) => kept), [false, false]);
});

test("edits wait where the state cannot be read after a conflict", async () => {
  const bench = new Bench();
  bench.isOvertaken(null);
  bench.queue.push(prompt("a"));
  await sleep(20);
  assert.equal(bench.queue.status.kind, "failing");
  assert.deepEqual(idsOf(bench.queue.pendingEdits()), ["a"]);
  bench.isOvertaken(tileState({ version: 9 }));
  bench.queue.retryNow();
  await bench.settled();
  assert.deepEqual(bench.sent.map(({ version }) => version), [1, 1, 9]);
  assert.deepEqual(bench.conflicts.map(({ kept }) => kept), [true]);
});

test("after a failure everything stays, in order, and is sent again", async () => {
  const bench = new Bench();
  bench.fails(0);
  bench.queue.push(prompt("a"));
  bench.queue.push(prompt("b"));
  await sleep(20);
  assert.equal(bench.queue.status.kind, "failing");
  assert.deepEqual(idsOf(bench.queue.pendingEdits()), ["a", "b"]);
  bench.queue.retryNow();
  await bench.settled();
  assert.deepEqual(idsOf(bench.sent[1]!.edits), ["a", "b"]);
});

test("of edits sent together only the one at fault is refused", async () => {
  const bench = new Bench();
  bench.fails(0);
  for (const id of ["a", "bad", "c"]) bench.queue.push(prompt(id));
  await sleep(20);
  bench.fails(400); // all three
  bench.answers.push(() => Promise.resolve(bench.state)); // a
  bench.fails(400); // bad
  bench.queue.retryNow();
  await bench.settled();
  assert.deepEqual(bench.refusals.map((command) => command.type === "edit" && idsOf([command.edit])), [["bad"]]);
  assert.equal(idsOf(bench.sent.at(-1)!.edits).at(-1), "c");
});

test("what is given up is not sent", async () => {
  const bench = new Bench();
  bench.fails(507);
  bench.queue.push(prompt("a"));
  await sleep(20);
  bench.queue.discard();
  await sleep(20);
  assert.deepEqual([bench.queue.size, bench.sent.length], [0, 1]);
});

test("edits for a file that was replaced wait for the person, with all that comes after", async () => {
  const bench = new Bench();
  bench.finds(tileState({ version: 7 }));
  bench.queue.push(prompt("a"));
  await sleep(20);
  bench.queue.push({ type: "undo" });
  bench.queue.push(prompt("b"));
  bench.queue.retryNow();
  await sleep(20);
  assert.deepEqual(bench.queue.status, { kind: "replaced", message: "another file", hint: "look", possible: true });
  assert.deepEqual([bench.sent.length, bench.others], [1, []]);
  assert.deepEqual(idsOf(bench.queue.pendingEdits()), ["a", "b"]);
});

test("they are put on top of the file that is there now, without what one has not seen", async () => {
  const bench = new Bench();
  bench.finds(tileState({ version: 7 }));
  bench.queue.push(prompt("a"));
  await sleep(20);
  bench.queue.push({ type: "undo" });
  bench.queue.push(prompt("b"));
  bench.queue.saveInPresentFile();
  await bench.settled();
  assert.deepEqual(bench.others, []);
  assert.deepEqual([bench.sent[1]?.version, idsOf(bench.sent[1]!.edits)], [7, ["a", "b"]]);
});

test("they reach the file that was there when it is put back", async () => {
  const bench = new Bench();
  bench.finds(null);
  bench.queue.push(prompt("a"));
  await sleep(20);
  bench.queue.saveInPresentFile(); // which has no such tile
  assert.equal(bench.queue.status.kind, "replaced");
  bench.queue.tryPresentFile();
  await bench.settled();
  assert.deepEqual(bench.sent.map(({ version }) => version), [1, 1]);
});

test("given up, the map goes on with the file that is there now", async () => {
  const bench = new Bench();
  bench.finds(tileState({ version: 7 }));
  bench.queue.push(prompt("a"));
  await sleep(20);
  bench.queue.discard();
  await sleep(20);
  assert.deepEqual([bench.queue.size, bench.sent.length, bench.state.version], [0, 1, 7]);
  assert.equal(bench.queue.status.kind, "saved");
});

/** Parcels side by side, named by their left edge in tens. */
function parcels(...places: number[]): Parcel[] {
  return places.map((place) => {
    const left = 10 * place;
    return { id: String(place), area_ha: 1, score: null, state: "auto", land_class: "cropland", reason: "", reviewer: "", reviewed_at: null, rings: [[[left, 0], [left + 9, 0], [left + 9, 9], [left, 9]]] };
  });
}

function named(...places: number[]): Edit[] {
  return places.map((place) => ({ kind: "attributes", point: [10 * place + 5, 5], values: { crop: "wheat" } }));
}

test("the same change of several parcels goes alone, is shown at once, and is refused as a whole", async () => {
  const bench = new Bench();
  bench.queue.push(prompt("a"));
  bench.queue.push({ type: "together", edits: named(1, 2), lock: true });
  bench.queue.push(prompt("b"));
  assert.equal(bench.queue.pendingEdits().length, 4);
  await bench.settled();
  assert.deepEqual(bench.sent.map(({ edits, together }) => [edits.length, together]), [[1, false], [2, true], [1, false]]);
  bench.fails(409);
  bench.queue.push({ type: "together", edits: named(1, 2), lock: true });
  await bench.settled();
  assert.deepEqual(bench.refusals.map((command) => command.type === "together" && command.edits.length), [2]);
});

test("of several parcels those that somebody removed are left out and told, the others are changed", async () => {
  const bench = new Bench();
  bench.state = tileState({ parcels: parcels(1, 2, 3) });
  bench.isOvertaken(tileState({ version: 9, parcels: parcels(1, 3) }));
  // The fourth is made by an edit that is on its way: nobody has removed it.
  bench.queue.push({ type: "together", edits: named(1, 2, 3, 4), lock: true });
  await bench.settled();
  assert.deepEqual(bench.sent.map(({ version, edits, together }) => [version, edits.length, together]), [[1, 4, true], [9, 3, true]]);
  assert.deepEqual(bench.conflicts, [{ kept: true, authors: ["Ben"], parcels: 4, gone: 1 }]);
  assert.deepEqual(conflictWords(bench.conflicts[0]!), ["Ben changed this tile: 1 of these 4 parcels is gone. The other 3 were changed.", ""]);
});

test("a change of a parcel that is gone is not sent again; who wanted it gone is not told", async () => {
  const bench = new Bench();
  const [edit] = named(2);
  bench.state = tileState({ parcels: parcels(1, 2) });
  bench.isOvertaken(tileState({ version: 9, parcels: parcels(1) }));
  bench.queue.push({ type: "edit", edit: edit!, lock: true });
  await bench.settled();
  assert.equal(bench.sent.length, 1);
  assert.match(conflictWords(bench.conflicts[0]!)[0], /Ben changed this tile: this parcel is gone/);
  bench.state = tileState({ parcels: parcels(1, 2) });
  bench.isOvertaken(tileState({ version: 9, parcels: parcels(1) }));
  bench.queue.push({ type: "edit", edit: { kind: "parcel_delete", point: [25, 5] }, lock: true });
  await bench.settled();
  assert.equal(bench.conflicts[1]!.gone, 0);
});
