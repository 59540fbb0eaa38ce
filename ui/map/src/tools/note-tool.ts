import type { ColumnRow } from "../contract";
import { inBounds } from "../geometry";
import type { Tool, ToolContext } from "./tool";

/** A click says where a note belongs. */
export class NoteTool implements Tool {
  constructor(private readonly context: ToolContext) {}

  enter(): void {
    // Nothing is drawn: the click alone counts.
  }

  leave(): void {
    this.context.pin(null);
  }

  click(point: ColumnRow): void {
    const bounds = this.context.bounds();
    if (bounds && inBounds(bounds, point)) this.context.pin(point);
    else this.context.say("Click inside this tile to pin a note.");
  }
}
