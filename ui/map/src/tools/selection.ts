import type { ColumnRow, Parcel, Ring } from "../contract";
import { extentOfParts, extentOfParcel, innerPoint, pointInRing } from "../geometry";

/** A parcel and the point inside it by which edits name it. */
export interface Chosen {
  parcel: Parcel;
  point: ColumnRow;
}

export function chosen(parcel: Parcel): Chosen {
  return { parcel, point: innerPoint(parcel) };
}

/** The parcels that were chosen, in the order of the choice; each is followed by its point. */
export class Selection {
  private points = new Map<Parcel, ColumnRow>();
  private seen: Parcel[] | null = null;

  get size(): number {
    return this.points.size;
  }

  get parcels(): Parcel[] {
    return [...this.points.keys()];
  }

  get all(): Chosen[] {
    return [...this.points].map(([parcel, point]) => ({ parcel, point }));
  }

  /** The parcel, where it is the only one. */
  get only(): Parcel | null {
    return this.points.size === 1 ? this.points.keys().next().value! : null;
  }

  set(parcels: Parcel[]): void {
    const before = this.points;
    this.points = new Map(parcels.map((parcel) => [parcel, before.get(parcel) ?? innerPoint(parcel)]));
    this.seen = null;
  }

  add(parcels: Parcel[]): void {
    this.set([...this.parcels, ...parcels]);
  }

  toggle(parcel: Parcel): void {
    if (this.points.has(parcel)) this.set(this.parcels.filter((one) => one !== parcel));
    else this.add([parcel]);
  }

  /**
   * Follows the parcels into another state of the tile: a border, a name and all that is said of
   * one may be others now, its place is not. Whether any of them changed or is gone.
   */
  follow(present: Parcel[], at: (point: ColumnRow) => Parcel | null): boolean {
    if (present === this.seen || this.points.size === 0) return false;
    this.seen = present;
    const there = new Set(present);
    const after = new Map<Parcel, ColumnRow>();
    for (const [parcel, point] of this.points) {
      const now = there.has(parcel) ? parcel : at(point);
      if (now && !after.has(now)) after.set(now, point);
    }
    const before = this.parcels;
    this.points = after;
    return before.length !== after.size || before.some((parcel) => !after.has(parcel));
  }
}

/** The parcels whose middle lies inside a line that was drawn around them. */
export function parcelsInside(ring: Ring, parcels: Parcel[]): Parcel[] {
  const [left, top, right, bottom] = extentOfParts([[ring]]);
  return parcels.filter((parcel) => {
    const [from, above, to, below] = extentOfParcel(parcel);
    return from <= right && to >= left && above <= bottom && below >= top && pointInRing(ring, innerPoint(parcel));
  });
}
