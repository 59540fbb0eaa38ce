// Plane geometry in the scene's native pixels: column to the right, row downwards.

import type { Bounds, ColumnRow, Edit, Parcel, Ring } from "./contract";

/** [left, top, right, bottom] */
export type Extent = [number, number, number, number];

const TILE = 256;

/**
 * The ratio pixels are drawn with. It is rounded so that a 256 px tile is a whole number of screen
 * pixels high (no seams); the error is below 0.2 % of the height and concerns the drawing only,
 * positions stay exact.
 */
export function displayAspect(aspect: number): number {
  const usable = Number.isFinite(aspect) && aspect > 0 ? aspect : 1;
  return Math.max(1, Math.round(TILE * usable)) / TILE;
}

/** The level of tiles for a zoom: the finer of two, since shrinking keeps a picture sharp. */
export function tileZoomFor(zoom: number): number {
  return Math.min(0, Math.ceil(zoom - 0.01));
}

/**
 * The nearest zoom at which tiles are a whole number of screen pixels wide. At others the browser
 * leaves a hair's breadth between them, through which the background shines.
 */
export function seamlessZoom(zoom: number): number {
  const level = tileZoomFor(zoom);
  const width = Math.round(TILE * 2 ** (zoom - level));
  return level + Math.log2(width / TILE);
}

/** The largest such zoom that is not above `zoom`. */
export function seamlessZoomWithin(zoom: number): number {
  const level = tileZoomFor(zoom);
  const width = Math.floor(TILE * 2 ** (zoom - level) + 1e-6);
  return level + Math.log2(width / TILE);
}

export function extentOfBounds([column, row, width, height]: Bounds): Extent {
  return [column, row, column + width, row + height];
}

/** The least extent that holds all of them; null for none. */
export function joinExtents(extents: Extent[]): Extent | null {
  const [first, ...others] = extents;
  if (!first) return null;
  return others.reduce(
    (all, one) => [
      Math.min(all[0], one[0]),
      Math.min(all[1], one[1]),
      Math.max(all[2], one[2]),
      Math.max(all[3], one[3]),
    ],
    first,
  );
}

export function inBounds(bounds: Bounds, [column, row]: ColumnRow): boolean {
  const [left, top, right, bottom] = extentOfBounds(bounds);
  return column >= left && column <= right && row >= top && row <= bottom;
}

/** To half a pixel. */
export function sameBounds(left: Bounds, right: Bounds): boolean {
  return left.every((value, index) => Math.abs(value - right[index]!) < 0.5);
}

export function clampToBounds(bounds: Bounds, [column, row]: ColumnRow): ColumnRow {
  const [left, top, right, bottom] = extentOfBounds(bounds);
  return [Math.min(right, Math.max(left, column)), Math.min(bottom, Math.max(top, row))];
}

/** Hundredths of a pixel are finer than anybody can point, and keep the messages short. */
export function roundPoint([column, row]: ColumnRow): ColumnRow {
  return [Math.round(column * 100) / 100, Math.round(row * 100) / 100];
}

export function pointInRing(ring: Ring, [column, row]: ColumnRow): boolean {
  let inside = false;
  for (let index = 0, before = ring.length - 1; index < ring.length; before = index++) {
    const [thisColumn, thisRow] = ring[index]!;
    const [otherColumn, otherRow] = ring[before]!;
    if (thisRow > row === otherRow > row) continue;
    const crossing = ((otherColumn - thisColumn) * (row - thisRow)) / (otherRow - thisRow) + thisColumn;
    if (column < crossing) inside = !inside;
  }
  return inside;
}

/** Whether a polygon (outline first, then holes) covers the point. */
export function pointInRings(rings: Ring[], point: ColumnRow): boolean {
  const [outline, ...holes] = rings;
  if (!outline || !pointInRing(outline, point)) return false;
  return !holes.some((hole) => pointInRing(hole, point));
}

export function partsOf(parcel: Parcel): Ring[][] {
  return [parcel.rings, ...(parcel.more ?? [])];
}

/** Whether a parcel is part of the mask. */
export function isCropland({ land_class, state }: Parcel): boolean {
  return (land_class ?? "cropland") === "cropland" && state !== "rejected";
}

const EXTENTS = new WeakMap<Parcel, Extent>();

/** Computed once for each parcel: ten thousand of them are asked for theirs with every edit. */
export function extentOfParcel(parcel: Parcel): Extent {
  const known = EXTENTS.get(parcel);
  if (known) return known;
  const extent = measured(parcel);
  EXTENTS.set(parcel, extent);
  return extent;
}

function measured(parcel: Parcel): Extent {
  return extentOfParts(partsOf(parcel));
}

/** Of parts by their rings, the outer one first. */
export function extentOfParts(parts: Ring[][]): Extent {
  const extent: Extent = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [outline] of parts) {
    for (const [column, row] of outline ?? []) {
      extent[0] = Math.min(extent[0], column);
      extent[1] = Math.min(extent[1], row);
      extent[2] = Math.max(extent[2], column);
      extent[3] = Math.max(extent[3], row);
    }
  }
  return extent;
}

const SCANS = 15;

/**
 * A point well inside a parcel: the middle of the widest stretch of several rows. A parcel is named
 * by it, so it should stay inside when a border moves a little.
 */
export function innerPoint(parcel: Parcel): ColumnRow {
  let best: { point: ColumnRow; width: number } = { point: parcel.rings[0]![0]!, width: -1 };
  for (const rings of partsOf(parcel)) {
    const rows = rings[0]!.map(([, row]) => row);
    const [top, bottom] = [Math.min(...rows), Math.max(...rows)];
    for (let scan = 1; scan <= SCANS; scan++) {
      const row = top + ((bottom - top) * scan) / (SCANS + 1);
      // Stretches near the upper and lower end count less: the border is near there, too.
      const depth = Math.min(row - top, bottom - row);
      for (const [from, to] of stretches(rings, row)) {
        const width = Math.min(to - from, 2 * depth);
        if (width > best.width) best = { point: roundPoint([(from + to) / 2, row]), width };
      }
    }
  }
  return best.point;
}

/** Where a row lies inside a polygon, from left to right. */
function stretches(rings: Ring[], row: number): [number, number][] {
  const crossings: number[] = [];
  for (const ring of rings) {
    ring.forEach(([column, here], index) => {
      const [before, there] = ring[(index || ring.length) - 1]!;
      if (here > row === there > row) return;
      crossings.push(before + ((column - before) * (row - there)) / (here - there));
    });
  }
  crossings.sort((left, right) => left - right);
  return crossings.flatMap((from, index) => (index % 2 ? [] : [[from, crossings[index + 1] ?? from] as [number, number]]));
}

/** Finds parcels by position; built once for a list of parcels, since clicks are many. */
export class ParcelIndex {
  private readonly entries: { parcel: Parcel; extent: Extent }[];

  constructor(parcels: Parcel[]) {
    this.entries = parcels.map((parcel) => ({ parcel, extent: extentOfParcel(parcel) }));
  }

  at(point: ColumnRow): Parcel | null {
    const [column, row] = point;
    for (const { parcel, extent } of this.entries) {
      const [left, top, right, bottom] = extent;
      if (column < left || column > right || row < top || row > bottom) continue;
      if (partsOf(parcel).some((rings) => pointInRings(rings, point))) return parcel;
    }
    return null;
  }
}

/** Whether an edit asks for a field where, as it turned out, there is none. */
export function asksInVain(edit: Edit, parcels: Parcel[]): boolean {
  if (edit.kind === "prompt_set" && edit.label === 1) {
    return !parcels.some((parcel) => partsOf(parcel).some((rings) => pointInRings(rings, [edit.column, edit.row])));
  }
  if (edit.kind !== "box_set") return false;
  return !parcels.some((parcel) => {
    const [left, top, right, bottom] = extentOfParcel(parcel);
    return left < edit.right && right > edit.left && top < edit.bottom && bottom > edit.top;
  });
}

export function lengthOfRing(ring: Ring): number {
  return ring.reduce((sum, [column, row], index) => {
    const [lastColumn, lastRow] = ring[(index || ring.length) - 1]!;
    return sum + Math.hypot(column - lastColumn, row - lastRow);
  }, 0);
}

export function lengthOfLine(line: Ring): number {
  return line.slice(1).reduce((sum, [column, row], index) => sum + Math.hypot(column - line[index]![0], row - line[index]![1]), 0);
}

/** Of a ring that does not cross itself, closed or not. */
export function areaOfRing(ring: Ring): number {
  const twice = ring.reduce((sum, [column, row], index) => {
    const [lastColumn, lastRow] = ring[(index || ring.length) - 1]!;
    return sum + lastColumn * row - column * lastRow;
  }, 0);
  return Math.abs(twice) / 2;
}

/** Leaves out points closer than `spacing` to the one kept before; the last one always stays. */
export function thinLine(line: Ring, spacing: number): Ring {
  const kept: Ring = [];
  line.forEach((point, index) => {
    const before = kept[kept.length - 1];
    const far = !before || Math.hypot(point[0] - before[0], point[1] - before[1]) >= spacing;
    if (far || index === line.length - 1) kept.push(point);
  });
  return kept;
}

/** A ring without the repeated last point that some writers add. */
export function openRing(ring: Ring): Ring {
  const first = ring[0];
  const last = ring[ring.length - 1];
  const closed = ring.length > 1 && first && last && first[0] === last[0] && first[1] === last[1];
  return closed ? ring.slice(0, -1) : ring;
}

/** SVG path data in native pixels. */
export function pathOfRings(rings: Ring[]): string {
  return rings
    .filter((ring) => ring.length > 0)
    .map((ring) => `M${ring.map(([column, row]) => `${column} ${row}`).join("L")}Z`)
    .join("");
}

export function pathOfLine(line: Ring): string {
  const [first, ...rest] = line;
  if (!first) return "";
  // A line of one point is drawn as a dot, by a segment of no length with round ends.
  const others = rest.length > 0 ? rest : [first];
  return `M${first[0]} ${first[1]}${others.map(([column, row]) => `L${column} ${row}`).join("")}`;
}
