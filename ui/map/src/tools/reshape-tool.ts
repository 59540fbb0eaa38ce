import L from "../leaflet";
import type { ColumnRow, Parcel, Ring } from "../contract";
import { DraggedRing, movedNeighbours, parcelsBeside } from "../dragged-corners";
import { lengthOfRing, openRing, partsOf, pointInRings, roundPoint } from "../geometry";
import { toLatLngs, toPixel } from "../map/pixel-crs";
import type { Tool, ToolContext } from "./tool";

/** Corners closer than this on the screen cannot be told apart, and dragging one makes a spike. */
const CLOSE_PX = 18;
/** By so much, on the screen, such an outline may differ from the one with all its corners. */
const UNSEEN_PX = 1.5;
const STYLE = { color: "#ffffff", weight: 2.5, opacity: 1, fillColor: "#0072B2", fillOpacity: 0.12 };
const NEIGHBOUR_STYLE = { color: "#ffffff", weight: 1.5, dashArray: "5 4", fill: false, interactive: false, pmIgnore: true };

/** What geoman tells of a corner: the number of its ring, then its own. */
interface CornerEvent {
  indexPath: number[];
  latlng?: L.LatLng;
  markerEvent?: { target: L.Marker };
}

interface Taken {
  parcel: Parcel;
  point: ColumnRow;
  rings: DraggedRing[];
  beside: Parcel[];
}

/**
 * A parcel's corners, dragged with geoman; Enter saves, Escape leaves it as it was. What neighbours
 * share with it goes along, unless the person says otherwise.
 */
export class ReshapeTool implements Tool {
  private shape: L.Polygon | null = null;
  private taken: Taken | null = null;
  private touched = false;
  private alone = false;
  /** What the hint says of corners without a handle. */
  private closer = "";
  private readonly neighbours: L.LayerGroup = L.layerGroup();

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
    if (part) this.take(parcel, part, roundPoint(point));
  }

  key(event: KeyboardEvent): boolean {
    if (!this.shape) return false;
    if (event.key === "Enter") this.save();
    else if (event.key === "Escape") this.put();
    else if (event.key.toLowerCase() === "x" && !event.ctrlKey && !event.metaKey) this.setAlone(!this.alone);
    else return false;
    return true;
  }

  private take(parcel: Parcel, part: Ring[], point: ColumnRow): void {
    this.put();
    this.context.shapes()?.highlight([], "hover");
    const shown = this.isCrowded(part) ? part.map((ring) => this.withFewerCorners(ring)) : part;
    const rings = part.map((ring, index) => new DraggedRing(ring, shown[index]!));
    this.taken = { parcel, point, rings, beside: parcelsBeside(this.context.parcels.all, parcel) };
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
    this.listen(this.shape, rings);
    this.neighbours.addTo(this.context.base.map);
    this.closer = shown === part ? "" : " Zoom in first for more corners.";
    this.tell();
  }

  private tell(): void {
    const beside = this.alone ? "Neighbours stay as they are (X: they move along)." : "Neighbours move along (X: they stay).";
    this.context.hint(`Drag the corners; right-click removes one. ${beside} Enter saves, Esc cancels.${this.closer}`);
  }

  private listen(shape: L.Polygon, rings: DraggedRing[]): void {
    const on = (name: string, heed: (ring: DraggedRing, corner: number, event: CornerEvent) => void): void => {
      shape.on(name, (event) => {
        const told = event as unknown as CornerEvent;
        const [ring, corner] = told.indexPath as [number, number];
        this.touched = true;
        heed(rings[ring]!, corner, told);
        this.showNeighbours();
      });
    };
    on("pm:vertexadded", (ring, corner, { latlng }) => ring.add(corner, toPixel(latlng!)));
    on("pm:vertexremoved", (ring, corner) => ring.remove(corner));
    on("pm:markerdrag", (ring, corner, { markerEvent }) => ring.drag(corner, toPixel(markerEvent!.target.getLatLng())));
    shape.on("pm:markerdragend", () => this.heedPlaces());
  }

  /** Where geoman put the corners in the end: it takes back a drag that would cross the border. */
  private heedPlaces(): void {
    const { shape, taken } = this;
    if (!shape || !taken) return;
    for (const [index, ring] of (shape.getLatLngs() as L.LatLng[][]).entries()) taken.rings[index]!.settle(ring.map(toPixel));
    this.showNeighbours();
  }

  private setAlone(alone: boolean): void {
    this.alone = alone;
    this.showNeighbours();
    this.tell();
  }

  private showNeighbours(): void {
    this.neighbours.clearLayers();
    for (const rings of this.along()) L.polygon(rings.map(toLatLngs), NEIGHBOUR_STYLE).addTo(this.neighbours);
  }

  /** Rings of neighbours that go along. */
  private along(): Ring[][] {
    const { taken } = this;
    return taken && !this.alone ? movedNeighbours(taken.beside, taken.parcel.id, taken.rings) : [];
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
    const { taken, touched } = this;
    if (!taken) return;
    const along = this.along().length > 0;
    const [rings, before] = [taken.rings.map((ring) => ring.after), taken.rings.map((ring) => ring.before)];
    this.put();
    if (!touched || (rings[0]?.length ?? 0) < 3) return;
    const { point } = taken;
    this.context.edit(along ? { kind: "border_move", point, rings, before } : { kind: "reshape", point, rings });
  }

  private put(): void {
    this.shape?.pm.disable();
    this.shape?.remove();
    this.neighbours.clearLayers();
    this.shape = null;
    this.taken = null;
    this.touched = false;
    this.alone = false;
    this.context.hint("Click a parcel, drag its corners, Enter saves.");
  }
}
