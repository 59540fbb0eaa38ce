import { element, setShown } from "../dom";
import { TOOLS } from "../tools/tool";
import { button } from "./button";

const POINTING: [string, string][] = [
  ["Click", "add the field here"],
  ["Shift-click", "remove: no cropland here"],
  ["Ctrl-click", "add more to the field clicked last"],
  ["Right-click", "remove: no cropland here"],
  ["Drag", "move the map, or a point"],
  ["Alt-click", "change an accepted parcel anyway"],
  ["Click a point", "switch field / not field"],
  ["Right-click a point", "remove it"],
  ["Alt-click a point", "remove it"],
  ["Wheel", "zoom"],
];

const TILE: [string, string][] = [
  ["Enter", "next tile"],
  ["Shift+Enter", "previous tile"],
  ["A", "accept"],
  ["X", "fix needed, with a comment"],
  ["R", "reject, with a comment"],
];

const PARCEL: [string, string][] = [
  ["Y, J, U", "accept, reject, not sure (also for the parcel under the pointer)"],
  ["C, O, K", "land type: cropland, other, unclear (also there)"],
  ["W", "what grows there: the project's attributes (also there)"],
  ["Shift+W", "the same as you said last (also there)"],
  ["M, Q, L, T", "smooth, straighten, fill holes, snap to neighbours"],
  ["I", "split along the clearest border inside"],
  ["E", "restore the accepted shape"],
  ["Delete", "remove it"],
];

const SEVERAL: [string, string][] = [
  ["Shift-click", "after S: one more, or one less; in the list: all up to there"],
  ["Shift-drag", "after S: draw around them"],
  ["Ctrl+A", "after S: all, or all that the filter shows"],
  ["Shift+↑ ↓", "in the list: one more"],
  ["6", "make them one"],
  ["Esc", "choose none"],
];

const KEYS: [string, string][] = [
  ["Z, Ctrl+Z", "undo your own last step"],
  ["Shift+Z, Ctrl+Y", "redo"],
  ["Delete", "remove the point or box under the pointer"],
  ["Space", "hold to see only the image"],
  ["H", "cropland colour on and off"],
  ["V", "preview under the pointer, on and off"],
  ["G", "lock accepted parcels, on and off"],
  ["F", "show the whole tile"],
  ["[, ]", "brush narrower, wider"],
  ["Esc", "leave the tool"],
  ["\\", "side panel on and off"],
  ["Arrows", "move the map"],
  [".", "set a point in the middle of the map"],
  ["Alt+Arrows", "move the chosen point"],
];

/** What the pointer and the keys do. */
export class Help {
  readonly element: HTMLElement;
  private readonly close: HTMLButtonElement;
  private before: Element | null = null;

  constructor() {
    this.close = button({ name: "Close", key: "Esc", icon: "close", testId: "help-close", press: () => this.toggle(false) });
    this.element = element(
      "div",
      { class: "cm-help", role: "dialog", "aria-modal": true, "aria-label": "Keys", hidden: true, "data-testid": "help" },
      element(
        "div",
        { class: "cm-help-sheet" },
        element("div", { class: "cm-help-head" }, element("h2", { text: "Pointer and keys" }), this.close),
        element(
          "div",
          { class: "cm-help-columns" },
          element("div", {}, list("Pointer", POINTING), list("Tile", TILE)),
          element("div", {}, list("Tools", TOOLS.map(({ key, name }) => [key, name])), list("Several parcels at once", SEVERAL)),
          element("div", {}, list("The chosen parcels", PARCEL), list("Keys", KEYS)),
        ),
      ),
    );
    this.element.addEventListener("click", (event) => {
      if (event.target === this.element) this.toggle(false);
    });
  }

  get open(): boolean {
    return !this.element.hidden;
  }

  toggle(open = !this.open): void {
    if (open) this.before = document.activeElement;
    setShown(this.element, open);
    if (open) this.close.focus();
    else (this.before as HTMLElement | null)?.focus?.();
  }
}

function list(title: string, entries: [string, string][]): HTMLElement {
  const rows = entries.flatMap(([key, meaning]) => [
    element("dt", {}, ...key.split(", ").map((one) => element("kbd", { text: one }))),
    element("dd", { text: meaning }),
  ]);
  return element("section", {}, element("h3", { text: title }), element("dl", {}, ...rows));
}
