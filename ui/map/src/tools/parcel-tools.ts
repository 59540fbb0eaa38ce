import type { ColumnRow, Parcel } from "../contract";
import { roundPoint } from "../geometry";
import type { Tool, ToolContext } from "./tool";

const NOTHING_HERE = "There is no parcel here.";

/** A click deletes the parcel below. */
export class DeleteParcelTool implements Tool {
  constructor(private readonly context: ToolContext) {}

  enter(): void {}

  leave(): void {
    this.context.shapes()?.highlight([], "hover");
  }

  move(point: ColumnRow): void {
    const parcel = this.context.parcels.at(point);
    this.context.shapes()?.highlight(parcel ? [parcel] : [], "hover");
  }

  click(point: ColumnRow): void {
    if (!this.context.parcels.at(point)) return this.context.say(NOTHING_HERE);
    this.context.shapes()?.highlight([], "hover");
    this.context.edit({ kind: "parcel_delete", point: roundPoint(point) });
  }
}

/** Clicks choose parcels, Enter or a double click makes them one. */
export class MergeTool implements Tool {
  private chosen = new Map<string, { parcel: Parcel; point: ColumnRow }>();

  constructor(private readonly context: ToolContext) {}

  enter(): void {
    this.choose(new Map());
  }

  leave(): void {
    this.choose(new Map());
    this.context.shapes()?.highlight([], "hover");
  }

  move(point: ColumnRow): void {
    const parcel = this.context.parcels.at(point);
    this.context.shapes()?.highlight(parcel ? [parcel] : [], "hover");
  }

  click(point: ColumnRow, event: MouseEvent): void {
    const parcel = this.context.parcels.at(point);
    if (!parcel) return this.context.say(NOTHING_HERE);
    const chosen = new Map(this.chosen);
    // The second click of a double click would unchoose what the first one chose.
    if (chosen.has(parcel.id) && event.detail < 2) chosen.delete(parcel.id);
    else chosen.set(parcel.id, { parcel, point: roundPoint(point) });
    this.choose(chosen);
  }

  doubleClick(): void {
    this.finish();
  }

  key(event: KeyboardEvent): boolean {
    if (event.key === "Enter") {
      this.finish();
      return true;
    }
    if (event.key === "Escape" && this.chosen.size > 0) {
      this.choose(new Map());
      return true;
    }
    return false;
  }

  refreshed(): void {
    // Other parcels may lie below the chosen points now.
    const again = new Map<string, { parcel: Parcel; point: ColumnRow }>();
    for (const { point } of this.chosen.values()) {
      const parcel = this.context.parcels.at(point);
      if (parcel) again.set(parcel.id, { parcel, point });
    }
    this.choose(again);
  }

  private choose(chosen: Map<string, { parcel: Parcel; point: ColumnRow }>): void {
    this.chosen = chosen;
    this.context.shapes()?.highlight([...chosen.values()].map(({ parcel }) => parcel), "chosen");
  }

  private finish(): void {
    const points = [...this.chosen.values()].map(({ point }) => point);
    if (points.length < 2) return this.context.say("Choose at least two parcels to merge.");
    this.choose(new Map());
    this.context.edit({ kind: "merge", points });
  }
}
