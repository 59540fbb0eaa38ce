import { formatArea } from "../area";
import type { Attribute, ChangedAcceptance, LandClass, Parcel } from "../contract";
import { element, setShown, setText } from "../dom";
import { CLASS_WORDS, signature, STATE_WORDS } from "../parcel-kind";
import type { ParcelVerdict } from "../tools/parcel-edits";
import type { CardAction } from "../tools/select-tool";
import { AttributeFields, type AttributeFieldsActions } from "./attribute-fields";
import { button } from "./button";

export interface ParcelCardActions extends AttributeFieldsActions {
  /** Without a reason each parcel keeps its own. */
  judge(verdict: ParcelVerdict, reason: string | null): void;
  reclassify(land: LandClass, reason: string | null): void;
  explain(reason: string): void;
  restore(): void;
  tidy(how: CardAction): void;
  close(): void;
}

/** After so long without a key, a reason is saved as it is. */
const REST_MS = 1200;

const VERDICTS: [ParcelVerdict, string, string, string][] = [
  ["accepted", "Accept", "Y", "accept"],
  ["rejected", "Reject", "J", "reject"],
  ["unsure", "Not sure", "U", "unsure"],
];

const CLASSES: [LandClass, string][] = [
  ["cropland", "C"],
  ["other", "O"],
  ["unsure", "K"],
];

/** By name for one parcel, and for several; a name that is missing is not offered. */
const TIDYINGS: [CardAction, string, string, string, string][] = [
  ["smooth", "Smooth its border", "Smooth their borders", "M", "smooth"],
  ["straighten", "Straighten its sides", "Straighten their sides", "Q", "straighten"],
  ["fill", "Fill its holes", "Fill their holes", "L", "fill"],
  ["snap", "Snap to its neighbours", "Snap them to their neighbours", "T", "snap"],
  ["split", "Split along the clearest border inside", "", "I", "split"],
  ["merge", "", "Make them one parcel", "6", "merge"],
  ["delete", "Remove this parcel", "Remove these parcels", "Del", "remove"],
];

/** What is known of the chosen parcels, and what may be said of them and done with them. */
export class ParcelCard {
  readonly element: HTMLElement;
  private readonly area = element("strong", { "data-testid": "parcel-area" });
  private readonly state = element("span", { class: "cm-chip", "data-testid": "parcel-state" });
  private readonly by = element("p", { class: "cm-quiet", "data-testid": "parcel-by" });
  private readonly accepted = element("span", { class: "cm-quiet", "data-testid": "parcel-accepted-shape" });
  private readonly signed: HTMLElement;
  private readonly reason = element("input", {
    type: "text",
    maxlength: 500,
    placeholder: "Reason (optional)",
    "aria-label": "Reason",
    "data-testid": "parcel-reason",
  });
  private readonly attributes: AttributeFields;
  private typing = 0;
  private readonly verdicts = new Map<string, HTMLButtonElement>();
  private readonly classes = new Map<string, HTMLButtonElement>();
  /** Buttons with their names for one parcel, and for several. */
  private readonly named: [HTMLButtonElement, string, string][] = [];
  private several = false;

  constructor(
    attributes: Attribute[],
    private readonly actions: ParcelCardActions,
  ) {
    this.attributes = new AttributeFields(attributes, actions);
    this.reason.addEventListener("input", () => this.explainSoon());
    this.reason.addEventListener("change", () => this.explainNow());
    this.reason.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === "Escape") this.reason.blur();
    });
    const close = button({ name: "Close", key: "Esc", icon: "close", testId: "parcel-close", press: () => actions.close() });
    const restore = button({ name: "Restore the accepted shape", text: "Restore", key: "E", testId: "parcel-restore", className: "cm-choice-button cm-restore", press: () => actions.restore() });
    this.signed = element("div", { class: "cm-card-row cm-signed", role: "group", "aria-label": "As it was accepted" }, this.accepted, restore);
    this.element = element(
      "div",
      { class: "cm-card", role: "region", "aria-label": "Parcel", hidden: true, "data-testid": "parcel-card" },
      element("div", { class: "cm-card-head" }, this.area, this.state, element("span", { class: "cm-space" }), close),
      this.signed,
      row("Verdict", ...VERDICTS.map((one) => this.verdictButton(...one))),
      row("Land", ...CLASSES.map((one) => this.classButton(...one))),
      this.attributes.element,
      this.reason,
      row("Tidy", ...TIDYINGS.map((one) => this.tidyButton(...one))),
      this.by,
    );
  }

  /** What is typed is saved when the hand rests, not only at its end. */
  private explainSoon(): void {
    window.clearTimeout(this.typing);
    this.typing = window.setTimeout(() => this.explainNow(), REST_MS);
  }

  private explainNow(): void {
    window.clearTimeout(this.typing);
    this.actions.explain(this.said);
  }

  /** `accepted` is what was signed of its land, where that is not what is there now. */
  show(parcels: Parcel[], accepted: ChangedAcceptance | null): void {
    this.several = parcels.length > 1;
    if (parcels.length !== 1) window.clearTimeout(this.typing);
    const [first] = parcels;
    setShown(this.element, first !== undefined);
    if (!first) return;
    setText(this.area, this.several ? totalOf(parcels) : figuresOf(first));
    const state = shared(parcels.map((parcel) => parcel.state));
    setText(this.state, state ? STATE_WORDS[state] : "Mixed states");
    this.state.dataset.verdict = state ?? "";
    setShown(this.signed, accepted !== null);
    if (accepted) setText(this.accepted, `Accepted: ${formatArea(accepted.area_ha)} (dashed line) by ${signature(accepted)}`);
    setText(this.by, signature(first));
    setShown(this.by, !this.several && first.reviewer !== "");
    setShown(this.reason, !this.several);
    if (this.reason !== document.activeElement) this.reason.value = first.reason;
    this.attributes.show(parcels);
    const land = shared(parcels.map((parcel) => parcel.land_class));
    for (const [name, made] of this.verdicts) made.setAttribute("aria-pressed", String(name === state));
    for (const [name, made] of this.classes) made.setAttribute("aria-pressed", String(name === land));
    this.nameButtons();
  }

  private nameButtons(): void {
    this.element.setAttribute("aria-label", this.several ? "Parcels" : "Parcel");
    for (const [made, one, several] of this.named) {
      const name = this.several ? several : one;
      setShown(made, name !== "");
      made.setAttribute("aria-label", name);
      made.dataset.tip = name;
    }
  }

  /** Asks for the project's own attributes; false where it has none. */
  ask(): boolean {
    return this.attributes.focus();
  }

  private get said(): string {
    return this.reason.value.trim().replace(/\s+/g, " ");
  }

  /** What is said for the choice; several parcels keep theirs. */
  private get why(): string | null {
    return this.several ? null : this.said;
  }

  private tidyButton(how: CardAction, one: string, several: string, key: string, icon: string): HTMLButtonElement {
    const made = button({ name: one, key, icon, testId: `tidy-${how}`, press: () => this.actions.tidy(how) });
    this.named.push([made, one, several]);
    return made;
  }

  private verdictButton(verdict: ParcelVerdict, text: string, key: string, icon: string): HTMLButtonElement {
    const name = { accepted: "Accept this parcel", rejected: "Reject this parcel", unsure: "Not sure about this parcel" }[verdict];
    const made = button({ name, text, key, icon, testId: `parcel-${verdict}`, className: "cm-choice-button", press: () => this.actions.judge(verdict, this.why) });
    this.verdicts.set(verdict, made);
    this.named.push([made, name, name.replace("this parcel", "these parcels")]);
    return made;
  }

  private classButton(land: LandClass, key: string): HTMLButtonElement {
    const name = { cropland: "This is cropland", other: "Other land", unsure: "Land type unclear" }[land];
    const made = button({ name, text: CLASS_WORDS[land], key, testId: `class-${land}`, className: "cm-choice-button", press: () => this.actions.reclassify(land, this.why) });
    this.classes.set(land, made);
    return made;
  }
}

function figuresOf({ area_ha: hectares, score }: Parcel): string {
  return formatArea(hectares) + (score === null ? "" : ` · ${Math.round(score * 100)} %`);
}

function totalOf(parcels: Parcel[]): string {
  const hectares = parcels.reduce((sum, parcel) => sum + parcel.area_ha, 0);
  return `${parcels.length.toLocaleString("en")} parcels, ${formatArea(hectares)}`;
}

/** What all say; null where they differ. */
function shared<Value>(values: Value[]): Value | null {
  return values.every((value) => value === values[0]) ? values[0]! : null;
}

function row(name: string, ...buttons: HTMLElement[]): HTMLElement {
  return element("div", { class: "cm-card-row", role: "group", "aria-label": name }, element("span", { class: "cm-quiet", text: name }), ...buttons);
}
