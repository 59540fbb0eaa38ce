import { formatArea } from "../area";
import L from "../leaflet";
import type { ColumnRow, Ring } from "../contract";
import { areaOfRing, lengthOfLine } from "../geometry";
import { paneName } from "../map/base-map";
import { toLatLngs } from "../map/pixel-crs";
import type { Tool, ToolContext } from "./tool";

const LOOK = { color: "#ffffff", weight: 2, dashArray: "6 4", interactive: false, pmIgnore: true };

/** Clicks measure a way, and the area that it goes around; nothing is changed. */
export class MeasureTool implements Tool {
  private line: Ring = [];
  private pointer: ColumnRow | null = null;
  private drawn: L.Polyline | null = null;
  private ended = false;

  constructor(private readonly context: ToolContext) {}

  enter(): void {
    this.forget();
  }

  leave(): void {
    this.forget();
  }

  click(point: ColumnRow): void {
    if (this.ended) this.forget();
    const last = this.line.at(-1);
    // The second click of a double click is at the same place.
    if (!last || Math.hypot(last[0] - point[0], last[1] - point[1]) * this.context.base.scale > 1) this.line.push(point);
    this.show();
  }

  doubleClick(): void {
    this.end();
  }

  move(point: ColumnRow): void {
    if (this.line.length === 0 || this.ended) return;
    this.pointer = point;
    this.show();
  }

  key(event: KeyboardEvent): boolean {
    if (event.key === "Enter" && this.line.length > 0 && !this.ended) {
      this.end();
      return true;
    }
    if (event.key === "Backspace" && this.line.length > 0) {
      this.line.pop();
      this.show();
      return true;
    }
    if (event.key !== "Escape" || this.line.length === 0) return false;
    this.forget();
    return true;
  }

  private end(): void {
    this.ended = true;
    this.pointer = null;
    this.show();
  }

  private forget(): void {
    this.line = [];
    this.pointer = null;
    this.ended = false;
    this.show();
  }

  private show(): void {
    this.drawn?.remove();
    this.drawn = null;
    const line = this.pointer ? [...this.line, this.pointer] : this.line;
    if (line.length === 0) return this.context.hint("Click along a line; Enter ends it, Esc starts again.");
    const { base } = this.context;
    this.drawn = L.polyline(toLatLngs(line), { ...LOOK, pane: paneName("shapes") }).addTo(base.map);
    const { gsd_m: gsd, aspect } = base.scene;
    // A pixel's area is the square of the ground sampling distance whatever its shape.
    const ground = line.map(([column, row]): ColumnRow => [(column * gsd) / Math.sqrt(aspect), row * gsd * Math.sqrt(aspect)]);
    const area = ground.length > 2 ? ` · around it ${formatArea(areaOfRing(ground) / 10_000)}` : "";
    this.context.hint(formatMetres(lengthOfLine(ground)) + area);
  }
}

function formatMetres(metres: number): string {
  if (metres >= 10_000) return `${(metres / 1000).toFixed(1)} km`;
  return metres >= 100 ? `${metres.toFixed(0)} m` : `${metres.toFixed(1)} m`;
}
