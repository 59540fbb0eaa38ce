import type L from "../leaflet";
import type { Parcel } from "../contract";
import { extentOfParcel, isCropland, joinExtents } from "../geometry";
import { paneName } from "./base-map";
import { PathCanvas, pathOfParcels, type Drawn } from "./path-canvas";

/** Okabe and Ito's sky blue, as the server's own pictures of labels have it. */
export const MASK_COLOUR = "#56b4e9";
export const MASK_OPACITY = 0.45;

class MaskCanvas extends PathCanvas<Drawn> {
  show(drawn: Drawn[]): void {
    this.draws(drawn);
  }

  protected paint(pen: CanvasRenderingContext2D, seen: Drawn[]): void {
    pen.fillStyle = MASK_COLOUR;
    pen.globalAlpha = MASK_OPACITY;
    for (const { path } of seen) pen.fill(path, "evenodd");
  }
}

/**
 * The cropland of the tile, drawn from its parcels: the answer to a click brings them, so that the
 * mask needs no picture of its own, which would have to be drawn, sent and unpacked first.
 */
export class MaskLayer {
  private readonly canvas: MaskCanvas;
  private parcels: Parcel[] = [];
  private shownVersion = "";
  private paintedVersion = "";

  constructor(
    private readonly map: L.Map,
    private readonly painted: (version: string) => void,
  ) {
    this.canvas = new MaskCanvas(map, paneName("mask"));
  }

  /** Of the mask that is on the screen; empty where there is none. */
  get version(): string {
    return this.paintedVersion;
  }

  get loading(): boolean {
    return this.shownVersion !== this.paintedVersion;
  }

  show(parcels: Parcel[], version: string): void {
    if (parcels !== this.parcels) this.draw(parcels);
    if (version === this.shownVersion) return;
    this.shownVersion = version;
    // The second frame begins after the first was painted.
    requestAnimationFrame(() => requestAnimationFrame(() => this.announce(version)));
  }

  clear(): void {
    this.draw([]);
    this.shownVersion = "";
    this.paintedVersion = "";
  }

  setOpacity(opacity: number): void {
    this.map.getPane(paneName("mask"))!.style.opacity = String(opacity);
  }

  private draw(parcels: Parcel[]): void {
    this.parcels = parcels;
    const cropland = parcels.filter(isCropland);
    // All in one path: between two that are filled by themselves a hair of the ground would show.
    const path = pathOfParcels(cropland);
    const extent = joinExtents(cropland.map(extentOfParcel));
    this.canvas.show(extent ? [{ extent, path }] : []);
  }

  private announce(version: string): void {
    if (version !== this.shownVersion) return;
    this.paintedVersion = version;
    this.painted(version);
  }
}
