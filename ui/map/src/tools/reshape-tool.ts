import L from "../leaflet";
import type { ColumnRow, Ring } from "../contract";
import { openRing, partsOf, pointInRings, roundPoint } from "../geometry";
import { toLatLngs, toPixel } from "../map/pixel-crs";
import type { Tool, ToolContext } from "./tool";

/** More handles than this are shown only near the pointer. */
const MANY_CORNERS = 150;
const STYLE = { color: "#ffffff", weight: 2.5, opacity: 1, fillColor: "#0072B2", fillOpacity: 0.12 };

/** A parcel's corners, dragged with geoman; Enter saves, Escape leaves it as it was. */
export class ReshapeTool implements Tool {
  private shape: L.Polygon | null = null;
  private point: ColumnRow | null = null;
  private touched = false;

  constructor(private readonly context: ToolContext) {}

  enter(): void {}

  leave(): void {
    this.put();
    this.context.shapes()?.highlight([], "hover");
  }

  move(point: ColumnRow): void {
    const parcel = this.shape ? null : this.context.parcels.at(point);
    this.context.shapes()?.highlight(parcel ? [parcel] : [], "hover");
  }

  click(point: ColumnRow): void {
    if (this.touched) return this.context.say("Enter saves this parcel, Esc cancels.");
    const parcel = this.context.parcels.at(point);
    if (!parcel) return this.context.say("There is no parcel here.");
    const part = partsOf(parcel).find((rings) => pointInRings(rings, point));
    if (part) this.take(part, roundPoint(point));
  }

  key(event: KeyboardEvent): boolean {
    if (!this.shape) return false;
    if (event.key === "Enter") {
      this.save();
      return true;
    }
    if (event.key === "Escape") {
      this.put();
      return true;
    }
    return false;
  }

  private take(rings: Ring[], point: ColumnRow): void {
    this.put();
    this.point = point;
    this.context.shapes()?.highlight([], "hover");
    this.shape = L.polygon(rings.map((ring) => toLatLngs(openRing(ring))), {
      ...STYLE,
      pmIgnore: false,
      interactive: true,
    }).addTo(this.context.base.map);
    const corners = rings.reduce((sum, ring) => sum + ring.length, 0);
    this.shape.pm.enable({
      snappable: false,
      allowSelfIntersection: false,
      draggable: false,
      ...(corners > MANY_CORNERS ? { limitMarkersToCount: 40 } : {}),
    } as L.PM.EditModeOptions);
    this.shape.on("pm:edit pm:vertexadded pm:vertexremoved pm:markerdragstart", () => (this.touched = true));
    this.context.hint("Drag corners, right-click removes one. Enter saves, Esc cancels.");
  }

  private save(): void {
    const { shape, point } = this;
    if (!shape || !point) return;
    const rings = (shape.getLatLngs() as L.LatLng[][]).map((ring) => ring.map((corner) => roundPoint(toPixel(corner))));
    const touched = this.touched;
    this.put();
    if (touched && (rings[0]?.length ?? 0) >= 3) this.context.edit({ kind: "reshape", point, rings });
  }

  private put(): void {
    this.shape?.pm.disable();
    this.shape?.remove();
    this.shape = null;
    this.touched = false;
    this.context.hint("Click a parcel, drag its corners, Enter saves.");
  }
}
