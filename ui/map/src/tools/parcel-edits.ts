// What is said of chosen parcels, as edits: one for each parcel that it changes.

import { filled, sameValues } from "../attributes";
import type { Edit, FillAttributes, LandClass, Parcel, Ring } from "../contract";
import { partsOf } from "../geometry";
import type { Chosen } from "./selection";
import type { TidyMeasures } from "./tool";

export type ParcelVerdict = "accepted" | "rejected" | "unsure";
/** What can be done with any number of parcels without drawing. */
export type Tidying = "smooth" | "straighten" | "fill" | "snap" | "delete";

/** An outline of more corners is not sent; the verdict is on the parcel at the point then. */
const MOST_CORNERS = 10_000;

/** What is signed of a parcel. */
function seen(parcel: Parcel): { shape?: Ring[][]; land_class: LandClass } {
  const shape = partsOf(parcel);
  const corners = shape.flat().reduce((sum, ring) => sum + ring.length, 0);
  return { ...(corners <= MOST_CORNERS && { shape }), land_class: parcel.land_class };
}

/** Said once more of parcels that all have it, a verdict is taken back; without a reason each keeps its own. */
export function verdictsOn(chosen: Chosen[], verdict: ParcelVerdict, reason: string | null): Edit[] {
  const reasonOf = (parcel: Parcel) => reason ?? parcel.reason;
  const given = chosen.filter(({ parcel }) => parcel.state === verdict && parcel.reason === reasonOf(parcel));
  if (given.length === chosen.length) return given.map(({ point }) => ({ kind: "parcel_verdict", point, verdict: "none", reason: "" }));
  const has = new Set(given);
  const lacking = chosen.filter((one) => !has.has(one));
  // What is accepted is the shape and the class that are on the screen, whatever comes of it later.
  return lacking.map(({ parcel, point }) => ({ kind: "parcel_verdict", point, verdict, reason: reasonOf(parcel), ...(verdict === "accepted" && seen(parcel)) }));
}

/** Without a reason each keeps its own. */
export function classesOf(chosen: Chosen[], land: LandClass, reason: string | null): Edit[] {
  const others = chosen.filter(({ parcel }) => parcel.land_class !== land || (reason !== null && parcel.reason !== reason));
  return others.map(({ parcel, point }) => ({ kind: "reclassify", point, land_class: land, reason: reason ?? parcel.reason }));
}

export function valuesOf(chosen: Chosen[], values: FillAttributes["values"]): Edit[] {
  const others = chosen.filter(({ parcel }) => !sameValues(filled(parcel, values).attributes, parcel.attributes));
  return others.map(({ point }) => ({ kind: "attributes", point, values }));
}

export function tidyingsOf(chosen: Chosen[], how: Tidying, measures: TidyMeasures): Edit[] {
  const { smooth_m, straighten_m, hole_m2, snap_m } = measures;
  return chosen.map(({ point }): Edit => {
    switch (how) {
      case "smooth":
        return { kind: "smooth", point, tolerance_m: smooth_m };
      case "straighten":
        return { kind: "straighten", point, tolerance_m: straighten_m };
      case "fill":
        return { kind: "fill_holes", point, max_area_m2: hole_m2 };
      case "snap":
        return { kind: "snap", point, tolerance_m: snap_m };
      case "delete":
        return { kind: "parcel_delete", point };
    }
  });
}
