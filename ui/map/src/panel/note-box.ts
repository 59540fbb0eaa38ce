import type { ColumnRow } from "../contract";
import { element, setShown } from "../dom";

export const LONGEST_NOTE = 500;

/** Asks beside a place on the map what is to be mended there. */
export class NoteBox {
  readonly element: HTMLFormElement;
  private readonly input = element("input", {
    type: "text",
    maxlength: LONGEST_NOTE,
    placeholder: "What needs fixing here?",
    "aria-label": "What needs fixing here?",
    "data-testid": "note-text",
  });
  private place: ColumnRow | null = null;

  constructor(private readonly pin: (place: ColumnRow, text: string) => void) {
    const send = element("button", { type: "submit", class: "cm-button cm-strong", "data-testid": "note-send", text: "Pin" });
    const cancel = element("button", { type: "button", class: "cm-button", text: "Cancel", onclick: () => this.close() });
    this.element = element("form", { class: "cm-popover cm-note-box", hidden: true, "data-testid": "note-box" }, this.input, send, cancel);
    this.element.addEventListener("submit", (event) => {
      event.preventDefault();
      const text = this.input.value.trim();
      const { place } = this;
      if (!text || !place) return;
      this.close();
      this.pin(place, text);
    });
    this.element.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.close();
    });
  }

  /** `left` and `top` are pixels of the map's element. */
  open(place: ColumnRow, left: number, top: number): void {
    this.place = place;
    this.input.value = "";
    setShown(this.element, true);
    const room = this.element.parentElement;
    const widest = Math.max(8, (room?.clientWidth ?? 0) - this.element.offsetWidth - 8);
    const lowest = Math.max(8, (room?.clientHeight ?? 0) - this.element.offsetHeight - 8);
    this.element.style.left = `${Math.min(left + 12, widest)}px`;
    this.element.style.top = `${Math.min(top + 12, lowest)}px`;
    this.input.focus();
  }

  close(): void {
    this.place = null;
    setShown(this.element, false);
    this.input.blur();
  }
}
