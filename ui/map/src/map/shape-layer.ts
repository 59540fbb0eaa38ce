import L from "../leaflet";
import type { Bounds, Box, ChangedAcceptance, ColumnRow, Edit, Parcel, Ring } from "../contract";
import { partsOf, pathOfLine, pathOfRings } from "../geometry";
import { paneName } from "./base-map";
import { toLatLngBounds } from "./pixel-crs";
import { svgElement } from "./prompt-layer";

/**
 * Shapes in native pixels over the tile's window: the drawing's own coordinates are the image's, so
 * nothing is computed anew when the map moves, and a brush is exactly as wide as it paints.
 */
export class ShapeLayer {
  private readonly svg = svgElement("svg", { preserveAspectRatio: "none", class: "cm-shapes" });
  private readonly ghosts = this.group("ghosts");
  private readonly boxes = this.group("boxes");
  private readonly highlights = this.group("highlights");
  private readonly accepted = this.group("accepted");
  private readonly live = this.group("live");
  private readonly overlay: L.SVGOverlay;
  private boxPointedAt: string | null = null;

  constructor(
    map: L.Map,
    bounds: Bounds,
    private readonly removeBox: (id: string) => void,
  ) {
    this.svg.setAttribute("viewBox", bounds.join(" "));
    this.overlay = L.svgOverlay(this.svg, toLatLngBounds(bounds), { pane: paneName("shapes"), interactive: false });
    this.overlay.addTo(map);
  }

  get currentBox(): string | null {
    return this.boxPointedAt;
  }

  showBoxes(boxes: Box[]): void {
    this.boxPointedAt = boxes.some(({ id }) => id === this.boxPointedAt) ? this.boxPointedAt : null;
    this.boxes.replaceChildren(...boxes.flatMap((box) => this.drawBox(box)));
  }

  /** Corrections whose outcome is not on the screen yet. */
  showGhosts(edits: Edit[]): void {
    this.ghosts.replaceChildren(...edits.flatMap(ghostOf));
  }

  highlight(parcels: Parcel[], kind: "hover" | "chosen" | "locked"): void {
    const rings = parcels.flatMap((parcel) => partsOf(parcel).flat());
    const className = `cm-highlight-${kind}`;
    this.highlights.querySelector(`.${className}`)?.remove();
    if (rings.length === 0) return;
    this.highlights.append(svgElement("path", { d: pathOfRings(rings), class: className, "fill-rule": "evenodd" }));
  }

  /** Shapes as they were signed, of which something else has become. */
  showAccepted(changed: ChangedAcceptance[]): void {
    const paths = changed.flatMap(({ parts }) => {
      const d = pathOfRings(parts.flat());
      return ["cm-accepted-halo", "cm-accepted-shape"].map((name) => svgElement("path", { d, class: name, "fill-rule": "evenodd" }));
    });
    this.accepted.replaceChildren(...paths);
  }

  showRubberBand(from: ColumnRow, to: ColumnRow): void {
    const [left, right] = [Math.min(from[0], to[0]), Math.max(from[0], to[0])];
    const [top, bottom] = [Math.min(from[1], to[1]), Math.max(from[1], to[1])];
    this.live.replaceChildren(
      svgElement("rect", { x: left, y: top, width: right - left, height: bottom - top, class: "cm-rubber-band" }),
    );
  }

  /** A line that is being drawn around something. */
  showLasso(line: Ring): void {
    const d = pathOfRings([line]);
    this.live.replaceChildren(...["cm-lasso-halo", "cm-lasso"].map((name) => svgElement("path", { d, class: name })));
  }

  showBrush(line: Ring, radius: number, add: boolean, cursor: ColumnRow | null): void {
    const kind = add ? "add" : "erase";
    const shapes: SVGElement[] = [];
    if (line.length > 0) {
      const width = 2 * radius;
      shapes.push(svgElement("path", { d: pathOfLine(line), class: `cm-stroke cm-stroke-${kind}`, "stroke-width": width }));
    }
    if (cursor) {
      const [cx, cy] = cursor;
      shapes.push(svgElement("circle", { cx, cy, r: radius, class: "cm-brush-halo" }));
      shapes.push(svgElement("circle", { cx, cy, r: radius, class: `cm-brush cm-brush-${kind}` }));
    }
    this.live.replaceChildren(...shapes);
  }

  clearLive(): void {
    this.live.replaceChildren();
  }

  remove(): void {
    this.overlay.remove();
  }

  private group(name: string): SVGGElement {
    const group = svgElement("g", { class: `cm-shapes-${name}` });
    this.svg.append(group);
    return group;
  }

  private drawBox(box: Box): SVGElement[] {
    const place = { x: box.left, y: box.top, width: box.right - box.left, height: box.bottom - box.top };
    // A line is hard to hit: an invisible broad one below it takes the pointer.
    const handle = svgElement("rect", { ...place, class: "cm-box-handle", "data-testid": "box", "data-box": box.id });
    handle.addEventListener("mouseenter", () => (this.boxPointedAt = box.id));
    handle.addEventListener("mouseleave", () => (this.boxPointedAt = null));
    handle.addEventListener("contextmenu", (event) => this.removeByPointer(event, box.id));
    handle.addEventListener("click", (event) => {
      if (event.altKey) this.removeByPointer(event, box.id);
      else L.DomEvent.stop(event);
    });
    return [svgElement("rect", { ...place, class: "cm-box-halo" }), svgElement("rect", { ...place, class: "cm-box" }), handle];
  }

  private removeByPointer(event: MouseEvent, id: string): void {
    L.DomEvent.stop(event);
    this.removeBox(id);
  }
}

function ghostOf(edit: Edit): SVGElement[] {
  switch (edit.kind) {
    case "area_add":
    case "area_remove": {
      const kind = edit.kind === "area_add" ? "add" : "erase";
      return [svgElement("path", { d: pathOfRings([edit.ring]), class: `cm-ghost cm-ghost-${kind}` })];
    }
    case "brush": {
      const className = `cm-stroke cm-stroke-${edit.add ? "add" : "erase"}`;
      return [svgElement("path", { d: pathOfLine(edit.line), class: className, "stroke-width": 2 * edit.radius })];
    }
    case "split":
      return [svgElement("path", { d: pathOfLine(edit.line), class: "cm-ghost-line" })];
    case "reshape":
    case "border_move":
      return [svgElement("path", { d: pathOfRings(edit.rings), class: "cm-ghost cm-ghost-add", "fill-rule": "evenodd" })];
    default:
      return [];
  }
}
