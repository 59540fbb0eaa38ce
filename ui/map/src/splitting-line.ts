// Whether a drawn line splits anything; one that nearly does is drawn on to the border.

import type { ColumnRow, Parcel, Ring } from "./contract";
import { extentOfParcel, partsOf, pointInRings } from "./geometry";

const BEYOND = 0.5;

/**
 * The line, each end that stops inside a parcel less than `reach` from its border drawn on across
 * that border; null where it crosses no parcel from side to side.
 */
export function splittingLine(line: Ring, parcels: Parcel[], reach: number): Ring | null {
  if (line.length < 2) return null;
  const backwards = drawnOn([...line].reverse(), parcels, reach);
  const whole = drawnOn(backwards.reverse(), parcels, reach);
  return parcels.some((parcel) => crossesWhole(whole, parcel)) ? whole : null;
}

/** The line with its last end drawn on. */
function drawnOn(line: Ring, parcels: Parcel[], reach: number): Ring {
  const end = line.at(-1)!;
  const before = line.at(-2)!;
  const length = Math.hypot(end[0] - before[0], end[1] - before[1]);
  if (length === 0) return line;
  const far = onwards(before, end, reach / length);
  for (const parcel of parcels) {
    for (const rings of partsOf(parcel)) {
      if (!near(parcel, end) || !pointInRings(rings, end)) continue;
      const shares = rings.flatMap((ring) => crossings(end, far, ring));
      if (shares.length === 0) continue;
      return [...line, onwards(before, end, (Math.min(...shares) * reach + BEYOND) / length)];
    }
  }
  return line;
}

function onwards(before: ColumnRow, end: ColumnRow, share: number): ColumnRow {
  return [end[0] + (end[0] - before[0]) * share, end[1] + (end[1] - before[1]) * share];
}

function near(parcel: Parcel, [column, row]: ColumnRow): boolean {
  const [left, top, right, bottom] = extentOfParcel(parcel);
  return column >= left && column <= right && row >= top && row <= bottom;
}

/** Whether the line goes into a part of the parcel and comes out again. */
function crossesWhole(line: Ring, parcel: Parcel): boolean {
  const [left, top, right, bottom] = extentOfParcel(parcel);
  const columns = line.map(([column]) => column);
  const rows = line.map(([, row]) => row);
  if (Math.max(...columns) < left || Math.min(...columns) > right || Math.max(...rows) < top || Math.min(...rows) > bottom) return false;
  return partsOf(parcel).some((rings) => {
    let count = 0;
    for (let index = 1; index < line.length; index++) {
      for (const ring of rings) count += crossings(line[index - 1]!, line[index]!, ring).length;
    }
    return count >= 2;
  });
}

/** Where a segment crosses a ring, as shares of the segment. */
function crossings(from: ColumnRow, to: ColumnRow, ring: Ring): number[] {
  const found: number[] = [];
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  for (let index = 0, before = ring.length - 1; index < ring.length; before = index++) {
    const [a, b] = [ring[before]!, ring[index]!];
    const [ex, ey] = [b[0] - a[0], b[1] - a[1]];
    const cross = dx * ey - dy * ex;
    if (cross === 0) continue;
    const [fx, fy] = [a[0] - from[0], a[1] - from[1]];
    const share = (fx * ey - fy * ex) / cross;
    const along = (fx * dy - fy * dx) / cross;
    if (share >= 0 && share <= 1 && along >= 0 && along < 1) found.push(share);
  }
  return found;
}
