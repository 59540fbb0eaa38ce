// One tile being worked on: the server's state, the edits on their way, and what both make together.

import { Api, ApiError } from "./api";
import type { Change, Complaint, Edit, GivenVerdict, Settings, TileState } from "./contract";
import { EditQueue, type Conflict, type Queued, type SaveStatus } from "./edit-queue";
import { withEdits } from "./optimistic";
import { keepKnown, withAllParcels, type KnownParcels } from "./same-parcels";

const POLL_MS = 300;
const SETTINGS_DELAY_MS = 250;

export interface SessionListener {
  changed(): void;
  refused(command: Queued, error: ApiError): void;
  conflict(what: Conflict): void;
  /** The project is in another file from now on; nothing that was done here waits to be saved. */
  fileReplaced(what: Complaint): void;
  /** The state could not be read; null when it could again. */
  unreadable(error: ApiError | null): void;
  /** The server has done these; `state` is what came of them. */
  answered(done: Queued[], state: TileState): void;
  judged(verdict: GivenVerdict): void;
}

export class TileSession {
  confirmed: TileState | null = null;
  /** Edits that have arrived but whose mask is not on the screen yet. */
  unpainted: Queued[] = [];
  redoCount = 0;
  /** The parcels that were sent last. */
  private known: KnownParcels = { name: "", parcels: [] };
  listener: SessionListener | null = null;
  readonly queue: EditQueue;
  private settingsDraft: Partial<Settings> | null = null;
  private settingsTimer = 0;
  private pollTimer = 0;
  private reads = 0;
  private readFailures = 0;
  private generation = 0;
  /** Edits whose answers may not be final. */
  private doubtful: Queued[] = [];
  /** The mask that is not final and was already asked about. */
  private refinedFrom = "";

  constructor(
    private readonly api: Api,
    readonly tile: string,
  ) {
    this.queue = new EditQueue(
      {
        edits: (version, edits, lock, together) => this.whole(api.sendEdits(tile, this.base(version), edits, lock, together)),
        undo: (version, anybody) => this.whole(api.undo(tile, { ...this.base(version), anybody })),
        redo: (version, anybody) => this.whole(api.redo(tile, { ...this.base(version), anybody })),
        verdict: (state, verdict, comment) => this.whole(api.judge(tile, this.base(state.verdict.version), verdict, comment, state.version)),
        read: () => this.whole(api.readTile(tile, false, this.known.name)),
      },
      {
        state: () => this.confirmed,
        accepted: (state, done) => this.accept(state, done),
        refused: (command, error) => this.listener?.refused(command, error),
        conflict: (what) => this.listener?.conflict(what),
        moved: (state) => this.moveTo(state),
        changed: () => this.listener?.changed(),
      },
    );
  }

  /** The server's state with everything that is still on its way. */
  get view(): TileState | null {
    if (!this.confirmed) return null;
    const edits = this.queue.pendingEdits();
    if (this.settingsDraft) edits.push({ kind: "settings", ...this.settingsDraft });
    return withEdits(this.confirmed, edits);
  }

  get pending(): number {
    return this.queue.size + (this.settingsDraft ? 1 : 0);
  }

  get busy(): boolean {
    return this.waiting || this.reads > 0 || this.confirmed?.refining === true;
  }

  /** Something that was done here is on its way, or worked on. */
  get waiting(): boolean {
    return this.pending > 0 || this.confirmed?.status === "working";
  }

  get saveStatus(): SaveStatus {
    return this.settingsDraft && this.queue.size === 0 ? { kind: "saving" } : this.queue.status;
  }

  /** Under `lock` it is refused where it would change an accepted parcel. */
  edit(edit: Edit, lock: boolean): void {
    this.flushSettings();
    this.redoCount = 0;
    this.queue.push({ type: "edit", edit, lock });
  }

  /** Several edits as one step; likewise. */
  editTogether(edits: Edit[], lock: boolean): void {
    this.flushSettings();
    this.redoCount = 0;
    this.queue.push({ type: "together", edits, lock });
  }

  /** One's own last step; with `anybody` the last one, whoever did it. */
  undo(anybody = false): void {
    this.flushSettings();
    this.queue.push({ type: "undo", anybody });
  }

  redo(anybody = false): void {
    this.flushSettings();
    this.queue.push({ type: "redo", anybody });
  }

  judge(verdict: GivenVerdict, comment: string): void {
    this.flushSettings();
    this.queue.push({ type: "verdict", verdict, comment });
  }

  /** Settings wait a moment: a slider says many things on its way. */
  change(settings: Partial<Settings>): void {
    this.settingsDraft = { ...this.settingsDraft, ...settings };
    window.clearTimeout(this.settingsTimer);
    this.settingsTimer = window.setTimeout(() => this.flushSettings(), SETTINGS_DELAY_MS);
    this.listener?.changed();
  }

  flushSettings(): void {
    window.clearTimeout(this.settingsTimer);
    const draft = this.settingsDraft;
    if (!draft) return;
    this.settingsDraft = null;
    this.redoCount = 0;
    this.queue.push({ type: "edit", edit: { kind: "settings", ...draft }, lock: false });
  }

  /**
   * Reads the state anew, unless edits are on their way (their answer will be newer); `patient` waits
   * for answers that are being made final, otherwise the first ones are shown until these are there.
   */
  async read(patient = true): Promise<void> {
    window.clearTimeout(this.pollTimer);
    const generation = this.generation;
    this.reads += 1;
    try {
      const state = await this.whole(this.api.readTile(this.tile, patient, this.known.name));
      this.readFailures = 0;
      this.listener?.unreadable(null);
      if (generation === this.generation && this.queue.size === 0) {
        this.take(state);
        this.tellAnswered();
      }
      this.queue.retryNow();
    } catch (error) {
      this.readFailed(error instanceof ApiError ? error : new ApiError(0, String(error)));
    } finally {
      this.reads -= 1;
      this.listener?.changed();
    }
    this.pollWhileWorking();
  }

  /** Stops asking; edits on their way are still sent. */
  leave(): void {
    this.flushSettings();
    window.clearTimeout(this.pollTimer);
    this.listener = null;
  }

  private base(version: number): Change {
    const { confirmed, known } = this;
    return { version, ...(confirmed && { file: confirmed.file }), ...(known.name && { have: known.name }) };
  }

  /** The state with all parcels, of which only those were sent that were not known when it was asked. */
  private async whole(answer: Promise<TileState>): Promise<TileState> {
    const { known } = this;
    const state = withAllParcels(await answer, known);
    this.known = { name: state.rows, parcels: state.parcels };
    return state;
  }

  /** Goes on in the file that is there now, as the person has chosen. */
  private moveTo(state: TileState): void {
    this.confirmed = null;
    this.unpainted = [];
    this.doubtful = [];
    this.take(state);
    this.listener?.changed();
    this.pollWhileWorking();
  }

  private readFailed(error: ApiError): void {
    this.readFailures += 1;
    this.listener?.unreadable(error);
    const final = error.status === 403 || error.status === 404;
    if (final || !this.listener) return;
    const wait = Math.min(10_000, 500 * 2 ** this.readFailures);
    this.pollTimer = window.setTimeout(() => void this.read(), wait);
  }

  private accept(state: TileState, done: Queued[]): void {
    for (const command of done) {
      if (command.type === "undo") this.redoCount += 1;
      if (command.type === "redo") this.redoCount = Math.max(0, this.redoCount - 1);
      if (command.type === "verdict") this.listener?.judged(command.verdict);
    }
    this.unpainted.push(...done.filter(({ type }) => type !== "verdict"));
    this.take(state);
    this.listener?.changed();
    this.doubtful.push(...done);
    this.tellAnswered();
    this.pollWhileWorking();
  }

  /** What came of the edits is told once the answers are final. */
  private tellAnswered(): void {
    const { confirmed } = this;
    if (!confirmed || confirmed.refining || this.doubtful.length === 0) return;
    const done = this.doubtful;
    this.doubtful = [];
    this.listener?.answered(done, confirmed);
  }

  private take(state: TileState): void {
    this.generation += 1;
    const before = this.confirmed?.file;
    if (before !== undefined && before !== state.file) {
      const unexplained = { message: "The project file was replaced by another file.", hint: "" };
      this.listener?.fileReplaced(state.file_replaced ?? unexplained);
    }
    this.confirmed = { ...state, parcels: keepKnown(this.confirmed?.parcels ?? [], state.parcels) };
    if (this.known.name === state.rows) this.known = { name: state.rows, parcels: this.confirmed.parcels };
    if (!state.can_redo) this.redoCount = 0;
  }

  private pollWhileWorking(): void {
    window.clearTimeout(this.pollTimer);
    if (!this.confirmed || !this.listener) return;
    const { status, refining, mask_version: version } = this.confirmed;
    if (status !== "working" && !refining) return;
    // The server answers once the mask is final: it need be asked only once, and at once.
    const wait = status === "working" || version === this.refinedFrom ? POLL_MS : 0;
    this.pollTimer = window.setTimeout(() => {
      if (this.queue.size > 0) return this.pollWhileWorking();
      this.refinedFrom = version;
      void this.read();
    }, wait);
  }
}
