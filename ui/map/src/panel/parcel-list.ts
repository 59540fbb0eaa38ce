import { formatArea } from "../area";
import type { Attribute, Parcel } from "../contract";
import { element, setShown, setText } from "../dom";
import { kindOf, LOOKS } from "../parcel-kind";
import { button } from "./button";
import { ParcelFilter } from "./parcel-filter";

const ROW_HEIGHT = 32;
const SPARE_ROWS = 6;

export interface ParcelListActions {
  chosen(parcels: Parcel[]): void;
  /** Only these are to be seen well; null means all. */
  wanted(wanted: ((parcel: Parcel) => boolean) | null): void;
  pointed(parcel: Parcel | null): void;
}

/** Parcels from the largest to the smallest; only the rows that can be seen are elements. */
export class ParcelList {
  readonly element: HTMLElement;
  private readonly count = element("span", { class: "cm-quiet", "data-testid": "parcel-count" });
  private readonly rows = element("div", { class: "cm-parcel-rows" });
  private readonly scroller = element("div", { class: "cm-parcel-scroller", tabindex: 0, role: "listbox", "aria-multiselectable": true, "aria-label": "Parcels", "data-testid": "parcel-list" });
  private given: Parcel[] = [];
  private largestFirst: Parcel[] = [];
  private sorted: Parcel[] = [];
  private readonly filter: ParcelFilter;
  private readonly all = button({ name: "Choose all parcels of this list", key: "Ctrl+A", text: "Choose all", testId: "choose-all", className: "cm-text-button", press: () => this.actions.chosen(this.sorted) });
  private readonly clear = button({ name: "Show all parcels again", text: "Show all", testId: "filter-clear", className: "cm-text-button", press: () => this.showAll() });
  /** Stands on the map where the panel is folded away, so that nobody wonders why parcels are dim. */
  readonly reminder = button({ name: "Show all parcels again", text: " ", testId: "filter-reminder", className: "cm-reminder", press: () => this.showAll() });
  private chosen = new Set<string>();
  /** Where a choice by Shift begins, and where it was carried to by the arrows. */
  private anchor = "";
  private end = "";

  constructor(
    attributes: Attribute[],
    private readonly actions: ParcelListActions,
  ) {
    this.filter = new ParcelFilter(attributes, () => this.filterChanged());
    this.scroller.append(this.rows);
    this.scroller.addEventListener("scroll", () => this.draw(), { passive: true });
    this.scroller.addEventListener("mouseleave", () => actions.pointed(null));
    this.scroller.addEventListener("keydown", (event) => this.walk(event));
    this.element = element(
      "section",
      { class: "cm-section cm-parcels" },
      element("h3", {}, "Parcels", this.count),
      this.filter.element,
      element("div", { class: "cm-list-actions" }, this.all, this.clear),
      this.scroller,
    );
  }

  show(parcels: Parcel[]): void {
    if (parcels === this.given) return;
    this.given = parcels;
    this.largestFirst = [...parcels].sort((left, right) => right.area_ha - left.area_ha);
    this.filter.offer(parcels);
    this.applyFilter();
  }

  unitChanged(): void {
    this.filter.showUnit();
    this.filterChanged();
  }

  private showAll(): void {
    this.filter.clear();
    this.filterChanged();
  }

  private filterChanged(): void {
    this.actions.wanted(this.filter.wanted);
    this.applyFilter();
  }

  private applyFilter(): void {
    const { wanted } = this.filter;
    this.sorted = wanted ? this.largestFirst.filter(wanted) : this.largestFirst;
    setShown(this.all, this.sorted.length > 0);
    setShown(this.clear, this.filter.active);
    setShown(this.reminder, this.filter.active);
    const all = this.largestFirst.length.toLocaleString("en");
    const some = `${this.sorted.length.toLocaleString("en")} of ${all}`;
    setText(this.count, this.filter.active ? some : all === "0" ? "none yet" : all);
    setText(this.reminder, `${some} parcels · Show all`);
    this.draw();
  }

  choose(ids: string[]): void {
    this.chosen = new Set(ids);
    if (ids.length === 1) this.anchor = this.end = ids[0]!;
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
        "aria-selected": String(this.chosen.has(parcel.id)),
        "aria-setsize": this.sorted.length,
        "aria-posinset": index + 1,
        onclick: (event: MouseEvent) => this.clicked(parcel, event),
        onmouseenter: () => this.actions.pointed(parcel),
      },
      element("span", { class: "cm-parcel-number", text: String(index + 1) }),
      element("span", { class: "cm-parcel-area", text: formatArea(parcel.area_ha) }),
      element("span", { class: "cm-parcel-score", text: score }),
      element("span", { class: `cm-parcel-state cm-parcel-${kind}`, text: LOOKS[kind].name }),
    );
  }

  private clicked(parcel: Parcel, event: MouseEvent): void {
    if (event.shiftKey) this.pickUpTo(parcel);
    else if (event.ctrlKey || event.metaKey) this.pickAlso(parcel);
    else this.pick(parcel);
  }

  private pick(parcel: Parcel): void {
    this.anchor = this.end = parcel.id;
    this.actions.chosen([parcel]);
  }

  /** All from where the choice began. */
  private pickUpTo(parcel: Parcel): void {
    const places = [this.placeOf(this.anchor), this.placeOf(parcel.id)].sort((one, other) => one - other);
    if (places[0]! < 0) return this.pick(parcel);
    this.end = parcel.id;
    this.actions.chosen(this.sorted.slice(places[0], places[1]! + 1));
  }

  private pickAlso(parcel: Parcel): void {
    this.anchor = this.end = parcel.id;
    const others = this.largestFirst.filter(({ id }) => this.chosen.has(id) && id !== parcel.id);
    this.actions.chosen(this.chosen.has(parcel.id) ? others : [...others, parcel]);
  }

  private placeOf(wanted: string): number {
    return this.sorted.findIndex(({ id }) => id === wanted);
  }

  private walk(event: KeyboardEvent): void {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || this.sorted.length === 0) return;
    event.preventDefault();
    const index = Math.min(this.sorted.length - 1, Math.max(0, this.placeOf(this.end) + step));
    this.keepVisible(index);
    if (event.shiftKey) this.pickUpTo(this.sorted[index]!);
    else this.pick(this.sorted[index]!);
  }

  private keepVisible(index: number): void {
    const top = index * ROW_HEIGHT;
    const { scrollTop, clientHeight } = this.scroller;
    if (top < scrollTop) this.scroller.scrollTop = top;
    if (top + ROW_HEIGHT > scrollTop + clientHeight) this.scroller.scrollTop = top + ROW_HEIGHT - clientHeight;
  }
}
