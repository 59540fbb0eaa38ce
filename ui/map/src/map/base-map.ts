import L from "../leaflet";
import type { Bounds, ColumnRow, SceneState } from "../contract";
import { seamlessZoom, seamlessZoomWithin } from "../geometry";
import { pixelCrs, toLatLng, toLatLngBounds, toPixel } from "./pixel-crs";

const MAX_ZOOM = 3; // eight screen pixels to one of the image
const ZOOM_STEP = 0.25;
const FIT_MARGIN = 12;

/** From the lowest to the highest. */
const PANES = {
  imagery: 200,
  upper: 210,
  dim: 240,
  landcover: 260,
  around: 280,
  overlay: 300,
  mask: 310,
  hover: 320,
  frame: 390,
  outlines: 400,
  shapes: 450,
  prompts: 620,
} as const;

export type PaneName = keyof typeof PANES;

export function paneName(name: PaneName): string {
  return `cm-${name}`;
}

/** The one place through which Leaflet passes every zoom. */
interface PrivateMap {
  _limitZoom(zoom: number): number;
}

/** The map of a scene: panes, zoom limits, crisp pixels; no data of its own. */
export class BaseMap {
  readonly map: L.Map;
  readonly sceneBounds: L.LatLngBounds;
  private pointer: PointerEvent | null = null;
  /** What was fitted last, and the view that it gave. */
  private fitted: { bounds: Bounds; zoom: number; center: L.LatLng } | null = null;

  constructor(
    readonly element: HTMLElement,
    readonly scene: SceneState,
  ) {
    this.sceneBounds = toLatLngBounds([0, 0, scene.width, scene.height]);
    this.map = L.map(element, {
      crs: pixelCrs(scene.aspect),
      pmIgnore: false,
      attributionControl: false,
      zoomControl: false,
      boxZoom: false,
      doubleClickZoom: false,
      // Arrow keys move the map, plus and minus zoom, as long as it has the focus.
      keyboard: true,
      keyboardPanDelta: 120,
      zoomSnap: ZOOM_STEP,
      zoomDelta: 0.5,
      wheelPxPerZoomLevel: 120,
      minZoom: -20,
      maxZoom: MAX_ZOOM,
      maxBoundsViscosity: 0.5,
      inertia: false,
    });
    (this.map as unknown as PrivateMap)._limitZoom = (zoom) => this.allowedZoom(zoom);
    for (const [name, height] of Object.entries(PANES)) {
      this.map.createPane(paneName(name as PaneName)).style.zIndex = String(height);
    }
    this.map.on("zoomend", () => this.showPixels());
    element.addEventListener("pointerdown", this.remember, true);
    element.addEventListener("pointermove", this.remember, true);
    element.addEventListener("dragstart", (event) => event.preventDefault());
  }

  /** Shows the window; the only thing that moves the view by itself. */
  fit(bounds: Bounds): void {
    this.map.invalidateSize({ animate: false });
    const center = toLatLngBounds(bounds).getCenter();
    this.fitted = { bounds, zoom: this.fittingZoom(bounds), center };
    // The limits of the window before must not keep the new one from its place.
    this.map.setMinZoom(-20);
    this.map.setMaxBounds();
    this.map.setView(center, this.fitted.zoom, { animate: false });
    this.limitView();
    this.showPixels();
  }

  /** Fits again what still is as it was fitted; whoever moved the map keeps the view. */
  resized(): void {
    const { fitted, map } = this;
    const kept = fitted && map.getZoom() === fitted.zoom && this.isCentred(fitted.center);
    if (kept) this.fit(fitted.bounds);
    else map.invalidateSize({ animate: false, pan: false });
  }

  zoomTo([left, top, right, bottom]: [number, number, number, number]): void {
    const bounds = toLatLngBounds([left, top, right - left, bottom - top]);
    this.map.fitBounds(bounds.pad(0.6), { animate: true, maxZoom: 1.5 });
  }

  /** Position in the browser's window of a position in the image. */
  pixelToScreen(point: ColumnRow): { x: number; y: number } {
    // Not latLngToContainerPoint, which rounds to whole screen pixels.
    const place = this.map.project(toLatLng(point)).subtract(this.map.getPixelOrigin());
    const inside = place.add(this.map.layerPointToContainerPoint([0, 0]));
    const frame = this.element.getBoundingClientRect();
    return {
      x: frame.left + this.element.clientLeft + inside.x,
      y: frame.top + this.element.clientTop + inside.y,
    };
  }

  pixelOfEvent(event: MouseEvent): ColumnRow {
    return toPixel(this.map.mouseEventToLatLng(this.exactly(event)));
  }

  /** Position in the image of the middle of the map. */
  get centre(): ColumnRow {
    return toPixel(this.map.getCenter());
  }

  /** Screen pixels per image pixel. */
  get scale(): number {
    return this.map.getZoomScale(this.map.getZoom(), 0);
  }

  remove(): void {
    this.map.remove();
  }

  private readonly remember = (event: PointerEvent): void => {
    this.pointer = event;
  };

  /** Clicks are told in whole screen pixels, the pointer before them more exactly. */
  private exactly(event: MouseEvent): MouseEvent {
    const { pointer } = this;
    if (!pointer) return event;
    const off = Math.max(Math.abs(pointer.clientX - event.clientX), Math.abs(pointer.clientY - event.clientY));
    return off < 1 ? pointer : event;
  }

  /** The largest zoom without seams at which the whole window is seen. */
  private fittingZoom(bounds: Bounds): number {
    const extent = toLatLngBounds(bounds);
    const first = this.map.project(extent.getNorthWest(), 0);
    const needed = this.map.project(extent.getSouthEast(), 0).subtract(first);
    const room = this.map.getSize().subtract([2 * FIT_MARGIN, 2 * FIT_MARGIN]);
    const scale = Math.min(room.x / Math.abs(needed.x), room.y / Math.abs(needed.y));
    if (!(scale > 0)) return this.map.getMinZoom();
    return seamlessZoomWithin(Math.min(MAX_ZOOM, Math.log2(scale)));
  }

  private isCentred(center: L.LatLng): boolean {
    const zoom = this.map.getZoom();
    return this.map.project(this.map.getCenter(), zoom).distanceTo(this.map.project(center, zoom)) < 2;
  }

  private allowedZoom(zoom: number): number {
    if (this.fitted && Math.abs(zoom - this.fitted.zoom) < 1e-6) return this.fitted.zoom;
    const wanted = Math.round(zoom / ZOOM_STEP) * ZOOM_STEP;
    return seamlessZoom(Math.min(this.map.getMaxZoom(), Math.max(this.map.getMinZoom(), wanted)));
  }

  private limitView(): void {
    const whole = this.map.getBoundsZoom(this.sceneBounds);
    this.map.setMinZoom(Math.min(whole - 0.5, this.map.getZoom() - 1));
    this.map.setMaxBounds(this.sceneBounds.pad(0.5));
  }

  private showPixels(): void {
    this.element.classList.toggle("cm-over-zoomed", this.map.getZoom() > 0.5);
  }
}
