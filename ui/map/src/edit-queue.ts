// Edits on their way to the server: in order, together while one is on its way, never lost.
//
// Nothing here knows the browser or Leaflet, so that the rules can be tested by themselves.

import { ApiError } from "./api";
import type { Edit, GivenVerdict, TileState } from "./contract";
import { withParcelsThere } from "./gone-parcels";
import { stillNeeded } from "./optimistic";

export type Command =
  | { type: "edit"; edit: Edit; lock: boolean }
  /** The same change of several parcels, one step to undo. */
  | { type: "together"; edits: Edit[]; lock: boolean }
  /** `anybody`: the last step is meant, whoever did it; else one's own. */
  | { type: "undo"; anybody?: boolean }
  | { type: "redo"; anybody?: boolean }
  | { type: "verdict"; verdict: GivenVerdict; comment: string };

export type Queued = Command & { at: number };

export interface Transport {
  /** Under `lock` they are refused where they would change an accepted parcel. */
  edits(version: number, edits: Edit[], lock: boolean, together: boolean): Promise<TileState>;
  undo(version: number, anybody: boolean): Promise<TileState>;
  redo(version: number, anybody: boolean): Promise<TileState>;
  /** On the label and the verdict that `state` shows. */
  verdict(state: TileState, verdict: GivenVerdict, comment: string): Promise<TileState>;
  /** The state as it is now. */
  read(): Promise<TileState>;
}

export type SaveStatus =
  | { kind: "saved" }
  | { kind: "saving" }
  | { kind: "failing"; message: string; hint: string; attempts: number }
  /** Waits for the person: another file is in the place of the project's. `possible`: it has this tile. */
  | { kind: "replaced"; message: string; hint: string; possible: boolean };

export interface Conflict {
  /** Whether commands are sent again, on top of what the others did. */
  kept: boolean;
  /** Who the others are. */
  authors: string[];
  /** Of so many parcels that were to be changed so many are not there any more. */
  parcels: number;
  gone: number;
}

export interface QueueListener {
  /** The versions to send with the next commands. */
  state(): TileState | null;
  /** A new state; `done` is what it answers, empty for a state that came with a conflict. */
  accepted(state: TileState, done: Queued[]): void;
  refused(command: Queued, error: ApiError): void;
  /** Somebody else was faster. */
  conflict(what: Conflict): void;
  /** The person goes on in another file, where the tile is in this state. */
  moved(state: TileState): void;
  changed(): void;
}

const MAX_BATCH = 200;
const MAX_CONFLICTS = 5;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;

export class EditQueue {
  private waiting: Queued[] = [];
  private flying: Queued[] = [];
  private running = false;
  private attempts = 0;
  private conflicts = 0;
  /** How many of the next commands go one by one, because one of them is at fault. */
  private suspects = 0;
  private failure: ApiError | null = null;
  private replaced: ApiError | null = null;
  private wake: (() => void) | null = null;

  constructor(
    private readonly transport: Transport,
    private readonly listener: QueueListener,
    private readonly now: () => number = () => performance.now(),
  ) {}

  get size(): number {
    return this.flying.length + this.waiting.length;
  }

  get status(): SaveStatus {
    if (this.size === 0) return { kind: "saved" };
    if (this.replaced) {
      const { message, hint, state } = this.replaced;
      return { kind: "replaced", message, hint, possible: state !== null };
    }
    if (!this.failure) return { kind: "saving" };
    return {
      kind: "failing",
      message: this.failure.message,
      hint: this.failure.hint,
      attempts: this.attempts,
    };
  }

  pendingEdits(): Edit[] {
    return editsOf([...this.flying, ...this.waiting]);
  }

  push(command: Command): void {
    this.waiting = [...withoutOutdated(this.waiting, command), { ...command, at: this.now() }];
    this.listener.changed();
    void this.run();
  }

  /** Sends now instead of after the wait. */
  retryNow(): void {
    this.wake?.();
    void this.run();
  }

  /** Gives up what has not reached the server. */
  discard(): void {
    this.waiting = [];
    this.failure = null;
    this.attempts = 0;
    this.moveOn();
    this.wake?.();
    this.listener.changed();
  }

  /** Puts the edits on top of what is in the file that is there now. */
  saveInPresentFile(): void {
    if (!this.replaced?.state) return;
    // Undoing or judging what one has not seen is not what the person asked for.
    this.waiting = this.waiting.filter(isEdit);
    this.moveOn();
    this.listener.changed();
    void this.run();
  }

  /** Sends once more what was meant for the file that was there, which may have been put back. */
  tryPresentFile(): void {
    this.replaced = null;
    void this.run();
  }

  private moveOn(): void {
    const state = this.replaced?.state;
    this.replaced = null;
    if (state) this.listener.moved(state);
  }

  private async run(): Promise<void> {
    if (this.running) return;
    this.running = true;
    try {
      while (this.waiting.length > 0 && !this.replaced && this.listener.state()) await this.sendNext();
    } finally {
      this.running = false;
      this.listener.changed();
    }
  }

  private async sendNext(): Promise<void> {
    this.flying = this.takeBatch();
    if (this.isIdle(this.flying[0]!)) {
      this.flying = [];
      return;
    }
    this.listener.changed();
    const batch = this.flying;
    try {
      const state = await this.send(batch);
      this.flying = [];
      this.succeeded();
      this.listener.accepted(state, batch);
    } catch (error) {
      this.flying = [];
      await this.failed(batch, error instanceof ApiError ? error : new ApiError(0, String(error)));
    }
  }

  /** The key was pressed once more than there was something to undo. */
  private isIdle(command: Queued): boolean {
    const state = this.listener.state()!;
    return (command.type === "undo" && !state.can_undo) || (command.type === "redo" && !state.can_redo);
  }

  private takeBatch(): Queued[] {
    const first = this.waiting[0]!;
    let count = 1;
    if (first.type === "edit") {
      const limit = this.suspects > 0 ? 1 : MAX_BATCH;
      while (count < limit && goesWith(first, this.waiting[count])) count += 1;
    }
    return this.waiting.splice(0, count);
  }

  private send(batch: Queued[]): Promise<TileState> {
    const state = this.listener.state()!;
    const first = batch[0]!;
    switch (first.type) {
      case "edit":
        return this.transport.edits(state.version, editsOf(batch), first.lock, false);
      case "together":
        return this.transport.edits(state.version, first.edits, first.lock, true);
      case "undo":
        return this.transport.undo(state.version, first.anybody === true);
      case "redo":
        return this.transport.redo(state.version, first.anybody === true);
      case "verdict":
        return this.transport.verdict(state, first.verdict, first.comment);
    }
  }

  private succeeded(): void {
    this.attempts = 0;
    this.conflicts = 0;
    this.failure = null;
    this.suspects = Math.max(0, this.suspects - 1);
  }

  private async failed(batch: Queued[], error: ApiError): Promise<void> {
    if (error.status === 409 && error.overtaken) {
      this.flying = batch; // still on its way, and shown, while the state is read
      const state = await this.readState();
      this.flying = [];
      if (!(state instanceof ApiError)) return this.resolveConflict(batch, error, state);
      error = state;
    }
    if (error.kind === "replaced") {
      this.waiting = [...batch, ...this.waiting];
      this.failure = null;
      this.replaced = error;
      return;
    }
    if (isRefusal(error.status)) return this.resolveRefusal(batch, error);
    this.waiting = [...batch, ...this.waiting];
    this.failure = error;
    this.attempts += 1;
    this.listener.changed();
    await this.pause();
  }

  private async readState(): Promise<TileState | ApiError> {
    try {
      return await this.transport.read();
    } catch (error) {
      // Whatever it is, what was to be saved is not at fault.
      return new ApiError(0, error instanceof ApiError ? error.message : String(error));
    }
  }

  private async resolveConflict(batch: Queued[], error: ApiError, state: TileState): Promise<void> {
    const edits = batch.filter(isEdit);
    const { needed, parcels, gone } = withParcelsThere(this.listener.state(), state, stillNeeded(state, editsOf(edits)));
    const kept = edits.flatMap((command) => withOnly(needed, command));
    this.waiting = [...kept, ...this.waiting];
    this.conflicts += 1;
    this.listener.accepted(state, edits.filter((command) => withOnly(needed, command).length === 0));
    // Undoing or judging what one has not seen is not what the person asked for.
    const authors = error.overtaken?.authors ?? [];
    if (this.conflicts === 1 || gone > 0) this.listener.conflict({ kept: kept.length > 0, authors, parcels, gone });
    if (kept.length === 0) this.conflicts = 0;
    if (this.conflicts < MAX_CONFLICTS) return;
    this.failure = error;
    this.attempts += 1;
    this.listener.changed();
    await this.pause();
  }

  private resolveRefusal(batch: Queued[], error: ApiError): void {
    if (batch.length > 1) {
      this.waiting = [...batch, ...this.waiting];
      this.suspects = batch.length;
      return;
    }
    this.failure = null;
    this.suspects = Math.max(0, this.suspects - 1);
    this.listener.refused(batch[0]!, error);
  }

  private pause(): Promise<void> {
    const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (this.attempts - 1));
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.wake?.(), wait);
      this.wake = () => {
        clearTimeout(timer);
        this.wake = null;
        resolve();
      };
    });
  }
}

function goesWith(first: Command & { type: "edit" }, next: Command | undefined): boolean {
  return next?.type === "edit" && next.lock === first.lock;
}

/** The edit itself is at fault, sending it again would not help. */
function isRefusal(status: number): boolean {
  return [400, 404, 409, 413, 422].includes(status);
}

function editsOf(commands: Queued[]): Edit[] {
  return commands.flatMap((command) => (command.type === "edit" ? [command.edit] : command.type === "together" ? command.edits : []));
}

function isEdit({ type }: Command): boolean {
  return type === "edit" || type === "together";
}

/** The command with those of its edits that are needed, as they are now; nothing without any. */
function withOnly(needed: Map<Edit, Edit>, command: Queued): Queued[] {
  if (command.type === "edit") {
    const edit = needed.get(command.edit);
    return edit ? [{ ...command, edit }] : [];
  }
  if (command.type !== "together") return [];
  const edits = command.edits.flatMap((edit) => needed.get(edit) ?? []);
  return edits.length > 0 ? [{ ...command, edits }] : [];
}

/** Of settings only the latest counts, as long as nothing else was asked in between. */
function withoutOutdated(waiting: Queued[], next: Command): Queued[] {
  const last = waiting[waiting.length - 1];
  if (last?.type !== "edit" || next.type !== "edit") return waiting;
  if (last.edit.kind !== "settings" || next.edit.kind !== "settings") return waiting;
  next.edit = { ...last.edit, ...next.edit };
  return waiting.slice(0, -1);
}
