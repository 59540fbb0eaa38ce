import type { ColumnRow, Ring } from "../contract";
import { roundPoint, thinLine } from "../geometry";
import { PointerDrag } from "./pointer-drag";
import type { Tool, ToolContext } from "./tool";

const STEP = 1.25;
const LEAST = 1;
const MOST = 200;

/** Both brushes share their width. */
export interface BrushWidth {
  radius: number;
}

/** Painting with a round brush whose width is seen before and while it paints. */
export class BrushTool implements Tool {
  private line: Ring = [];
  private cursor: ColumnRow | null = null;
  private readonly drag: PointerDrag;

  constructor(
    private readonly context: ToolContext,
    private readonly add: boolean,
    private readonly width: BrushWidth,
  ) {
    this.drag = new PointerDrag(context.base, {
      start: (point) => this.extend(point, true),
      drag: (point) => this.extend(point, false),
      end: () => this.finish(),
      // Broken off by the browser, the stroke is kept as far as it was painted.
      cancel: () => this.finish(),
    });
  }

  enter(): void {
    this.drag.enable();
    this.context.base.element.addEventListener("pointerleave", this.left);
    this.sayWidth();
  }

  leave(): void {
    this.drag.disable();
    this.context.base.element.removeEventListener("pointerleave", this.left);
    this.cursor = null;
    this.forget();
  }

  move(point: ColumnRow): void {
    this.cursor = point;
    this.draw();
  }

  key(event: KeyboardEvent): boolean {
    if (event.key === "Escape" && this.drag.active) {
      this.forget();
      return true;
    }
    if (event.key !== "[" && event.key !== "]") return false;
    const wider = event.key === "]" ? STEP : 1 / STEP;
    const radius = Math.min(MOST, Math.max(LEAST, this.width.radius * wider));
    this.width.radius = Math.round(radius * 10) / 10;
    this.sayWidth();
    this.draw();
    return true;
  }

  private readonly left = (): void => {
    if (this.drag.active) return;
    this.cursor = null;
    this.draw();
  };

  private sayWidth(): void {
    const metres = 2 * this.width.radius * this.context.base.scene.gsd_m;
    const shown = metres >= 10 ? metres.toFixed(0) : metres.toFixed(1);
    this.context.hint(`${this.add ? "Paint cropland" : "Paint over what to remove"}. Width ${shown} m; [ and ] change it.`);
  }

  private extend(point: ColumnRow, fresh: boolean): void {
    // What goes on after Escape is no stroke any more.
    if (!fresh && this.line.length === 0) return;
    this.line = fresh ? [point] : [...this.line, point];
    this.cursor = point;
    this.draw();
  }

  private finish(): void {
    const { radius } = this.width;
    // A quarter of the radius is finer than the brush can show.
    const line = thinLine(this.line, Math.max(0.25, radius / 4)).map(roundPoint);
    this.forget();
    if (line.length > 0) this.context.edit({ kind: "brush", line, radius, add: this.add });
  }

  private forget(): void {
    this.line = [];
    this.draw();
  }

  private draw(): void {
    this.context.shapes()?.showBrush(this.line, this.width.radius, this.add, this.cursor);
  }
}
