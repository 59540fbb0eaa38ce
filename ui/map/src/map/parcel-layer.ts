import type L from "../leaflet";
import { colouring } from "../attributes";
import type { Attribute, ColumnRow, Parcel } from "../contract";
import { extentOfParcel, joinExtents, ParcelIndex } from "../geometry";
import { paneName } from "./base-map";
import { KINDS, kindOf, LOOKS, type ParcelLook } from "../parcel-kind";
import { OutlineCanvas, type OutlineChunk } from "./outline-canvas";

const CHUNK = 250;
const DIM_LOOK: ParcelLook = { ...LOOKS.auto, color: "rgb(255 255 255 / 55%)", width: 1 };

/** Outlines of the parcels, and which parcel lies where. */
export class ParcelLayer {
  private readonly outlines: OutlineCanvas;
  private parcels: Parcel[] = [];
  private index = new ParcelIndex([]);

  private readonly crops: Attribute | null;
  private coloured = true;
  /** Which parcels the person wants to see; the others are dim. */
  private wanted: ((parcel: Parcel) => boolean) | null = null;

  constructor(
    private readonly map: L.Map,
    attributes: Attribute[],
  ) {
    this.crops = colouring(attributes);
    this.outlines = new OutlineCanvas(map, paneName("outlines"));
  }

  show(parcels: Parcel[]): void {
    if (parcels === this.parcels) return;
    this.parcels = parcels;
    this.index = new ParcelIndex(parcels);
    this.draw();
  }

  /** Whether parcels have the colours of what grows on them. */
  setColoured(coloured: boolean): void {
    if (coloured === this.coloured) return;
    this.coloured = coloured;
    this.draw();
  }

  /** Parcels that are not wanted are dim; null wants all. */
  setFilter(wanted: ((parcel: Parcel) => boolean) | null): void {
    if (wanted === null && this.wanted === null) return;
    this.wanted = wanted;
    this.draw();
  }

  private draw(): void {
    const { crops } = this;
    const parcels = this.matching;
    const dim = this.wanted ? this.parcels.filter((parcel) => !this.wanted!(parcel)) : [];
    // In the order of the kinds: of two that share a border, what a person said is on top.
    const lines = KINDS.flatMap((kind) => chunksOf(parcels.filter((one) => kindOf(one) === kind), LOOKS[kind]));
    const painted = this.coloured && crops ? crops.choices.filter(({ colour }) => colour !== "") : [];
    const tints = painted.flatMap(({ code, colour: tint }) =>
      chunksOf(parcels.filter(({ attributes }) => attributes?.[crops!.key] === code), LOOKS.auto).map((chunk) => ({ ...chunk, tint })),
    );
    this.outlines.show([...chunksOf(dim, DIM_LOOK).map((chunk) => ({ ...chunk, dim: true })), ...tints, ...lines]);
  }

  /** Those that the person wants to see. */
  get matching(): Parcel[] {
    return this.wanted ? this.parcels.filter(this.wanted) : this.parcels;
  }

  get all(): Parcel[] {
    return this.parcels;
  }

  at(point: ColumnRow): Parcel | null {
    return this.index.at(point);
  }

  setVisible(visible: boolean): void {
    this.map.getPane(paneName("outlines"))!.style.display = visible ? "" : "none";
  }
}

function chunksOf(parcels: Parcel[], style: ParcelLook): OutlineChunk[] {
  const chunks: OutlineChunk[] = [];
  for (let start = 0; start < parcels.length; start += CHUNK) {
    const some = parcels.slice(start, start + CHUNK);
    chunks.push({ extent: joinExtents(some.map(extentOfParcel))!, parcels: some, style });
  }
  return chunks;
}
