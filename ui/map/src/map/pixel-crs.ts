import L from "../leaflet";
import type { Bounds, ColumnRow, Ring } from "../contract";
import { displayAspect } from "../geometry";

/**
 * Leaflet's plane over native pixels: longitude is the column, latitude the row with its sign
 * turned. Pixels that are not square on the ground are drawn as they are there.
 */
export function pixelCrs(aspect: number): L.CRS {
  const transformation = new L.Transformation(1, 0, -displayAspect(aspect), 0);
  return L.extend({}, L.CRS.Simple, { transformation }) as L.CRS;
}

export function toLatLng([column, row]: ColumnRow): L.LatLng {
  return L.latLng(-row, column);
}

export function toPixel({ lat, lng }: L.LatLng): ColumnRow {
  return [lng, -lat];
}

export function toLatLngs(ring: Ring): L.LatLng[] {
  return ring.map(toLatLng);
}

export function toLatLngBounds([column, row, width, height]: Bounds): L.LatLngBounds {
  return L.latLngBounds(toLatLng([column, row]), toLatLng([column + width, row + height]));
}
