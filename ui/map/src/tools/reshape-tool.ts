import L from "../leaflet";
import type { ColumnRow, Ring } from "../contract";
import { lengthOfRing, openRing, partsOf, pointInRings, roundPoint } from "../geometry";
import { toLatLngs, toPixel } from "../map/pixel-crs";
import type { Tool, ToolContext } from "./tool";

/** Corners closer than this on the screen cannot be told apart, and dragging one makes a spike. */
const CLOSE_PX = 18;
/** By so much, on the screen, such an outline may differ from the one with all its corners. */
const UNSEEN_PX = 1.5;
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
    const shown = this.isCrowded(rings) ? rings.map((ring) => this.withFewerCorners(ring)) : rings;
    this.shape = L.polygon(shown.map((ring) => toLatLngs(openRing(ring))), {
      ...STYLE,
      pmIgnore: false,
      interactive: true,
    }).addTo(this.context.base.map);
    this.shape.pm.enable({
      snappable: false,
      allowSelfIntersection: false,
      draggable: false,
      hideMiddleMarkers: this.isCrowded(shown),
    } as L.PM.EditModeOptions);
    this.shape.on("pm:edit pm:vertexadded pm:vertexremoved pm:markerdragstart", () => (this.touched = true));
    const closer = shown === rings ? "" : " Zoom in first for more corners.";
    this.context.hint(`Drag the corners; right-click removes one. Enter saves, Esc cancels.${closer}`);
  }

  private isCrowded(rings: Ring[]): boolean {
    const corners = rings.reduce((sum, ring) => sum + ring.length, 0);
    const length = rings.reduce((sum, ring) => sum + lengthOfRing(ring), 0);
    return (length * this.context.base.scale) / corners < CLOSE_PX;
  }

  private withFewerCorners(ring: Ring): Ring {
    const open = openRing(ring);
    const line = [...open, ...open.slice(0, 1)].map(([column, row]) => L.point(column, row));
    const fewer = L.LineUtil.simplify(line, UNSEEN_PX / this.context.base.scale).slice(0, -1);
    return fewer.length >= 3 ? fewer.map(({ x, y }) => [x, y]) : open;
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
