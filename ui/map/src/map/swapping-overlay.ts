import L from "../leaflet";
import { imageOverlay } from "./image-overlay";

const RETRIES = 3;
const RETRY_MS = 700;

export interface SwapListener {
  painted(version: string): void;
  failed(): void;
}

/** A picture over the map that is replaced only once the next one is ready to be drawn. */
export class SwappingOverlay {
  private shown: L.ImageOverlay | null = null;
  private wanted = "";
  private shownVersion = "";
  private paintedVersion = "";
  private opacity = 1;

  constructor(
    private readonly map: L.Map,
    private readonly pane: string,
    private readonly listener: Partial<SwapListener> = {},
  ) {}

  /** Of the picture that has been painted; empty where there is none. */
  get version(): string {
    return this.paintedVersion;
  }

  get loading(): boolean {
    return this.wanted !== this.shownVersion;
  }

  /** Shows `url` when it has come, unless something newer is asked for until then. */
  show(url: string, version: string, bounds: L.LatLngBounds): void {
    if (version === this.wanted) return;
    this.wanted = version;
    void this.load(url, version, bounds, 0);
  }

  clear(): void {
    this.wanted = "";
    this.shownVersion = "";
    this.paintedVersion = "";
    this.shown?.remove();
    this.shown = null;
  }

  setOpacity(opacity: number): void {
    this.opacity = opacity;
    this.shown?.setOpacity(opacity);
  }

  private async load(url: string, version: string, bounds: L.LatLngBounds, tries: number): Promise<void> {
    const image = new Image();
    image.alt = "";
    image.src = url;
    try {
      await image.decode();
    } catch {
      this.retry(url, version, bounds, tries);
      return;
    }
    if (version === this.wanted) this.swap(image, version, bounds);
  }

  private retry(url: string, version: string, bounds: L.LatLngBounds, tries: number): void {
    if (version !== this.wanted) return;
    if (tries >= RETRIES) {
      this.wanted = this.shownVersion;
      this.listener.failed?.();
      return;
    }
    window.setTimeout(() => {
      if (version === this.wanted) void this.load(url, version, bounds, tries + 1);
    }, RETRY_MS);
  }

  private swap(image: HTMLImageElement, version: string, bounds: L.LatLngBounds): void {
    const before = this.shown;
    this.shown = imageOverlay(image, bounds, this.pane, this.opacity);
    this.shown.addTo(this.map);
    before?.remove();
    this.shownVersion = version;
    // The second frame begins after the first was painted.
    requestAnimationFrame(() => requestAnimationFrame(() => this.painted(version)));
  }

  private painted(version: string): void {
    if (version !== this.shownVersion) return;
    this.paintedVersion = version;
    this.listener.painted?.(version);
  }
}
