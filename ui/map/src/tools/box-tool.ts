import type { ColumnRow } from "../contract";
import { clampToBounds, roundPoint } from "../geometry";
import { PointerDrag } from "./pointer-drag";
import type { Tool, ToolContext } from "./tool";

const LEAST_SCREEN_PIXELS = 4;

/** A box by dragging from one corner to the other. */
export class BoxTool implements Tool {
  private from: ColumnRow | null = null;
  private readonly drag: PointerDrag;

  constructor(private readonly context: ToolContext) {
    this.drag = new PointerDrag(context.base, {
      start: (point) => (this.from = this.inside(point)),
      drag: (point) => this.from && context.shapes()?.showRubberBand(this.from, this.inside(point)),
      end: (point) => this.finish(this.inside(point)),
      cancel: () => this.forget(),
    });
  }

  enter(): void {
    this.drag.enable();
  }

  leave(): void {
    this.drag.disable();
    this.forget();
  }

  key(event: KeyboardEvent): boolean {
    if (event.key !== "Escape" || !this.from) return false;
    this.forget();
    return true;
  }

  private finish(to: ColumnRow): void {
    const from = this.from;
    this.forget();
    if (!from) return;
    const least = LEAST_SCREEN_PIXELS / this.context.base.scale;
    if (Math.abs(to[0] - from[0]) < least || Math.abs(to[1] - from[1]) < least) return;
    const [left, top] = roundPoint([Math.min(from[0], to[0]), Math.min(from[1], to[1])]);
    const [right, bottom] = roundPoint([Math.max(from[0], to[0]), Math.max(from[1], to[1])]);
    this.context.edit({ kind: "box_set", id: crypto.randomUUID(), left, top, right, bottom });
  }

  private inside(point: ColumnRow): ColumnRow {
    const bounds = this.context.bounds();
    return bounds ? clampToBounds(bounds, point) : point;
  }

  private forget(): void {
    this.from = null;
    this.context.shapes()?.clearLive();
  }
}
