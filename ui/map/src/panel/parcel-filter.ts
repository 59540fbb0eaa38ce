import { textOf } from "../attributes";
import type { Attribute, Parcel } from "../contract";
import { toHectares, unitName } from "../area";
import { element } from "../dom";
import { CLASS_WORDS, STATE_WORDS } from "../parcel-kind";
import { number } from "./settings-form";

/** Values of the lists: any, none said, or a value behind a sign that no value is mistaken for another. */
const ANY = "";
const UNSAID = "unsaid";
const IS = "is ";
/** Of a longer list of different texts nobody finds one. */
const MOST_VALUES = 200;

/** Which parcels the list shows, and the map shows well: by state, class, least area and attributes. */
export class ParcelFilter {
  readonly element: HTMLElement;
  private readonly state = list("filter-state", "State", "Any state", STATE_WORDS);
  private readonly land = list("filter-class", "Land", "Any land", CLASS_WORDS);
  private readonly area = number("filter-area", 0, 1_000_000, 0.5);
  private readonly attributes: [Attribute, HTMLSelectElement][];

  constructor(attributes: Attribute[], changed: () => void) {
    // Numbers and dates are seldom the same for two parcels.
    const listed = attributes.filter(({ kind }) => kind !== "number" && kind !== "date");
    this.attributes = listed.map((one) => [one, list(`filter-${one.key}`, one.name, `Any ${one.name.toLowerCase()}`, {})]);
    this.showUnit();
    const lists = [this.state, this.land, ...this.attributes.map(([, made]) => made)];
    for (const made of lists) made.addEventListener("change", changed);
    this.area.addEventListener("input", changed);
    const own = this.attributes.length > 0 && element("div", { class: "cm-filter cm-filter-own" }, ...this.attributes.map(([, made]) => made));
    this.element = element("div", {}, element("div", { class: "cm-filter" }, this.state, this.land, this.area), own);
  }

  showUnit(): void {
    this.area.setAttribute("aria-label", `Least area in ${unitName()}`);
    this.area.placeholder = `≥ ${unitName()}`;
  }

  /** Offers what is said of these parcels, with how many say it. */
  offer(parcels: Parcel[]): void {
    for (const [attribute, made] of this.attributes) offerValues(attribute, made, parcels);
  }

  get active(): boolean {
    return this.conditions.length > 0;
  }

  /** Whether a parcel is wanted; null where all are. */
  get wanted(): ((parcel: Parcel) => boolean) | null {
    const { conditions } = this;
    return conditions.length > 0 ? (parcel) => conditions.every((one) => one(parcel)) : null;
  }

  clear(): void {
    for (const made of [this.state, this.land, ...this.attributes.map(([, one]) => one)]) made.value = ANY;
    this.area.value = "";
  }

  private get conditions(): ((parcel: Parcel) => boolean)[] {
    const [state, land, least] = [this.state.value, this.land.value, this.leastArea];
    const said = this.attributes.filter(([, made]) => made.value !== ANY).map(([{ key }, made]) => saying(key, made.value));
    if (state !== ANY) said.push((parcel) => parcel.state === state);
    if (land !== ANY) said.push((parcel) => parcel.land_class === land);
    if (least > 0) said.push((parcel) => parcel.area_ha >= least);
    return said;
  }

  private get leastArea(): number {
    return this.area.value !== "" && this.area.validity.valid ? toHectares(this.area.valueAsNumber) : 0;
  }
}

function list(testId: string, label: string, any: string, words: Record<string, string>): HTMLSelectElement {
  const options = Object.entries({ [ANY]: any, ...words }).map(([value, text]) => element("option", { value, text }));
  return element("select", { "data-testid": testId, "aria-label": label }, ...options);
}

function saying(key: string, wanted: string): (parcel: Parcel) => boolean {
  return ({ attributes }) => choiceOf(attributes?.[key]) === wanted;
}

function choiceOf(value: string | number | boolean | undefined): string {
  return value === undefined ? UNSAID : IS + textOf(value);
}

/** The list of an attribute's values that occur; what is chosen stays, also where nothing says it any more. */
function offerValues(attribute: Attribute, made: HTMLSelectElement, parcels: Parcel[]): void {
  const counts = new Map<string, number>();
  for (const { attributes } of parcels) {
    const value = choiceOf(attributes?.[attribute.key]);
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  const { value: present } = made;
  const values = [...counts.keys()].filter((value) => value !== UNSAID);
  if (present !== ANY && present !== UNSAID && !counts.has(present)) values.push(present);
  const named = values.map((value): [string, string] => [value, nameOf(attribute, value.slice(IS.length))]);
  named.sort(([, one], [, other]) => one.localeCompare(other));
  named.splice(MOST_VALUES);
  const options = [...named, [UNSAID, "Not said"]].map(([value, text]) =>
    element("option", { value, text: `${text} (${(counts.get(value!) ?? 0).toLocaleString("en")})` }),
  );
  made.replaceChildren(made.options[0]!, ...options);
  made.value = present;
}

function nameOf({ kind, choices }: Attribute, text: string): string {
  if (kind === "yes_no") return text === "yes" ? "Yes" : "No";
  return choices.find(({ code }) => code === text)?.name ?? text;
}
