import type { ColumnRow, Label } from "../contract";
import { inBounds, roundPoint } from "../geometry";
import type { Tool, ToolContext } from "./tool";

/** A click is a prompt. */
export class PointTool implements Tool {
  constructor(
    private readonly context: ToolContext,
    private readonly label: Label,
  ) {}

  enter(): void {
    this.context.hint("");
  }

  leave(): void {}

  click(point: ColumnRow, event: MouseEvent): void {
    this.place(point, event.shiftKey ? 0 : this.label);
  }

  secondClick(point: ColumnRow): void {
    this.place(point, 0);
  }

  private place(point: ColumnRow, label: Label): void {
    const bounds = this.context.bounds();
    if (!bounds) return;
    if (!inBounds(bounds, point)) {
      this.context.say("That is outside this tile. Go on with Enter, or click inside the frame.");
      return;
    }
    const [column, row] = roundPoint(point);
    this.context.edit({ kind: "prompt_set", id: crypto.randomUUID(), column, row, label });
  }
}
