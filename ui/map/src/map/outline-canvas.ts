import type { Parcel } from "../contract";
import type { Extent } from "../geometry";
import type { ParcelLook } from "../parcel-kind";
import { PathCanvas, pathOfParcels, type Drawn } from "./path-canvas";

type OutlineStyle = Pick<ParcelLook, "color" | "width" | "dash" | "fill">;

/** How much of the image shows through the colour of a crop. */
const TINT = 0.5;

/** Lines of one kind. */
export interface OutlineChunk {
  extent: Extent;
  parcels: Parcel[];
  style: OutlineStyle;
  /** Fills the parcels and draws no line. */
  tint?: string;
  /** Not what the person wants to see now: under a veil, with a faint line. */
  dim?: boolean;
}

interface DrawnOutline extends Drawn {
  style: OutlineStyle;
  tint?: string;
  dim?: boolean;
}

const VEIL = "#10201a";
const CASING: OutlineStyle = { color: "rgb(16 32 26 / 50%)", width: 3.2, dash: [], fill: "" };
/** Screen pixels from one line of a pattern to the next. */
const SPACING = 9;

/** Outlines that stand out from any ground by their casing. */
export class OutlineCanvas extends PathCanvas<DrawnOutline> {
  show(chunks: OutlineChunk[]): void {
    this.draws(chunks.map(({ parcels, ...rest }) => ({ ...rest, path: pathOfParcels(parcels) })));
  }

  protected paint(pen: CanvasRenderingContext2D, all: DrawnOutline[], density: number): void {
    pen.lineJoin = "round";
    for (const { path, style } of all.filter(({ dim }) => dim)) {
      paintOver(pen, path, VEIL);
      stroke(pen, path, style, density);
    }
    for (const { path, tint } of all) if (tint) paintOver(pen, path, tint);
    const seen = all.filter(({ tint, dim }) => !tint && !dim);
    for (const { path, style } of seen) if (style.fill) fill(pen, path, style, density);
    for (const { path } of seen) stroke(pen, path, CASING, density);
    for (const { path, style } of seen) stroke(pen, path, style, density);
  }
}

function paintOver(pen: CanvasRenderingContext2D, path: Path2D, tint: string): void {
  pen.globalAlpha = TINT;
  pen.fillStyle = tint;
  pen.fill(path, "evenodd");
  pen.globalAlpha = 1;
}

function stroke(pen: CanvasRenderingContext2D, path: Path2D, style: OutlineStyle, density: number): void {
  pen.strokeStyle = style.color;
  pen.lineWidth = style.width * density;
  pen.setLineDash(style.dash.map((length) => length * density));
  pen.stroke(path);
}

function fill(pen: CanvasRenderingContext2D, path: Path2D, style: OutlineStyle, density: number): void {
  const pattern = patternOf(pen, style, density);
  if (!pattern) return;
  pen.fillStyle = pattern;
  pen.fill(path, "evenodd");
}

function patternOf(pen: CanvasRenderingContext2D, { color, fill }: OutlineStyle, density: number): CanvasPattern | null {
  const side = Math.round(SPACING * density);
  const cell = document.createElement("canvas");
  cell.width = cell.height = side;
  const inner = cell.getContext("2d");
  if (!inner) return null;
  for (const [ink, width] of [["rgb(16 32 26 / 45%)", 2.6], [color, 1.3]] as const) {
    inner.strokeStyle = inner.fillStyle = ink;
    inner.lineWidth = width * density;
    inner.beginPath();
    if (fill === "dots") inner.arc(side / 2, side / 2, width * density, 0, 2 * Math.PI);
    // Drawn over the corners, too, so that the lines meet from cell to cell.
    else for (const shift of [-side, 0, side]) line(inner, side, shift, fill === "rising");
    if (fill === "dots") inner.fill();
    else inner.stroke();
  }
  return pen.createPattern(cell, "repeat");
}

function line(pen: CanvasRenderingContext2D, side: number, shift: number, rising: boolean): void {
  pen.moveTo(shift - 1, rising ? side + 1 : -1);
  pen.lineTo(shift + side + 1, rising ? -1 : side + 1);
}
