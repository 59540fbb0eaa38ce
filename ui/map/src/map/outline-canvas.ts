import type { Ring } from "../contract";
import type { Extent } from "../geometry";
import { PathCanvas, pathOf, type Drawn } from "./path-canvas";

export interface OutlineStyle {
  color: string;
  width: number;
}

/** Lines of one kind. */
export interface OutlineChunk {
  extent: Extent;
  rings: Ring[];
  style: OutlineStyle;
}

interface DrawnOutline extends Drawn {
  style: OutlineStyle;
}

const CASING: OutlineStyle = { color: "rgb(16 32 26 / 50%)", width: 3.2 };

/** Outlines that stand out from any ground by their casing. */
export class OutlineCanvas extends PathCanvas<DrawnOutline> {
  show(chunks: OutlineChunk[]): void {
    this.draws(chunks.map(({ extent, rings, style }) => ({ extent, style, path: pathOf(rings) })));
  }

  protected paint(pen: CanvasRenderingContext2D, seen: DrawnOutline[], density: number): void {
    pen.lineJoin = "round";
    for (const { path } of seen) stroke(pen, path, CASING, density);
    for (const { path, style } of seen) stroke(pen, path, style, density);
  }
}

function stroke(pen: CanvasRenderingContext2D, path: Path2D, style: OutlineStyle, density: number): void {
  pen.strokeStyle = style.color;
  pen.lineWidth = style.width * density;
  pen.stroke(path);
}
