import L from "../leaflet";
import type { Parcel, Ring } from "../contract";
import { partsOf, type Extent } from "../geometry";

/** The parts of Leaflet's renderer that its types leave out. */
interface PrivateRenderer {
  _map: L.Map;
  _container: HTMLCanvasElement | null;
  _bounds: L.Bounds;
  _update(): void;
  _updateTransform(center: L.LatLng, zoom: number): void;
}

interface DrawingRenderer extends PrivateRenderer {
  draw(canvas: HTMLCanvasElement, bounds: L.Bounds): void;
}

/** Leaflet's own base of SVG and canvas: where the drawing lies, and its way through zooming. */
const CanvasBase = L.Renderer.extend({
  _initContainer(this: DrawingRenderer) {
    this._container = document.createElement("canvas");
  },
  _destroyContainer(this: DrawingRenderer) {
    this._container?.remove();
    this._container = null;
  },
  _update(this: DrawingRenderer) {
    const parent = L.Renderer.prototype as unknown as PrivateRenderer;
    if ((this._map as unknown as { _animatingZoom?: boolean })._animatingZoom && this._bounds) return;
    parent._update.call(this);
    const canvas = this._container!;
    const size = this._bounds.getSize();
    const density = window.devicePixelRatio || 1;
    L.DomUtil.setPosition(canvas, this._bounds.min!);
    canvas.width = Math.ceil(size.x * density);
    canvas.height = Math.ceil(size.y * density);
    canvas.style.width = `${canvas.width / density}px`;
    canvas.style.height = `${canvas.height / density}px`;
    this.draw(canvas, this._bounds);
  },
}) as unknown as new (options: L.RendererOptions) => L.Renderer & DrawingRenderer;

/** What is drawn together, and can be left out where it is not seen. */
export interface Drawn {
  extent: Extent;
  path: Path2D;
}

/**
 * Shapes drawn from native pixels by one matrix: ten thousand parcels need no projecting, clipping
 * and simplifying of each corner, which took most of a second.
 */
export abstract class PathCanvas<Item extends Drawn> {
  private readonly renderer: L.Renderer & DrawingRenderer;
  private drawn: Item[] = [];

  constructor(
    private readonly map: L.Map,
    pane: string,
  ) {
    this.renderer = new CanvasBase({ pane, padding: 0.3 });
    this.renderer.draw = (canvas, bounds) => this.draw(canvas, bounds);
    this.renderer.addTo(map);
  }

  /** Draws what is seen; the paths are in the canvas's pixels, `density` of them to one of the screen. */
  protected abstract paint(pen: CanvasRenderingContext2D, seen: Item[], density: number): void;

  protected draws(drawn: Item[]): void {
    if (drawn.length === 0 && this.drawn.length === 0) return;
    this.drawn = drawn;
    this.renderer._update();
  }

  private draw(canvas: HTMLCanvasElement, bounds: L.Bounds): void {
    const pen = canvas.getContext("2d");
    if (!pen) return;
    const matrix = this.matrix(bounds, canvas.width / Math.max(1, bounds.getSize().x));
    const seen = this.drawn.filter(({ extent }) => touches(extent, matrix, canvas));
    const placed = seen.map((item) => ({ ...item, path: moved(item.path, matrix) }));
    this.paint(pen, placed, window.devicePixelRatio || 1);
  }

  /** From native pixels to the canvas's own. */
  private matrix(bounds: L.Bounds, density: number): DOMMatrix {
    const at = (lat: number, lng: number): L.Point =>
      this.map.project([lat, lng]).subtract(this.map.getPixelOrigin()).subtract(bounds.min!);
    const start = at(0, 0);
    const across = at(0, 1).subtract(start);
    const down = at(-1, 0).subtract(start);
    return new DOMMatrix([
      across.x * density,
      across.y * density,
      down.x * density,
      down.y * density,
      start.x * density,
      start.y * density,
    ]);
  }
}

const PATHS = new WeakMap<Parcel, Path2D>();

/** All parcels in one path; what a parcel adds to it is made once. */
export function pathOfParcels(parcels: Parcel[]): Path2D {
  const path = new Path2D();
  for (const parcel of parcels) {
    let own = PATHS.get(parcel);
    if (!own) PATHS.set(parcel, (own = pathOf(partsOf(parcel).flat())));
    path.addPath(own);
  }
  return path;
}

/** Share of the first edge that is drawn once more. */
const AGAIN = 0.01;

function pathOf(rings: Ring[]): Path2D {
  const path = new Path2D();
  for (const ring of rings) {
    ring.forEach(([column, row], index) => (index === 0 ? path.moveTo(column, row) : path.lineTo(column, row)));
    // Not closePath: Chromium measures all of a path with each, 20 s for ten thousand parcels.
    const [first, second] = ring;
    if (first) path.lineTo(first[0], first[1]);
    // A little way on, so that the corner where the ring began is joined as the others are.
    if (first && second) path.lineTo(first[0] + (second[0] - first[0]) * AGAIN, first[1] + (second[1] - first[1]) * AGAIN);
  }
  return path;
}

/** The path, not the pen, goes through the matrix: a pen would draw lines of two widths. */
function moved(path: Path2D, matrix: DOMMatrix): Path2D {
  const place = new Path2D();
  place.addPath(path, matrix);
  return place;
}

function touches([left, top, right, bottom]: Extent, matrix: DOMMatrix, canvas: HTMLCanvasElement): boolean {
  const first = matrix.transformPoint({ x: left, y: top });
  const last = matrix.transformPoint({ x: right, y: bottom });
  return last.x >= 0 && last.y >= 0 && first.x <= canvas.width && first.y <= canvas.height;
}
