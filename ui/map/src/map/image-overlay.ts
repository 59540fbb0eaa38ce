import L from "../leaflet";

/** Leaflet takes a ready picture as well as its address; its types know only the address. */
export function imageOverlay(
  image: HTMLImageElement,
  bounds: L.LatLngBounds,
  pane: string,
  opacity: number,
): L.ImageOverlay {
  return L.imageOverlay(image as unknown as string, bounds, { pane, opacity, interactive: false });
}
