import L from "../leaflet";
import type { Bounds, SceneTile } from "../contract";
import { paneName } from "./base-map";
import { toLatLngBounds, toLatLngs } from "./pixel-crs";
import { extentOfBounds, sameBounds } from "../geometry";

/** The tile's frame, with everything around it slightly dimmed. */
export class FrameLayer {
  private readonly layers: L.Layer[];

  constructor(map: L.Map, scene: L.LatLngBounds, window: Bounds, core: Bounds | null) {
    const around = [scene.getNorthWest(), scene.getNorthEast(), scene.getSouthEast(), scene.getSouthWest()];
    const common = { interactive: false, smoothFactor: 0 };
    const dimRenderer = L.svg({ pane: paneName("dim"), padding: 1 });
    const frameRenderer = L.svg({ pane: paneName("frame"), padding: 0.5 });
    const dim = { ...common, renderer: dimRenderer, pane: paneName("dim"), stroke: false };
    const line = { ...common, renderer: frameRenderer, pane: paneName("frame"), fill: false };
    this.layers = [
      L.polygon([around, corners(window)], { ...dim, fillColor: "#0c1712", fillOpacity: 0.38 }),
      L.rectangle(toLatLngBounds(window), { ...line, color: "#10201a", weight: 4, opacity: 0.45 }),
      L.rectangle(toLatLngBounds(window), { ...line, color: "#ffffff", weight: 1.5, opacity: 0.95 }),
    ];
    if (core && !sameBounds(core, window)) {
      // Between the two lines lies what the neighbouring tiles also cover.
      const core_line = { ...line, color: "#ffffff", weight: 1, opacity: 0.6, dashArray: "3 5" };
      this.layers.push(L.rectangle(toLatLngBounds(core), core_line));
    }
    for (const layer of this.layers) layer.addTo(map);
  }

  remove(): void {
    for (const layer of this.layers) layer.remove();
  }
}

/** Faint frames of the scene's tiles. */
export function neighbourFrames(map: L.Map, tiles: SceneTile[]): L.Layer {
  const renderer = L.canvas({ pane: paneName("dim"), padding: 0.3 });
  const rings = tiles.map(({ core }) => [corners(core)]);
  return L.polygon(rings, {
    renderer,
    pane: paneName("dim"),
    interactive: false,
    fill: false,
    color: "#ffffff",
    weight: 1,
    opacity: 0.35,
  }).addTo(map);
}

function corners(bounds: Bounds): L.LatLng[] {
  const [left, top, right, bottom] = extentOfBounds(bounds);
  return toLatLngs([[left, top], [right, top], [right, bottom], [left, bottom]]);
}
