// Hears when somebody else changes something, when the project's file is exchanged, and when the person
// goes by another name: a question that the server answers once there is something to tell.

import type { Api } from "./api";
import type { Changes } from "./contract";
import { withSeat } from "./seats";

const WAIT_S = 25;
/** A question that is answered by nobody is given up. */
const PATIENCE_MS = 40_000;
/** Between questions that wait for nothing, and after one that failed. */
const EVERY_MS = 2000;
/** After news, of which more may come at once. */
const SOON_MS = 50;

/** What a map knows already. */
export interface KnownChanges {
  revision: number;
  file: string;
  you: string | null;
}

export class ChangeWatch {
  private timer = 0;
  private stopped = false;
  private asking: AbortController | null = null;
  private readonly known: KnownChanges;
  private readonly seen = () => this.seenOrHidden();

  constructor(
    private readonly api: Pick<Api, "readChanges">,
    private readonly scene: string,
    revision: number,
    file: string,
    private readonly changed: (stamps: Map<string, string>) => void,
    private readonly replaced: () => void,
    private readonly renamed: () => void,
  ) {
    this.known = { revision, file, you: null };
    document.addEventListener("visibilitychange", this.seen);
    this.plan(0);
  }

  dispose(): void {
    this.stopped = true;
    document.removeEventListener("visibilitychange", this.seen);
    window.clearTimeout(this.timer);
    this.asking?.abort();
  }

  /** A page that nobody sees asks nothing, and keeps no connection; it asks when it is seen again. */
  private seenOrHidden(): void {
    if (document.hidden) this.asking?.abort();
    else if (!this.asking) this.plan(0);
  }

  private plan(wait: number): void {
    window.clearTimeout(this.timer);
    if (!this.stopped && !document.hidden) this.timer = window.setTimeout(() => void this.look(), wait);
  }

  private async look(): Promise<void> {
    const asking = new AbortController();
    this.asking = asking;
    const asked = performance.now();
    const patience = window.setTimeout(() => asking.abort(), PATIENCE_MS);
    let next = EVERY_MS;
    try {
      // The first answer tells the name; nothing need be waited for.
      const heard = await withSeat((seat) => {
        const wait = seat && this.known.you !== null ? WAIT_S : 0;
        if (seat) next = SOON_MS;
        return this.api.readChanges(this.known, wait, asking.signal);
      });
      // Who has nothing to tell and does not wait, is not asked at once again.
      const waited = this.known.you === null || performance.now() - asked > EVERY_MS;
      if (!this.take(heard) && !waited) next = EVERY_MS;
    } catch {
      // Reading and saving say when the server cannot be reached; this only asks again.
      next = EVERY_MS;
    } finally {
      window.clearTimeout(patience);
      if (this.asking === asking) this.asking = null;
    }
    this.plan(next);
  }

  /** Whether there was anything new. */
  private take({ revision, tiles, file, you }: Changes): boolean {
    if (this.stopped) return false;
    const before = { ...this.known };
    Object.assign(this.known, { revision, file, you });
    if (before.you !== null && before.you !== you) this.renamed();
    const here = tiles.filter(([scene]) => scene === this.scene);
    if (before.file !== file) this.replaced();
    else if (here.length > 0) this.changed(new Map(here.map(([, tile, stamp]) => [tile, stamp])));
    return before.revision !== revision || before.file !== file || before.you !== you;
  }
}
