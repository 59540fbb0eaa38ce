import L from "../leaflet";
import { displayAspect, tileZoomFor } from "../geometry";

export type TileAddress = (level: number, x: number, y: number) => string;

const TILE = 256;

interface PrivateLevel {
  el: HTMLElement;
  origin: L.Point;
  zoom: number;
}

interface PrivateGridMap extends L.Map {
  _getNewPixelOrigin(center: L.LatLng, zoom: number): L.Point;
}

interface PrivateGridLayer {
  _setView(center: L.LatLng, zoom: number, noPrune?: boolean, noUpdate?: boolean): void;
  _clampZoom(zoom: number): number;
}

/**
 * Tiles of the scene's own pixels. Between two levels the finer one is taken, which Leaflet's own
 * rounding would not do.
 */
const PixelTileLayer = L.GridLayer.extend({
  initialize(this: L.GridLayer & { addressOf: TileAddress }, addressOf: TileAddress, options: L.GridLayerOptions) {
    this.addressOf = addressOf;
    L.Util.setOptions(this, options);
  },

  createTile(this: { addressOf: TileAddress }, coords: L.Coords, done: L.DoneCallback): HTMLElement {
    const image = document.createElement("img");
    image.alt = "";
    image.decoding = "async";
    image.draggable = false;
    image.onload = () => done(undefined, image);
    image.onerror = () => {
      // An empty square says more calmly than a broken picture that there is nothing.
      image.style.visibility = "hidden";
      done(new Error("no tile"), image);
    };
    image.src = this.addressOf(Math.max(0, -coords.z), coords.x, coords.y);
    return image;
  },

  _setView(this: { exactZoom: number }, center: L.LatLng, zoom: number, noPrune?: boolean, noUpdate?: boolean) {
    this.exactZoom = zoom;
    const parent = L.GridLayer.prototype as unknown as PrivateGridLayer;
    parent._setView.call(this as unknown as PrivateGridLayer, center, zoom, noPrune, noUpdate);
  },

  /**
   * Not rounded, as Leaflet does: tiles are a whole number of screen pixels wide, so only then do
   * their edges fall between two of them, wherever the level begins.
   */
  _setZoomTransform(this: { _map: PrivateGridMap }, level: PrivateLevel, center: L.LatLng, zoom: number) {
    const scale = this._map.getZoomScale(zoom, level.zoom);
    const place = level.origin.multiplyBy(scale).subtract(this._map._getNewPixelOrigin(center, zoom));
    L.DomUtil.setTransform(level.el, place, scale);
  },

  _clampZoom(this: { exactZoom: number | undefined }, zoom: number): number {
    return tileZoomFor(this.exactZoom ?? zoom);
  },
}) as unknown as new (addressOf: TileAddress, options: L.GridLayerOptions) => L.GridLayer;

export interface PixelTileOptions {
  pane: string;
  aspect: number;
  bounds: L.LatLngBounds;
  opacity?: number;
}

export function pixelTiles(addressOf: TileAddress, options: PixelTileOptions): L.GridLayer {
  const layer = new PixelTileLayer(addressOf, {
    pane: options.pane,
    bounds: options.bounds,
    opacity: options.opacity ?? 1,
    tileSize: L.point(TILE, Math.round(TILE * displayAspect(options.aspect))),
    // Zoom 0 is one screen pixel to one of the image; whole scenes are looked at far below it.
    minZoom: -40,
    noWrap: true,
    keepBuffer: 3,
    className: "cm-tiles",
  });
  layer.on("tileunload", ({ tile }: { tile: HTMLImageElement }) => giveUp(tile));
  return layer;
}

/** A picture that is not wanted any more keeps no connection from those that are. */
function giveUp(image: HTMLImageElement): void {
  image.onload = image.onerror = null;
  if (!image.complete) image.removeAttribute("src");
}
