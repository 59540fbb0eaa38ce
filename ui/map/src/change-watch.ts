// Looks every two seconds whether somebody else changed something, or exchanged the project's file,
// and whether the person goes by another name since.

import type { Api } from "./api";

const EVERY_MS = 2000;

export class ChangeWatch {
  private timer = 0;
  private stopped = false;
  private you: string | null = null;

  constructor(
    private readonly api: Api,
    private readonly scene: string,
    private revision: number,
    private file: string,
    private readonly changed: (stamps: Map<string, string>) => void,
    private readonly replaced: () => void,
    private readonly renamed: () => void,
  ) {
    this.plan();
  }

  dispose(): void {
    this.stopped = true;
    window.clearTimeout(this.timer);
  }

  private plan(): void {
    if (!this.stopped) this.timer = window.setTimeout(() => void this.look(), EVERY_MS);
  }

  private async look(): Promise<void> {
    try {
      // A page that nobody sees need not ask; it will when it is seen again.
      if (!document.hidden) await this.ask();
    } catch {
      // Reading and saving say when the server cannot be reached; this only asks again.
    }
    this.plan();
  }

  private async ask(): Promise<void> {
    const { revision, tiles, file, you } = await this.api.readChanges(this.revision);
    if (this.stopped) return;
    this.revision = revision;
    if (this.you !== null && this.you !== you) this.renamed();
    this.you = you;
    const other = file !== this.file;
    this.file = file;
    if (other) return this.replaced();
    const here = tiles.filter(([scene]) => scene === this.scene);
    if (here.length > 0) this.changed(new Map(here.map(([, tile, stamp]) => [tile, stamp])));
  }
}
