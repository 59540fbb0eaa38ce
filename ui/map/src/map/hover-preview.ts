import L from "../leaflet";
import type { Bounds, ColumnRow, HoverAnswer, PromptLabel, Ring } from "../contract";
import { pathOfRings } from "../geometry";
import { paneName } from "./base-map";
import { MASK_COLOUR, MASK_OPACITY } from "./mask-layer";
import { toLatLngBounds } from "./pixel-crs";
import { svgElement } from "./prompt-layer";

const REST_MS = 20;
const OPACITY = 0.27;
const FAINT = 0.12;
/** As the sign of a prompt that says "not cropland". */
const REMOVAL_COLOUR = "#d55e00";
/** Native pixels within which a click is where the preview was asked for. */
const SAME_PLACE = 0.5;

export interface HoverSource {
  /** What a click there would give; `closely` waits for the final answer. */
  fetch(point: ColumnRow, label: PromptLabel, closely: boolean, signal?: AbortSignal): Promise<HoverAnswer>;
  /** The label a click would have, or null while nothing may be asked. */
  label(shift: boolean): PromptLabel | null;
  bounds(): Bounds | null;
}

interface Shown {
  overlay: L.SVGOverlay;
  shape: SVGElement;
  point: ColumnRow;
  final: boolean;
}

interface Asked {
  point: ColumnRow;
  label: PromptLabel;
}

/**
 * What a click here would give, asked when the pointer rests; one question at a time, newest wins.
 * The first answer is shown at once; then the final one is asked for, with which the server has all
 * that a click here needs.
 */
export class HoverPreview {
  enabled = true;
  private timer = 0;
  /** What was asked last, for as long as its answer is shown or on its way. */
  private asked: Asked | null = null;
  private asking: AbortController | null = null;
  /** A first answer is on its way; it comes soon, and two at once would only be slower. */
  private busy = false;
  private next: (() => void) | null = null;
  private shown: Shown | null = null;
  private held = false;

  constructor(
    private readonly map: L.Map,
    private readonly source: HoverSource,
  ) {}

  pointerAt(point: ColumnRow, shift: boolean): void {
    const label = this.held ? null : this.source.label(shift);
    // Browsers say that a pointer moved where something moved below it, and before each press.
    if (label !== null && this.isAsked({ point, label })) return;
    this.cancel();
    if (this.held) return;
    this.fade(FAINT);
    if (!this.enabled || label === null) {
      this.clear();
      return;
    }
    this.asked = { point, label };
    this.timer = window.setTimeout(() => void this.ask(point, label), REST_MS);
  }

  /** After a click: what was foreseen for this place stays until the mask itself is there. */
  hold([column, row]: ColumnRow): void {
    const { shown } = this;
    const near = shown && Math.hypot(shown.point[0] - column, shown.point[1] - row) <= SAME_PLACE;
    if (!near) return this.clear();
    this.cancel();
    this.held = true;
    this.fade(MASK_OPACITY);
    const since = performance.now();
    const { shape, final } = shown;
    this.painted(shape, () => ({ type: "cropmap:held", detail: { final, sinceClickMs: performance.now() - since } }));
  }

  /** The mask is there. */
  release(): void {
    if (this.held) this.clear();
  }

  clear(): void {
    this.cancel();
    this.held = false;
    this.shown?.overlay.remove();
    this.shown = null;
  }

  private isAsked({ point, label }: Asked): boolean {
    const { asked } = this;
    return asked !== null && asked.label === label && asked.point[0] === point[0] && asked.point[1] === point[1];
  }

  private cancel(): void {
    window.clearTimeout(this.timer);
    this.asked = null;
    this.next = null;
    this.asking?.abort();
    this.asking = null;
  }

  private async ask(point: ColumnRow, label: PromptLabel): Promise<void> {
    if (this.busy) {
      this.next = () => void this.ask(point, label);
      return;
    }
    const asking = new AbortController();
    this.asking = asking;
    try {
      if (!(await this.first(point, label, asking.signal))) {
        const { parts } = await this.source.fetch(point, label, true, asking.signal);
        if (!asking.signal.aborted) this.draw(parts.flat(), point, label, true);
      }
    } catch {
      // A preview that does not come is no reason to say anything.
    } finally {
      if (this.asking === asking) this.asking = null;
      // What did not come may be asked again.
      if (!this.shown?.final && !asking.signal.aborted) this.asked = null;
    }
  }

  /** Shows the first answer; whether nothing more is to be asked. */
  private async first(point: ColumnRow, label: PromptLabel, signal: AbortSignal): Promise<boolean> {
    this.busy = true;
    try {
      // Not broken off when the pointer moves on: that would cost the connection.
      const { parts, final } = await this.source.fetch(point, label, false);
      if (!signal.aborted) this.draw(parts.flat(), point, label, final);
      return final || signal.aborted;
    } finally {
      this.busy = false;
      const { next } = this;
      this.next = null;
      next?.();
    }
  }

  private draw(rings: Ring[], point: ColumnRow, label: PromptLabel, final: boolean): void {
    const bounds = this.source.bounds();
    this.shown?.overlay.remove();
    this.shown = null;
    if (rings.length === 0 || !bounds) return;
    const frame = svgElement("svg", { preserveAspectRatio: "none", viewBox: bounds.join(" ") });
    const shape = svgElement("path", { d: pathOfRings(rings), fill: label ? MASK_COLOUR : REMOVAL_COLOUR, "fill-rule": "evenodd" });
    frame.append(shape);
    const options = { pane: paneName("hover"), interactive: false };
    const overlay = L.svgOverlay(frame, toLatLngBounds(bounds), options).addTo(this.map);
    this.shown = { overlay, shape, point, final };
    this.fade(OPACITY);
    this.painted(shape, () => ({ type: "cropmap:preview", detail: { final } }));
  }

  /** Tells of a shape once it is on the screen. */
  private painted(shape: SVGElement, event: () => { type: string; detail: object }): void {
    const tell = () => {
      if (this.shown?.shape !== shape) return;
      const { type, detail } = event();
      document.dispatchEvent(new CustomEvent(type, { detail }));
    };
    requestAnimationFrame(() => requestAnimationFrame(tell));
  }

  /** A preview of where the pointer was is drawn fainter until the next one is there. */
  private fade(opacity: number): void {
    this.shown?.shape.setAttribute("fill-opacity", String(opacity));
  }
}
