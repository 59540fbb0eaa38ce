import type { LandClass, Parcel, ParcelState } from "../contract";
import { toHectares, unitName } from "../area";
import { element } from "../dom";
import { CLASS_WORDS, STATE_WORDS } from "../parcel-kind";
import { number } from "./settings-form";

/** Which parcels the list shows: by state, by class, by least area. */
export class ParcelFilter {
  readonly element: HTMLElement;
  private readonly state = choice("filter-state", "Any state", STATE_WORDS);
  private readonly land = choice("filter-class", "Any land", CLASS_WORDS);
  private readonly area = number("filter-area", 0, 1_000_000, 0.5);

  constructor(changed: () => void) {
    this.state.setAttribute("aria-label", "State");
    this.land.setAttribute("aria-label", "Land");
    this.showUnit();
    this.state.addEventListener("change", changed);
    this.land.addEventListener("change", changed);
    this.area.addEventListener("input", changed);
    this.element = element("div", { class: "cm-filter" }, this.state, this.land, this.area);
  }

  showUnit(): void {
    this.area.setAttribute("aria-label", `Least area in ${unitName()}`);
    this.area.placeholder = `≥ ${unitName()}`;
  }

  get active(): boolean {
    return this.state.value !== "" || this.land.value !== "" || this.leastArea > 0;
  }

  of(parcels: Parcel[]): Parcel[] {
    if (!this.active) return parcels;
    const state = this.state.value as ParcelState | "";
    const land = this.land.value as LandClass | "";
    const least = this.leastArea;
    return parcels.filter(
      (parcel) =>
        (state === "" || parcel.state === state) && (land === "" || parcel.land_class === land) && parcel.area_ha >= least,
    );
  }

  private get leastArea(): number {
    return this.area.value !== "" && this.area.validity.valid ? toHectares(this.area.valueAsNumber) : 0;
  }
}

function choice(testId: string, any: string, words: Record<string, string>): HTMLSelectElement {
  const made = element("select", { "data-testid": testId }, element("option", { value: "", text: any }));
  for (const [value, text] of Object.entries(words)) made.append(element("option", { value, text }));
  return made;
}
