import L from "../leaflet";
import type { ColumnRow, Parcel } from "../contract";
import { ParcelIndex, partsOf } from "../geometry";
import { paneName } from "./base-map";
import { toLatLngs } from "./pixel-crs";

const CASING = { color: "#10201a", weight: 3.2, opacity: 0.5 };
const AUTO = { color: "#ffffff", weight: 1.4, opacity: 0.95 };
const CORRECTED = { color: "#f0e442", weight: 1.6, opacity: 1 };

/**
 * Outlines of the parcels. All outlines of one kind are one path on one canvas, so that ten
 * thousand parcels cost three layers.
 */
export class ParcelLayer {
  private readonly casing: L.Polygon;
  private readonly auto: L.Polygon;
  private readonly corrected: L.Polygon;
  private parcels: Parcel[] = [];
  private index = new ParcelIndex([]);

  constructor(private readonly map: L.Map) {
    const renderer = L.canvas({ pane: paneName("outlines"), padding: 0.3 });
    const common = { renderer, pane: paneName("outlines"), fill: false, interactive: false, smoothFactor: 0.6 };
    this.casing = L.polygon([], { ...common, ...CASING }).addTo(map);
    this.auto = L.polygon([], { ...common, ...AUTO }).addTo(map);
    this.corrected = L.polygon([], { ...common, ...CORRECTED }).addTo(map);
  }

  show(parcels: Parcel[]): void {
    if (parcels === this.parcels) return;
    this.parcels = parcels;
    this.index = new ParcelIndex(parcels);
    const auto = outlines(parcels.filter(({ state }) => state !== "corrected"));
    const corrected = outlines(parcels.filter(({ state }) => state === "corrected"));
    this.casing.setLatLngs([...auto, ...corrected]);
    this.auto.setLatLngs(auto);
    this.corrected.setLatLngs(corrected);
  }

  at(point: ColumnRow): Parcel | null {
    return this.index.at(point);
  }

  setVisible(visible: boolean): void {
    this.map.getPane(paneName("outlines"))!.style.display = visible ? "" : "none";
  }
}

/** Only drawn as lines, so each ring, hole or not, can be a polygon of its own. */
function outlines(parcels: Parcel[]): L.LatLng[][][] {
  return parcels.flatMap((parcel) => partsOf(parcel).flatMap((rings) => rings.map((ring) => [toLatLngs(ring)])));
}
