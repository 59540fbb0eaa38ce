import { element, setShown } from "../dom";
import { TOOLS } from "../tools/tool";
import { button } from "./button";

const POINTING: [string, string][] = [
  ["Click", "set a prompt"],
  ["Shift-click", "not cropland"],
  ["Ctrl-click", "more of the field clicked last"],
  ["Right-click", "not cropland"],
  ["Drag", "move the map, or a prompt"],
  ["Alt-click", "change an accepted parcel all the same"],
  ["Click a prompt", "turn it round"],
  ["Right-click a prompt", "delete it"],
  ["Alt-click a prompt", "delete it"],
  ["Wheel", "zoom"],
];

const TILE: [string, string][] = [
  ["Enter", "next tile"],
  ["Shift+Enter", "previous tile"],
  ["A", "accept"],
  ["X", "mark for fixing, with a comment"],
  ["R", "reject, with a comment"],
];

const PARCEL: [string, string][] = [
  ["Y, J, U", "accept, reject, unsure (also of the parcel pointed at)"],
  ["C, O, K", "cropland, other, cannot be told (likewise)"],
  ["M, L, T", "smooth, fill holes, snap"],
  ["I", "split along the strongest inner border"],
  ["E", "restore it as it was accepted"],
  ["Delete", "delete it"],
];

const KEYS: [string, string][] = [
  ["Z, Ctrl+Z", "undo your own last step"],
  ["Shift+Z, Ctrl+Y", "redo"],
  ["Delete", "prompt or box under the pointer"],
  ["Space", "hold for the bare image"],
  ["H", "mask on and off"],
  ["V", "preview under the pointer"],
  ["G", "lock accepted parcels, on and off"],
  ["F", "the whole tile"],
  ["[, ]", "brush narrower, wider"],
  ["Esc", "leave the tool"],
  ["\\", "side panel"],
  ["Arrows", "move the map"],
  [".", "a point in the middle of the map"],
  ["Alt+Arrows", "move the prompt that has the focus"],
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
          list("Tools", TOOLS.map(({ key, name }) => [key, name])),
          element("div", {}, list("The chosen parcel", PARCEL), list("Keys", KEYS)),
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
