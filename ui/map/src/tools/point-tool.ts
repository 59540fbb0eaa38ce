import type { ColumnRow, PromptLabel, Prompt } from "../contract";
import { inBounds, roundPoint } from "../geometry";
import type { Tool, ToolContext } from "./tool";

/** The field that a person's last positive point means; none where there is no such point. */
export function lastField(prompts: Prompt[]): string | undefined {
  const last = prompts.filter(({ source, label }) => source === "person" && label === 1).at(-1);
  return last && (last.field ?? last.id);
}

/** A click is a prompt; with Ctrl held it means the same field as the last one. */
export class PointTool implements Tool {
  constructor(
    private readonly context: ToolContext,
    private readonly label: PromptLabel,
  ) {}

  enter(): void {
    this.context.hint("");
  }

  leave(): void {}

  click(point: ColumnRow, event: MouseEvent): void {
    const label = event.shiftKey ? 0 : this.label;
    const more = (event.ctrlKey || event.metaKey) && label === 1;
    this.place(point, label, more ? lastField(this.context.prompts()) : undefined);
  }

  secondClick(point: ColumnRow): void {
    this.place(point, 0);
  }

  private place(point: ColumnRow, label: PromptLabel, field?: string): void {
    const bounds = this.context.bounds();
    if (!bounds) return;
    if (!inBounds(bounds, point)) {
      this.context.say("That is outside this tile. Click inside the frame, or press Enter for the next tile.");
      return;
    }
    const [column, row] = roundPoint(point);
    this.context.edit({ kind: "prompt_set", id: crypto.randomUUID(), column, row, label, ...(field && { field }) });
  }
}
