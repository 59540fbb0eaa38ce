// Where the pointer is: in the scene's own CRS, and in degrees.

import type { ColumnRow, LonLat, SceneState } from "../contract";

/** Position of the pointer in words; in degrees alone where there is little room. */
export function positionText({ place, width, height }: SceneState, point: ColumnRow, slim: boolean): string {
  const lonlat = lonlatAt(place.lonlat, point[0] / width, point[1] / height);
  const degrees = lonlat ? `${hemisphere(lonlat[1], "N", "S")} ${hemisphere(lonlat[0], "E", "W")}` : "";
  if (slim && degrees) return degrees;
  const [a, b, c, d, e, f] = place.transform as [number, number, number, number, number, number];
  const [x, y] = [a * point[0] + b * point[1] + c, d * point[0] + e * point[1] + f];
  const own = place.degrees ? place.crs : `${grouped(x)} E ${grouped(y)} N (${place.crs})`;
  if (place.degrees && place.crs === "EPSG:4326") return degrees;
  return degrees ? `${own} · ${degrees}` : own;
}

/** Between the four known places around it; null where one of them is not known. */
export function lonlatAt(lattice: (LonLat | null)[][], across: number, down: number): LonLat | null {
  const last = lattice.length - 1;
  const cell = (share: number): [number, number] => {
    const index = Math.min(last - 1, Math.max(0, Math.floor(share * last)));
    return [index, share * last - index];
  };
  const [row, v] = cell(down);
  const [column, u] = cell(across);
  const corners = [lattice[row]?.[column], lattice[row]?.[column + 1], lattice[row + 1]?.[column], lattice[row + 1]?.[column + 1]];
  const weights = [(1 - u) * (1 - v), u * (1 - v), (1 - u) * v, u * v];
  let longitude = 0;
  let latitude = 0;
  for (const [index, corner] of corners.entries()) {
    if (!corner) return null;
    longitude += weights[index]! * near(corner[0], corners[0]![0]);
    latitude += weights[index]! * corner[1];
  }
  return [((longitude + 540) % 360) - 180, latitude];
}

/** The same longitude, on the same side of the 180th meridian as another one. */
function near(longitude: number, other: number): number {
  return longitude + 360 * Math.round((other - longitude) / 360);
}

function hemisphere(degrees: number, positive: string, negative: string): string {
  return `${Math.abs(degrees).toFixed(5)}° ${degrees < 0 ? negative : positive}`;
}

function grouped(metres: number): string {
  return metres.toLocaleString("en-GB", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
}
