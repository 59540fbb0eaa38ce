// Which parcels of an answer are the ones that are known already.

import { sameValues } from "./attributes";
import type { Parcel, Ring, TileState } from "./contract";

/** A list of parcels as the server sent it, and its name there. */
export interface KnownParcels {
  name: string;
  parcels: Parcel[];
}

/** The state with all of its parcels: those that were not sent are the ones of `known`. */
export function withAllParcels(state: TileState, known: KnownParcels): TileState {
  const { same, parcels: sent } = state;
  if (!same) return state;
  if (same.of !== known.name) throw new Error("the server answered another question");
  let taken = 0;
  const parcels = same.runs.flatMap(([start, count]) => {
    if (start >= 0) return known.parcels.slice(start, start + count);
    taken += count;
    return sent.slice(taken - count, taken);
  });
  return { ...state, parcels, same: null };
}

/**
 * The new list with the known objects for the parcels that have not changed, so that only what
 * changed is measured and drawn again; the known list itself where nothing has.
 */
export function keepKnown(known: Parcel[], fresh: Parcel[]): Parcel[] {
  const byId = new Map(known.map((parcel) => [parcel.id, parcel]));
  const kept = fresh.map((parcel) => {
    const before = byId.get(parcel.id);
    return before && (before === parcel || isSame(before, parcel)) ? before : parcel;
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
    sameValues(one.attributes, other.attributes) &&
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
