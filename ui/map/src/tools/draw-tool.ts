import L from "../leaflet";
import type { Ring } from "../contract";
import { roundPoint } from "../geometry";
import { toPixel } from "../map/pixel-crs";
import type { Tool, ToolContext } from "./tool";

type Shape = "Polygon" | "Line";

/** The parts of geoman's drawing that its types leave out. */
interface Drawing {
  _layer?: L.Polyline;
  _finishShape(): void;
  _removeLastVertex(): void;
}

const STYLE = { color: "#ffffff", weight: 2, opacity: 1 };

/** Drawing a polygon or a line corner by corner, by geoman with its own buttons left away. */
export class DrawTool implements Tool {
  constructor(
    private readonly context: ToolContext,
    private readonly shape: Shape,
    private readonly done: (ring: Ring) => void,
  ) {}

  enter(): void {
    const { map } = this.context.base;
    map.on("pm:create", this.created);
    map.pm.enableDraw(this.shape, {
      snappable: false,
      tooltips: false,
      continueDrawing: true,
      allowSelfIntersection: this.shape === "Line",
      cursorMarker: true,
      finishOn: this.shape === "Line" ? "dblclick" : null,
      templineStyle: STYLE,
      hintlineStyle: { ...STYLE, dashArray: "4 5" },
      pathOptions: { ...STYLE, fillOpacity: 0.1 },
    } as L.PM.DrawModeOptions);
  }

  leave(): void {
    const { map } = this.context.base;
    map.off("pm:create", this.created);
    map.pm.disableDraw();
  }

  key(event: KeyboardEvent): boolean {
    const undo = event.key.toLowerCase() === "z" && this.corners > 0;
    if (event.key === "Backspace" || event.key === "Delete" || undo) {
      this.takeBack();
      return true;
    }
    if (event.key === "Enter") {
      this.finish();
      return true;
    }
    if (event.key === "Escape" && this.corners > 0) {
      this.restart();
      return true;
    }
    return false;
  }

  private get drawing(): Drawing {
    const { Draw } = this.context.base.map.pm as unknown as { Draw: Record<Shape, Drawing> };
    return Draw[this.shape];
  }

  private get corners(): number {
    return (this.drawing._layer?.getLatLngs() as L.LatLng[] | undefined)?.length ?? 0;
  }

  private takeBack(): void {
    if (this.corners > 1) this.drawing._removeLastVertex();
    else this.restart();
  }

  private finish(): void {
    const least = this.shape === "Polygon" ? 3 : 2;
    if (this.corners >= least) this.drawing._finishShape();
    else this.context.say(`${least === 3 ? "An area needs three corners" : "A line needs two points"}.`);
  }

  private restart(): void {
    this.leave();
    this.enter();
  }

  private readonly created = (event: { layer: L.Layer }): void => {
    const drawn = event.layer as L.Polyline;
    drawn.remove();
    const latLngs = drawn.getLatLngs() as L.LatLng[] | L.LatLng[][];
    const line = (Array.isArray(latLngs[0]) ? latLngs[0] : latLngs) as L.LatLng[];
    this.done(line.map((latLng) => roundPoint(toPixel(latLng))));
  };
}
