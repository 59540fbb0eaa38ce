// Corners of one parcel that are dragged, and the borders of its neighbours that go along.
//
// The server decides what becomes of the parcels (core/label/shared_borders.py); here is what is
// shown while the person drags, and what is sent.

import type { ColumnRow, Parcel, Ring } from "./contract";
import { extentOfParcel, openRing, partsOf, roundPoint } from "./geometry";

/** Native pixels: a corner that is no farther from a border lies on it. */
const ON_BORDER = 0.05;

/** Native pixels: what is rounded on its way over the screen differs by less. */
const STILL = 0.01;

interface Corner {
  was: ColumnRow;
  now: ColumnRow;
  /** Shown with a handle; others follow the two shown ones between which they lie. */
  shown: boolean;
  /** Taken away: the border is straight there. */
  gone: boolean;
}

/** Where two shown corners are neighbours: places of both in the ring. */
type Between = [number, number];

/** One ring of the parcel, some of whose corners have handles. */
export class DraggedRing {
  private readonly corners: Corner[];

  constructor(ring: Ring, shown: Ring) {
    const handles = new Set(shown.map(String));
    this.corners = openRing(ring).map((was) => ({ was, now: was, shown: handles.has(String(was)), gone: false }));
  }

  /** The handle of this number was dragged to a place. */
  drag(handle: number, place: ColumnRow): void {
    this.corners[this.placeOf(handle)]!.now = roundPoint(place);
    this.follow();
  }

  /** A handle was put on the border, where it has this number now. */
  add(handle: number, place: ColumnRow): void {
    const [from, to] = this.between(this.placeOf(handle - 1));
    const path = this.walk(from, to);
    let best = { after: from, was: place, far: Infinity };
    for (let step = 0; step + 1 < path.length; step += 1) {
      const was = nearestOn(this.corners[path[step]!]!.now, this.corners[path[step + 1]!]!.now, place);
      const far = distance(was, place);
      if (far < best.far) best = { after: path[step]!, was, far };
    }
    const [first, next] = [this.corners[best.after]!, this.corners[(best.after + 1) % this.corners.length]!];
    const share = shareOf(first.now, next.now, best.was);
    const was = roundPoint(towards(first.was, next.was, share));
    this.corners.splice(best.after + 1, 0, { was, now: was, shown: true, gone: false });
    this.follow();
  }

  /** The handle of this number was taken away. */
  remove(handle: number): void {
    const corner = this.corners[this.placeOf(handle)]!;
    corner.shown = false;
    corner.gone = true;
    this.follow();
  }

  /** Where all handles are now; one that is where its corner was has not moved. */
  settle(handles: Ring): void {
    for (const [index, corner] of this.corners.filter(({ shown }) => shown).entries()) {
      const place = roundPoint(handles[index]!);
      if (distance(place, corner.now) > 0) corner.now = distance(place, corner.was) <= STILL ? corner.was : place;
    }
    this.follow();
  }

  get before(): Ring {
    return this.kept.map(({ was }) => was);
  }

  get after(): Ring {
    return this.kept.map(({ now }) => now);
  }

  /** Where a point on the border as it was goes; null for one that does not lie on what moves. */
  goesTo(point: ColumnRow): ColumnRow | null {
    for (const [index, first] of this.corners.entries()) {
      const next = this.corners[(index + 1) % this.corners.length]!;
      if (first.was === first.now && next.was === next.now) continue;
      if (distance(nearestOn(first.was, next.was, point), point) > ON_BORDER) continue;
      return towards(first.now, next.now, shareOf(first.was, next.was, point));
    }
    return null;
  }

  /** The corners at the ends of what moves, as they were. */
  get turning(): ColumnRow[] {
    return this.corners.flatMap((corner, index) => {
      const beside = [this.corners.at(index - 1)!, this.corners[(index + 1) % this.corners.length]!];
      return [corner, ...beside].some(({ was, now }) => was !== now) ? [corner.was] : [];
    });
  }

  private get kept(): Corner[] {
    return this.corners.filter(({ gone }) => !gone);
  }

  private placeOf(handle: number): number {
    const shown = this.corners.flatMap((corner, index) => (corner.shown ? [index] : []));
    return shown.at(handle % shown.length)!;
  }

  /** From a shown corner to the next one. */
  private between(from: number): Between {
    for (let step = 1; step <= this.corners.length; step += 1) {
      const to = (from + step) % this.corners.length;
      if (this.corners[to]!.shown) return [from, to];
    }
    return [from, from];
  }

  private walk(from: number, to: number): number[] {
    const steps = (to - from + this.corners.length - 1) % this.corners.length + 1;
    return Array.from({ length: steps + 1 }, (_, step) => (from + step) % this.corners.length);
  }

  /** Corners without handles follow those beside them; taken away, they lie on the straight line. */
  private follow(): void {
    for (const [index, corner] of this.corners.entries()) {
      if (!corner.shown) continue;
      const [from, to] = this.between(index);
      const path = this.walk(from, to);
      const [first, last] = [this.corners[from]!, this.corners[to]!];
      const lengths = path.slice(1).map((place, step) => distance(this.corners[path[step]!]!.was, this.corners[place]!.was));
      const whole = lengths.reduce((sum, length) => sum + length, 0) || 1;
      const straight = path.slice(1, -1).some((place) => this.corners[place]!.gone);
      let walked = 0;
      for (const [step, place] of path.slice(1, -1).entries()) {
        walked += lengths[step]!;
        const here = this.corners[place]!;
        here.gone = straight;
        here.now = straight ? towards(first.now, last.now, walked / whole) : shifted(here.was, first, last, walked / whole);
      }
    }
  }
}

/** The rings of neighbours of which something goes along, as they would be. */
export function movedNeighbours(parcels: Parcel[], own: string, rings: DraggedRing[]): Ring[][] {
  const turning = rings.flatMap((ring) => ring.turning);
  if (turning.length === 0) return [];
  return parcels
    .filter((parcel) => parcel.id !== own && turning.some((point) => near(parcel, point)))
    .flatMap((parcel) => partsOf(parcel).map((part) => part.map((ring) => movedAlong(openRing(ring), turning, rings))))
    .filter((part) => part.some((ring) => ring !== null))
    .map((part) => part.flatMap((ring) => (ring ? [ring] : [])));
}

/** The neighbours that a drag could reach: their extents meet that of the parcel. */
export function parcelsBeside(parcels: Parcel[], own: Parcel): Parcel[] {
  const [left, top, right, bottom] = extentOfParcel(own);
  return parcels.filter((parcel) => {
    const [l, t, r, b] = extentOfParcel(parcel);
    return parcel !== own && l <= right + ON_BORDER && r >= left - ON_BORDER && t <= bottom + ON_BORDER && b >= top - ON_BORDER;
  });
}

function movedAlong(ring: Ring, turning: ColumnRow[], dragged: DraggedRing[]): Ring | null {
  let any = false;
  const moved = withCorners(ring, turning).map((corner) => {
    const place = dragged.map((one) => one.goesTo(corner)).find((goes) => goes !== null);
    any ||= place !== undefined && place !== null && distance(place, corner) > 0;
    return place ?? corner;
  });
  return any ? moved : null;
}

/** A ring with corners where it passes by some places without one. */
function withCorners(ring: Ring, places: ColumnRow[]): Ring {
  return ring.flatMap((corner, index) => {
    const next = ring[(index + 1) % ring.length]!;
    const passed = places.filter(
      (place) => distance(nearestOn(corner, next, place), place) <= ON_BORDER && distance(corner, place) > ON_BORDER && distance(next, place) > ON_BORDER,
    );
    return [corner, ...passed.sort((one, other) => distance(corner, one) - distance(corner, other))];
  });
}

function near(parcel: Parcel, [column, row]: ColumnRow): boolean {
  const [left, top, right, bottom] = extentOfParcel(parcel);
  return column >= left - ON_BORDER && column <= right + ON_BORDER && row >= top - ON_BORDER && row <= bottom + ON_BORDER;
}

function shifted(was: ColumnRow, first: Corner, last: Corner, share: number): ColumnRow {
  if (first.was === first.now && last.was === last.now) return was;
  const shift = (axis: 0 | 1) => (1 - share) * (first.now[axis] - first.was[axis]) + share * (last.now[axis] - last.was[axis]);
  return roundPoint([was[0] + shift(0), was[1] + shift(1)]);
}

function distance(one: ColumnRow, other: ColumnRow): number {
  return Math.hypot(one[0] - other[0], one[1] - other[1]);
}

function towards(from: ColumnRow, to: ColumnRow, share: number): ColumnRow {
  return [from[0] + share * (to[0] - from[0]), from[1] + share * (to[1] - from[1])];
}

/** How far along a line the nearest point to another one lies, 0 to 1. */
function shareOf(from: ColumnRow, to: ColumnRow, point: ColumnRow): number {
  const [x, y] = [to[0] - from[0], to[1] - from[1]];
  const squared = x * x + y * y;
  if (squared === 0) return 0;
  return Math.min(1, Math.max(0, ((point[0] - from[0]) * x + (point[1] - from[1]) * y) / squared));
}

function nearestOn(from: ColumnRow, to: ColumnRow, point: ColumnRow): ColumnRow {
  return towards(from, to, shareOf(from, to, point));
}
