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
}

/**
 * What a click here would give, asked when the pointer rests; one question at a time, newest wins.
 * The first answer is shown at once; then the final one is asked for, with which the server has all
 * that a click here needs.
 */
export class HoverPreview {
  enabled = true;
  private timer = 0;
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
    this.cancel();
    if (this.held) return;
    this.fade(FAINT);
    const label = this.source.label(shift);
    if (!this.enabled || label === null) {
      this.clear();
      return;
    }
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

  private cancel(): void {
    window.clearTimeout(this.timer);
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
    this.shown = { overlay, shape, point };
    this.fade(OPACITY);
    requestAnimationFrame(() => requestAnimationFrame(() => this.announce(shape, final)));
  }

  private announce(shape: SVGElement, final: boolean): void {
    if (this.shown?.shape !== shape) return;
    document.dispatchEvent(new CustomEvent("cropmap:preview", { detail: { final } }));
  }

  /** A preview of where the pointer was is drawn fainter until the next one is there. */
  private fade(opacity: number): void {
    this.shown?.shape.setAttribute("fill-opacity", String(opacity));
  }
}
