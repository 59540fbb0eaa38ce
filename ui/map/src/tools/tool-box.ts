import type { ColumnRow, Parcel, Ring } from "../contract";
import { BoxTool } from "./box-tool";
import { BrushTool, type BrushWidth } from "./brush-tool";
import { DrawTool } from "./draw-tool";
import { LassoTool } from "./lasso";
import { MeasureTool } from "./measure-tool";
import { DeleteParcelTool, MergeTool } from "./parcel-tools";
import { NoteTool } from "./note-tool";
import { PointTool } from "./point-tool";
import { ReshapeTool } from "./reshape-tool";
import { SelectTool } from "./select-tool";
import { roundPoint } from "../geometry";
import { splittingLine } from "../splitting-line";
import { TOOLS, type Tool, type ToolContext, type ToolId, type ToolInfo } from "./tool";

/** Screen pixels by which an end of a splitting line may miss the border. */
const SPLIT_REACH_PX = 24;

/** The active tool; passes the map's clicks and the keys to it. */
export class ToolBox {
  private readonly tools: Record<ToolId, Tool>;
  /** What is done with the parcel that is looked at. */
  readonly select: SelectTool;
  private current: ToolId = "positive";

  constructor(
    private readonly context: ToolContext,
    private readonly changed: (tool: ToolInfo) => void,
  ) {
    const width: BrushWidth = { radius: 12 };
    const area = (kind: "area_add" | "area_remove") => (ring: Ring) => context.edit({ kind, ring });
    this.select = new SelectTool(context);
    this.tools = {
      select: this.select,
      lasso: new LassoTool(
        context,
        (ring) => this.chooseInside(ring),
        (point) => this.chooseParcels([context.parcels.at(point)]),
      ),
      positive: new PointTool(context, 1),
      negative: new PointTool(context, 0),
      box: new BoxTool(context),
      area_add: new DrawTool(context, "Polygon", area("area_add")),
      area_remove: new DrawTool(context, "Polygon", area("area_remove")),
      brush_add: new BrushTool(context, true, width),
      brush_erase: new BrushTool(context, false, width),
      split: new DrawTool(context, "Line", (line) => this.split(line)),
      merge: new MergeTool(context),
      parcel_delete: new DeleteParcelTool(context),
      reshape: new ReshapeTool(context),
      measure: new MeasureTool(context),
      note: new NoteTool(context),
    };
  }

  /** A line that splits nothing is no step: the person is told instead. */
  private split(line: Ring): void {
    const { context } = this;
    const whole = splittingLine(line, context.parcels.all, SPLIT_REACH_PX / context.base.scale);
    if (whole) context.edit({ kind: "split", line: whole.map(roundPoint) });
    else context.say("The line does not cross a parcel. Draw it from border to border.");
  }

  get info(): ToolInfo {
    return TOOLS.find(({ id }) => id === this.current)!;
  }

  choose(id: ToolId): void {
    this.tools[this.current].leave();
    this.current = id;
    this.context.hint(this.info.hint);
    this.tools[id].enter();
    this.changed(this.info);
  }

  /** Chooses parcels elsewhere than by a click on the map. */
  chooseParcels(parcels: (Parcel | null)[]): void {
    if (this.current !== "select") this.choose("select");
    this.select.choose(parcels.filter((parcel) => parcel !== null));
  }

  private chooseInside(ring: Ring): void {
    this.choose("select");
    this.select.chooseInside(ring);
  }

  /** Leaves what is being drawn, before the map goes on to another tile. */
  restart(): void {
    this.choose(this.current);
  }

  dispose(): void {
    this.tools[this.current].leave();
  }

  click(point: ColumnRow, event: MouseEvent): void {
    this.tools[this.current].click?.(point, event);
  }

  secondClick(point: ColumnRow): void {
    this.tools[this.current].secondClick?.(point);
  }

  doubleClick(point: ColumnRow): void {
    this.tools[this.current].doubleClick?.(point);
  }

  move(point: ColumnRow): void {
    this.tools[this.current].move?.(point);
  }

  refreshed(): void {
    this.tools[this.current].refreshed?.();
  }

  /** Whether the tool used the key; Escape in the end goes back to points. */
  key(event: KeyboardEvent): boolean {
    if (this.tools[this.current].key?.(event)) return true;
    if (event.key !== "Escape" || this.current === "positive") return false;
    this.choose("positive");
    return true;
  }
}
