import L from "../leaflet";
import type { ColumnRow, Label } from "../contract";
import { paneName } from "./base-map";
import { imageOverlay } from "./image-overlay";

const REST_MS = 40;

export interface HoverSource {
  /** The picture for a click there; null where there is none. */
  fetch(point: ColumnRow, label: Label, signal: AbortSignal): Promise<Blob | null>;
  /** The label a click would have, or null while nothing may be asked. */
  label(shift: boolean): Label | null;
  bounds(): L.LatLngBounds | null;
}

/** What a click here would give, asked when the pointer rests; one question at a time, newest wins. */
export class HoverPreview {
  enabled = true;
  private timer = 0;
  private asking: AbortController | null = null;
  private shown: L.ImageOverlay | null = null;
  private shownUrl = "";

  constructor(
    private readonly map: L.Map,
    private readonly source: HoverSource,
  ) {}

  pointerAt(point: ColumnRow, shift: boolean): void {
    this.cancel();
    this.fade(true);
    const label = this.source.label(shift);
    if (!this.enabled || label === null) {
      this.clear();
      return;
    }
    this.timer = window.setTimeout(() => void this.ask(point, label), REST_MS);
  }

  clear(): void {
    this.cancel();
    this.replace(null);
  }

  private cancel(): void {
    window.clearTimeout(this.timer);
    this.asking?.abort();
    this.asking = null;
  }

  private async ask(point: ColumnRow, label: Label): Promise<void> {
    const asking = new AbortController();
    this.asking = asking;
    try {
      const blob = await this.source.fetch(point, label, asking.signal);
      if (asking.signal.aborted) return;
      if (!blob) this.replace(null);
      else await this.draw(blob, asking.signal);
    } catch {
      // A preview that does not come is no reason to say anything.
    } finally {
      if (this.asking === asking) this.asking = null;
    }
  }

  private async draw(blob: Blob, signal: AbortSignal): Promise<void> {
    const url = URL.createObjectURL(blob);
    const image = new Image();
    image.alt = "";
    image.src = url;
    await image.decode().catch(() => undefined);
    const bounds = this.source.bounds();
    if (signal.aborted || !bounds || image.naturalWidth === 0) {
      URL.revokeObjectURL(url);
      return;
    }
    this.replace(imageOverlay(image, bounds, paneName("hover"), 0.75), url);
  }

  private replace(overlay: L.ImageOverlay | null, url = ""): void {
    const [before, beforeUrl] = [this.shown, this.shownUrl];
    this.shown = overlay?.addTo(this.map) ?? null;
    this.shownUrl = url;
    this.fade(false);
    before?.remove();
    if (beforeUrl) URL.revokeObjectURL(beforeUrl);
  }

  /** A preview of where the pointer was is drawn fainter until the next one is there. */
  private fade(faint: boolean): void {
    this.shown?.setOpacity(faint ? 0.35 : 0.75);
  }
}
