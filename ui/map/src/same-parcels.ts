// Which parcels of an answer are the ones that are known already.

import type { Parcel, Ring } from "./contract";

/**
 * The new list with the known objects for the parcels that have not changed, so that only what
 * changed is measured and drawn again; the known list itself where nothing has.
 */
export function keepKnown(known: Parcel[], fresh: Parcel[]): Parcel[] {
  const byId = new Map(known.map((parcel) => [parcel.id, parcel]));
  const kept = fresh.map((parcel) => {
    const before = byId.get(parcel.id);
    return before && isSame(before, parcel) ? before : parcel;
  });
  const unchanged = kept.length === known.length && kept.every((parcel, index) => parcel === known[index]);
  return unchanged ? known : kept;
}

function isSame(one: Parcel, other: Parcel): boolean {
  return (
    one.area_ha === other.area_ha &&
    one.score === other.score &&
    one.state === other.state &&
    one.land_class === other.land_class &&
    one.reason === other.reason &&
    one.reviewer === other.reviewer &&
    one.reviewed_at === other.reviewed_at &&
    sameRings(one.rings, other.rings) &&
    sameParts(one.more ?? [], other.more ?? [])
  );
}

function sameParts(one: Ring[][], other: Ring[][]): boolean {
  return one.length === other.length && one.every((rings, index) => sameRings(rings, other[index]!));
}

function sameRings(one: Ring[], other: Ring[]): boolean {
  return one.length === other.length && one.every((ring, index) => sameRing(ring, other[index]!));
}

function sameRing(one: Ring, other: Ring): boolean {
  if (one.length !== other.length) return false;
  for (let index = 0; index < one.length; index++) {
    if (one[index]![0] !== other[index]![0] || one[index]![1] !== other[index]![1]) return false;
  }
  return true;
}
