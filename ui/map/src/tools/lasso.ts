import type { ColumnRow, Ring } from "../contract";
import { lengthOfLine, thinLine } from "../geometry";
import { PointerDrag } from "./pointer-drag";
import type { Tool, ToolContext } from "./tool";

/** Screen pixels: a shorter line is a click whose hand trembled. */
const LEAST_LINE_PX = 12;
const SPACING_PX = 2;

/** A line drawn around something with the hand; its end meets its beginning. */
export class Lasso {
  private line: Ring = [];
  private readonly drag: PointerDrag;

  /** `withShift`: only while Shift is held, so that the map can still be moved. */
  constructor(
    private readonly context: ToolContext,
    private readonly drawn: (ring: Ring) => void,
    withShift = false,
  ) {
    this.drag = new PointerDrag(
      context.base,
      {
        start: (point) => this.extend(point),
        drag: (point) => this.extend(point),
        end: () => this.finish(),
        cancel: () => this.forget(),
      },
      withShift,
    );
  }

  get active(): boolean {
    return this.drag.active;
  }

  enable(): void {
    this.drag.enable();
  }

  disable(): void {
    this.drag.disable();
    this.forget();
  }

  /** Gives up what is being drawn. */
  forget(): void {
    this.line = [];
    this.context.shapes()?.clearLive();
  }

  private extend(point: ColumnRow): void {
    this.line.push(point);
    this.context.shapes()?.showLasso(this.line);
  }

  private finish(): void {
    const { line } = this;
    const { scale } = this.context.base;
    this.forget();
    if (lengthOfLine(line) * scale < LEAST_LINE_PX) return;
    // The browser makes a click of it, too, which would choose the parcel where the line ended.
    swallowClick();
    this.drawn(thinLine(line, SPACING_PX / scale));
  }
}

/** The next click goes nowhere, unless the pointer is pressed anew before. */
function swallowClick(): void {
  const swallow = (event: MouseEvent): void => event.stopImmediatePropagation();
  document.addEventListener("click", swallow, { capture: true, once: true });
  document.addEventListener("pointerdown", () => document.removeEventListener("click", swallow, true), { capture: true, once: true });
}

/** Draws around parcels to choose them; a click chooses one. */
export class LassoTool implements Tool {
  private readonly lasso: Lasso;

  constructor(
    context: ToolContext,
    drawn: (ring: Ring) => void,
    private readonly clicked: (point: ColumnRow) => void,
  ) {
    this.lasso = new Lasso(context, drawn);
  }

  enter(): void {
    this.lasso.enable();
  }

  leave(): void {
    this.lasso.disable();
  }

  click(point: ColumnRow): void {
    this.clicked(point);
  }

  key(event: KeyboardEvent): boolean {
    if (event.key !== "Escape" || !this.lasso.active) return false;
    this.lasso.forget();
    return true;
  }
}
