// The routes of docs/app.md.

import type { Change, Changes, ColumnRow, Edit, EditsChange, ErrorAnswer, GivenVerdict, HoverAnswer, InnerBorder, Overtaken, PromptLabel, SceneState, StepChange, TileState, VerdictChange } from "./contract";
import type { KnownChanges } from "./change-watch";

const PATIENCE_MS = 60_000;

/** Something the server said, or that it said nothing (`status` 0). */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly hint: string = "",
    readonly state: TileState | null = null,
    /** "replaced": another file is in the place; "theirs": the step is somebody else's; "locked": an accepted parcel is in the way. */
    readonly kind: string = "",
    /** Somebody was faster: what was done since. */
    readonly overtaken: Overtaken | null = null,
  ) {
    super(message);
  }
}

/** By scene: after the app was restarted its page brings another token than the one before. */
const newestTokens = new Map<string, string>();

export class Api {
  /** Hears that the server does not know the token any more. */
  forgotten: () => void = () => undefined;

  constructor(
    private readonly base: string,
    private token: string,
    private readonly scene: string,
  ) {
    this.renew(token);
  }

  renew(token: string): void {
    this.token = token;
    newestTokens.set(this.place, token);
  }

  readScene(): Promise<SceneState> {
    return this.get(`scene/${this.sceneName}`);
  }

  /** The tile's state; `patient` waits for answers that are being made final. */
  readTile(tile: string, patient = true, have = ""): Promise<TileState> {
    const query = new URLSearchParams({ ...(!patient && { wait: "0" }), ...(have && { have }) });
    return this.get(`${this.tilePath(tile)}?${query}`);
  }

  /** What there is beside what is known; waits for it up to `seconds`. */
  readChanges({ revision, file, you }: KnownChanges, seconds: number, signal: AbortSignal): Promise<Changes> {
    const query = new URLSearchParams({ since: String(revision), file, wait: String(seconds) });
    if (you !== null) query.set("you", you);
    return this.ask<Changes>(`changes?${query}`, { cache: "no-store", signal });
  }

  /** Under `lock` accepted parcels are not changed; `together` they are one step to undo. */
  sendEdits(tile: string, base: Change, edits: Edit[], lock: boolean, together: boolean): Promise<TileState> {
    return this.post(`${this.tilePath(tile)}/edits`, { ...base, edits, lock, together } satisfies EditsChange);
  }

  undo(tile: string, base: StepChange): Promise<TileState> {
    return this.post(`${this.tilePath(tile)}/undo`, base);
  }

  redo(tile: string, base: StepChange): Promise<TileState> {
    return this.post(`${this.tilePath(tile)}/redo`, base);
  }

  /** `log` is the version of the edits that were seen: nobody signs what they have not seen. */
  judge(tile: string, base: Change, verdict: GivenVerdict, comment: string, log: number): Promise<TileState> {
    return this.post(`${this.tilePath(tile)}/verdict`, { ...base, verdict, comment, log } satisfies VerdictChange);
  }

  overlayUrl(tile: string, name: "probability" | "uncertainty", version: string): string {
    return this.url(`${this.tilePath(tile)}/${name}.png?v=${encodeURIComponent(version)}`);
  }

  /** A URL with Leaflet's placeholders for the level and the tile. */
  layerUrl(layer: string, level: number, x: number, y: number, version: string): string {
    const place = `${encodeURIComponent(layer)}/${level}/${x}/${y}.png`;
    return this.url(`layers/${this.sceneName}/${place}?v=${encodeURIComponent(version)}`);
  }

  /** The labels of all tiles but one. */
  labelsAroundUrl(tile: string, level: number, x: number, y: number): string {
    return this.url(`layers/${this.sceneName}/label/${level}/${x}/${y}.png?without=${encodeURIComponent(tile)}`);
  }

  /** What a click there would give; `closely` waits for the final answer. */
  async hover(
    tile: string,
    [column, row]: ColumnRow,
    label: PromptLabel,
    closely: boolean,
    lock: boolean,
    signal?: AbortSignal,
  ): Promise<HoverAnswer> {
    const place = `column=${column.toFixed(2)}&row=${row.toFixed(2)}`;
    const query = `${place}&label=${label}&closely=${closely ? 1 : 0}&lock=${lock ? 1 : 0}`;
    const response = await fetch(this.url(`${this.tilePath(tile)}/hover?${query}`), { signal: signal ?? null });
    if (response.ok) return (await response.json()) as HoverAnswer;
    throw new ApiError(response.status, "no preview");
  }

  /** Where the parcel at a point comes apart best. */
  readInnerBorder(tile: string, [column, row]: ColumnRow): Promise<InnerBorder> {
    return this.get(`${this.tilePath(tile)}/inner-border?column=${column.toFixed(2)}&row=${row.toFixed(2)}`);
  }

  private get place(): string {
    return `${this.base} ${this.scene}`;
  }

  private get sceneName(): string {
    return encodeURIComponent(this.scene);
  }

  private tilePath(tile: string): string {
    return `tile/${this.sceneName}/${encodeURIComponent(tile)}`;
  }

  private url(path: string): string {
    return `${this.base}/${encodeURIComponent(this.token)}/${path}`;
  }

  private get<Answer>(path: string): Promise<Answer> {
    return this.ask<Answer>(path, { cache: "no-store" });
  }

  private post<Answer>(path: string, body: unknown): Promise<Answer> {
    return this.ask<Answer>(path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
      // A short body outlives the page, so that the last click before leaving is not lost.
      keepalive: JSON.stringify(body).length < 30_000,
    });
  }

  /** Once more with the newest token where the server has forgotten the one that was sent. */
  private async ask<Answer>(path: string, options: RequestInit): Promise<Answer> {
    const sent = this.token;
    try {
      return await request<Answer>(this.url(path), options);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 403) throw error;
      this.token = newestTokens.get(this.place) ?? sent;
      if (this.token !== sent) return request<Answer>(this.url(path), options);
      this.forgotten();
      throw error;
    }
  }
}

async function request<Answer>(url: string, options: RequestInit): Promise<Answer> {
  let response: Response;
  try {
    response = await fetch(url, { ...options, signal: options.signal ?? AbortSignal.timeout(PATIENCE_MS) });
  } catch {
    throw new ApiError(0, "the server cannot be reached");
  }
  const body = await readJson(response);
  if (response.ok && body !== null) return body as Answer;
  throw asError(response.status, body);
}

async function readJson(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch {
    return null;
  }
}

function asError(status: number, body: unknown): ApiError {
  const said = (body ?? {}) as Partial<ErrorAnswer>;
  const message = typeof said.message === "string" ? said.message : `the server answered ${status}`;
  const hint = typeof said.hint === "string" ? said.hint : "";
  return new ApiError(status, message, hint, said.state ?? null, said.kind ?? "", said.overtaken ?? null);
}
