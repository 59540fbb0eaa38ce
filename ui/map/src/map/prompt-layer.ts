import L from "../leaflet";
import type { Bounds, ColumnRow, PromptLabel, Prompt } from "../contract";
import { inBounds } from "../geometry";
import { paneName } from "./base-map";
import { toLatLng, toPixel } from "./pixel-crs";

export interface PromptActions {
  flip(prompt: Prompt): void;
  remove(id: string): void;
  move(prompt: Prompt, to: ColumnRow): void;
}

interface Drawn {
  marker: L.Marker;
  prompt: Prompt;
}

/** Screen pixels of a step by key. */
const STEP_PX = 4;
const LONG_STEP_PX = 24;
const ARROWS: Record<string, ColumnRow> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

const SIZE = { person: 22, auto: 14 } as const;

/** Prompts as markers: shape and sign say the label, so colour is never the only difference. */
export class PromptLayer {
  private readonly drawn = new Map<string, Drawn>();
  private pointedAt: string | null = null;
  private dragged: string | null = null;

  constructor(
    private readonly map: L.Map,
    private readonly actions: PromptActions,
  ) {}

  /** The prompt under the pointer or with the focus: what Delete means. */
  get current(): string | null {
    const focused = document.activeElement?.getAttribute("data-prompt") ?? null;
    return this.pointedAt ?? focused;
  }

  get pointing(): boolean {
    return this.pointedAt !== null || this.dragged !== null;
  }

  /** Prompts outside the tile's window help to predict it; they are drawn fainter. */
  show(prompts: Prompt[], window: Bounds | null = null): void {
    const wanted = new Set(prompts.map(({ id }) => id));
    for (const [id, { marker }] of this.drawn) {
      if (wanted.has(id)) continue;
      marker.remove();
      this.drawn.delete(id);
      if (this.pointedAt === id) this.pointedAt = null;
    }
    for (const prompt of prompts) {
      this.showOne(prompt);
      const outside = window !== null && !inBounds(window, [prompt.column, prompt.row]);
      this.drawn.get(prompt.id)?.marker.getElement()?.classList.toggle("cm-prompt-outside", outside);
    }
  }

  private showOne(prompt: Prompt): void {
    const known = this.drawn.get(prompt.id);
    if (!known) {
      this.drawn.set(prompt.id, { marker: this.create(prompt), prompt });
      return;
    }
    const before = known.prompt;
    known.prompt = prompt;
    if (before.label !== prompt.label || before.source !== prompt.source) {
      known.marker.setIcon(icon(prompt));
      describe(known.marker, prompt);
    }
    const moved = before.column !== prompt.column || before.row !== prompt.row;
    if (this.dragged !== prompt.id && moved) known.marker.setLatLng(toLatLng([prompt.column, prompt.row]));
  }

  private create(prompt: Prompt): L.Marker {
    const { id } = prompt;
    const marker = L.marker(toLatLng([prompt.column, prompt.row]), {
      icon: icon(prompt),
      pane: paneName("prompts"),
      draggable: true,
      keyboard: prompt.source === "person",
      riseOnHover: true,
    });
    marker.on("click", (event) => this.clicked(id, event.originalEvent));
    marker.on("contextmenu", () => this.actions.remove(id));
    marker.on("mouseover", () => (this.pointedAt = id));
    marker.on("mouseout", () => (this.pointedAt = this.pointedAt === id ? null : this.pointedAt));
    marker.on("dragstart", () => (this.dragged = id));
    marker.on("dragend", () => this.dropped(id));
    marker.addTo(this.map);
    marker.getElement()?.addEventListener("keydown", (event) => this.nudged(id, event));
    describe(marker, prompt);
    return marker;
  }

  private clicked(id: string, event: MouseEvent): void {
    const prompt = this.drawn.get(id)?.prompt;
    if (!prompt) return;
    if (event.altKey) this.actions.remove(id);
    else this.actions.flip(prompt);
  }

  /** Alt and an arrow move the prompt that has the focus; with Shift further. */
  private nudged(id: string, event: KeyboardEvent): void {
    const way = ARROWS[event.key];
    const known = this.drawn.get(id);
    if (!event.altKey || !way || !known) return;
    event.preventDefault();
    event.stopPropagation();
    const step = (event.shiftKey ? LONG_STEP_PX : STEP_PX) / this.map.getZoomScale(this.map.getZoom(), 0);
    const [column, row] = toPixel(known.marker.getLatLng());
    const to: ColumnRow = [column + way[0] * step, row + way[1] * step];
    known.marker.setLatLng(toLatLng(to));
    this.actions.move(known.prompt, to);
  }

  private dropped(id: string): void {
    this.dragged = null;
    const known = this.drawn.get(id);
    if (known) this.actions.move(known.prompt, toPixel(known.marker.getLatLng()));
  }
}

function describe(marker: L.Marker, prompt: Prompt): void {
  const place = marker.getElement();
  if (!place) return;
  const whose = prompt.source === "person" ? "yours" : "automatic";
  place.setAttribute("data-prompt", prompt.id);
  place.setAttribute("data-label", String(prompt.label));
  place.setAttribute("data-source", prompt.source);
  place.setAttribute("data-testid", "prompt");
  place.setAttribute("role", "button");
  place.setAttribute("aria-label", `${prompt.label ? "Add" : "Remove"} point, ${whose}`);
}

function icon(prompt: Prompt): L.DivIcon {
  const size = SIZE[prompt.source];
  return L.divIcon({
    html: promptMarkup(prompt.label, prompt.source) as unknown as HTMLElement,
    className: `cm-prompt cm-prompt-${prompt.source}`,
    iconSize: [size, size],
    iconAnchor: [size / 2, size / 2],
  });
}

/** The sign of a prompt; also used by the legend. */
export function promptMarkup(label: PromptLabel, source: "auto" | "person"): SVGSVGElement {
  const svg = svgElement("svg", { viewBox: "-11 -11 22 22", "aria-hidden": "true" });
  const outline = label ? { d: "M-8.5 0a8.5 8.5 0 1 0 17 0a8.5 8.5 0 1 0 -17 0Z" } : { d: "M0 -10L10 0L0 10L-10 0Z" };
  const sign = label ? "M-4.5 0H4.5M0 -4.5V4.5" : "M-4.5 0H4.5";
  const kind = `cm-sign cm-sign-${label ? "positive" : "negative"} cm-sign-${source}`;
  const group = svgElement("g", { class: kind });
  group.append(svgElement("path", { ...outline, class: "cm-sign-halo" }));
  group.append(svgElement("path", { ...outline, class: "cm-sign-shape" }));
  group.append(svgElement("path", { d: sign, class: "cm-sign-mark" }));
  svg.append(group);
  return svg;
}

export function svgElement<Name extends keyof SVGElementTagNameMap>(
  name: Name,
  attributes: Record<string, string | number> = {},
): SVGElementTagNameMap[Name] {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  return made;
}
