import type L from "../leaflet";
import type { ColumnRow, Parcel } from "../contract";
import { extentOfParcel, joinExtents, ParcelIndex, partsOf } from "../geometry";
import { paneName } from "./base-map";
import { OutlineCanvas, type OutlineChunk, type OutlineStyle } from "./outline-canvas";

const AUTO: OutlineStyle = { color: "#ffffff", width: 1.4 };
const CORRECTED: OutlineStyle = { color: "#f0e442", width: 1.6 };
const CHUNK = 250;

/** Outlines of the parcels, and which parcel lies where. */
export class ParcelLayer {
  private readonly outlines: OutlineCanvas;
  private parcels: Parcel[] = [];
  private index = new ParcelIndex([]);

  constructor(private readonly map: L.Map) {
    this.outlines = new OutlineCanvas(map, paneName("outlines"));
  }

  show(parcels: Parcel[]): void {
    if (parcels === this.parcels) return;
    this.parcels = parcels;
    this.index = new ParcelIndex(parcels);
    const corrected = parcels.filter(({ state }) => state === "corrected");
    const auto = parcels.filter(({ state }) => state !== "corrected");
    // The corrected ones last, on top.
    this.outlines.show([...chunksOf(auto, AUTO), ...chunksOf(corrected, CORRECTED)]);
  }

  at(point: ColumnRow): Parcel | null {
    return this.index.at(point);
  }

  setVisible(visible: boolean): void {
    this.map.getPane(paneName("outlines"))!.style.display = visible ? "" : "none";
  }
}

function chunksOf(parcels: Parcel[], style: OutlineStyle): OutlineChunk[] {
  const chunks: OutlineChunk[] = [];
  for (let start = 0; start < parcels.length; start += CHUNK) {
    const some = parcels.slice(start, start + CHUNK);
    const rings = some.flatMap((parcel) => partsOf(parcel).flat());
    chunks.push({ extent: joinExtents(some.map(extentOfParcel))!, rings, style });
  }
  return chunks;
}
