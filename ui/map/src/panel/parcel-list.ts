import { formatArea } from "../area";
import type { Parcel } from "../contract";
import { element, setText } from "../dom";
import { kindOf, LOOKS } from "../parcel-kind";
import { ParcelFilter } from "./parcel-filter";

const ROW_HEIGHT = 32;
const SPARE_ROWS = 6;

export interface ParcelListActions {
  chosen(parcel: Parcel): void;
  pointed(parcel: Parcel | null): void;
}

/** Parcels from the largest to the smallest; only the rows that can be seen are elements. */
export class ParcelList {
  readonly element: HTMLElement;
  private readonly count = element("span", { class: "cm-quiet", "data-testid": "parcel-count" });
  private readonly rows = element("div", { class: "cm-parcel-rows" });
  private readonly scroller = element("div", { class: "cm-parcel-scroller", tabindex: 0, role: "listbox", "aria-label": "Parcels", "data-testid": "parcel-list" });
  private given: Parcel[] = [];
  private largestFirst: Parcel[] = [];
  private sorted: Parcel[] = [];
  private readonly filter = new ParcelFilter(() => this.applyFilter());
  private chosen = "";

  constructor(private readonly actions: ParcelListActions) {
    this.scroller.append(this.rows);
    this.scroller.addEventListener("scroll", () => this.draw(), { passive: true });
    this.scroller.addEventListener("mouseleave", () => actions.pointed(null));
    this.scroller.addEventListener("keydown", (event) => this.walk(event));
    this.element = element(
      "section",
      { class: "cm-section cm-parcels" },
      element("h3", {}, "Parcels", this.count),
      this.filter.element,
      this.scroller,
    );
  }

  show(parcels: Parcel[]): void {
    if (parcels === this.given) return;
    this.given = parcels;
    this.largestFirst = [...parcels].sort((left, right) => right.area_ha - left.area_ha);
    this.applyFilter();
  }

  unitChanged(): void {
    this.filter.showUnit();
    this.applyFilter();
  }

  private applyFilter(): void {
    this.sorted = this.filter.of(this.largestFirst);
    const all = this.largestFirst.length.toLocaleString("en");
    const some = `${this.sorted.length.toLocaleString("en")} of ${all}`;
    setText(this.count, this.filter.active ? some : all === "0" ? "none yet" : all);
    this.draw();
  }

  choose(id: string): void {
    this.chosen = id;
    this.draw();
  }

  /** Called when the panel has been opened: before that there was no height to fill. */
  draw(): void {
    const height = this.scroller.clientHeight || 200;
    const first = Math.max(0, Math.floor(this.scroller.scrollTop / ROW_HEIGHT) - SPARE_ROWS);
    const last = Math.min(this.sorted.length, Math.ceil((this.scroller.scrollTop + height) / ROW_HEIGHT) + SPARE_ROWS);
    this.rows.style.height = `${this.sorted.length * ROW_HEIGHT}px`;
    this.rows.replaceChildren(...this.sorted.slice(first, last).map((parcel, index) => this.row(parcel, first + index)));
  }

  private row(parcel: Parcel, index: number): HTMLElement {
    const kind = kindOf(parcel);
    const score = parcel.score === null || kind !== "auto" ? "" : `${Math.round(parcel.score * 100)} %`;
    return element(
      "div",
      {
        class: "cm-parcel",
        role: "option",
        style: `top:${index * ROW_HEIGHT}px`,
        "aria-selected": String(parcel.id === this.chosen),
        "aria-setsize": this.sorted.length,
        "aria-posinset": index + 1,
        onclick: () => this.pick(parcel),
        onmouseenter: () => this.actions.pointed(parcel),
      },
      element("span", { class: "cm-parcel-number", text: String(index + 1) }),
      element("span", { class: "cm-parcel-area", text: formatArea(parcel.area_ha) }),
      element("span", { class: "cm-parcel-score", text: score }),
      element("span", { class: `cm-parcel-state cm-parcel-${kind}`, text: LOOKS[kind].name }),
    );
  }

  private pick(parcel: Parcel): void {
    this.choose(parcel.id);
    this.actions.chosen(parcel);
  }

  private walk(event: KeyboardEvent): void {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || this.sorted.length === 0) return;
    event.preventDefault();
    const now = this.sorted.findIndex(({ id }) => id === this.chosen);
    const index = Math.min(this.sorted.length - 1, Math.max(0, now + step));
    this.keepVisible(index);
    this.pick(this.sorted[index]!);
  }

  private keepVisible(index: number): void {
    const top = index * ROW_HEIGHT;
    const { scrollTop, clientHeight } = this.scroller;
    if (top < scrollTop) this.scroller.scrollTop = top;
    if (top + ROW_HEIGHT > scrollTop + clientHeight) this.scroller.scrollTop = top + ROW_HEIGHT - clientHeight;
  }
}
