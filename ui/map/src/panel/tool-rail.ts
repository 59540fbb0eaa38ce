import { element } from "../dom";
import { TOOLS, type ToolId, type ToolInfo } from "../tools/tool";
import { button } from "./button";

/** Tools that change no outline. */
const SAYING = new Set<ToolId>(["select", "note"]);

export interface RailActions {
  choose(tool: ToolId): void;
  fit(): void;
  toggleMask(): void;
  togglePreview(): void;
  compare(on: boolean): void;
  toggleLock(): void;
}

/** The tools at the left of the map. */
export class ToolRail {
  readonly element: HTMLElement;
  private readonly tools = new Map<ToolId, HTMLButtonElement>();
  private readonly mask: HTMLButtonElement;
  private readonly preview: HTMLButtonElement;
  private readonly lock: HTMLButtonElement;

  constructor(actions: RailActions) {
    const toolButton = (tool: ToolInfo): HTMLButtonElement => {
      const press = () => actions.choose(tool.id);
      const made = button({ name: tool.name, key: tool.key, icon: tool.icon, testId: `tool-${tool.id}`, press });
      this.tools.set(tool.id, made);
      return made;
    };
    const fit = button({ name: "Show the whole tile", key: "F", icon: "fit", testId: "fit", press: () => actions.fit() });
    this.mask = button({ name: "Show the cropland colour", key: "H", icon: "mask", testId: "toggle-mask", press: () => actions.toggleMask() });
    this.preview = button({ name: "Preview under the pointer", key: "V", icon: "preview", testId: "toggle-preview", press: () => actions.togglePreview() });
    this.lock = button({ name: "Lock accepted parcels", key: "G", icon: "lock", testId: "toggle-lock", press: () => actions.toggleLock() });
    const compare = button({ name: "Hold to see only the image", key: "Space", icon: "compare", testId: "compare", press: () => undefined });
    compare.addEventListener("pointerdown", () => actions.compare(true));
    for (const end of ["pointerup", "pointerleave", "pointercancel"]) compare.addEventListener(end, () => actions.compare(false));
    this.element = element(
      "div",
      { class: "cm-rail", role: "toolbar", "aria-label": "Tools", "aria-orientation": "vertical" },
      group("Parcels and notes", ...TOOLS.filter(({ id }) => SAYING.has(id)).map(toolButton)),
      group("Points and boxes", ...TOOLS.filter(({ prompts }) => prompts).map(toolButton)),
      group("Corrections", ...TOOLS.filter(({ id, prompts }) => !prompts && !SAYING.has(id) && id !== "measure").map(toolButton)),
      group("View", ...TOOLS.filter(({ id }) => id === "measure").map(toolButton), fit, this.mask, this.preview, this.lock, compare),
    );
  }

  showTool(active: ToolId): void {
    for (const [id, made] of this.tools) made.setAttribute("aria-pressed", String(id === active));
  }

  showToggles(mask: boolean, preview: boolean, lock: boolean): void {
    this.lock.setAttribute("aria-pressed", String(lock));
    this.mask.setAttribute("aria-pressed", String(mask));
    this.preview.setAttribute("aria-pressed", String(preview));
  }
}

function group(name: string, ...buttons: HTMLElement[]): HTMLElement {
  return element("div", { class: "cm-rail-group", role: "group", "aria-label": name }, ...buttons);
}
