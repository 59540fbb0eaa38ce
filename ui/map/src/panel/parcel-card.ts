import { formatArea } from "../area";
import type { Attribute, ChangedAcceptance, LandClass, Parcel } from "../contract";
import { element, setShown, setText } from "../dom";
import { CLASS_WORDS, signature, STATE_WORDS } from "../parcel-kind";
import type { ParcelVerdict, Tidying } from "../tools/select-tool";
import { AttributeFields, type AttributeFieldsActions } from "./attribute-fields";
import { button } from "./button";

export interface ParcelCardActions extends AttributeFieldsActions {
  judge(verdict: ParcelVerdict, reason: string): void;
  reclassify(land: LandClass, reason: string): void;
  explain(reason: string): void;
  restore(): void;
  tidy(how: Tidying): void;
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

const TIDYINGS: [Tidying, string, string, string][] = [
  ["smooth", "Smooth its border", "M", "smooth"],
  ["straighten", "Straighten its sides", "Q", "straighten"],
  ["fill", "Fill its holes", "L", "fill"],
  ["snap", "Snap to its neighbours", "T", "snap"],
  ["split", "Split along the clearest border inside", "I", "split"],
  ["delete", "Remove this parcel", "Del", "remove"],
];

/** What is known of the chosen parcel, and what may be said of it and done with it. */
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
      row("Tidy", ...TIDYINGS.map(([how, name, key, icon]) => button({ name, key, icon, testId: `tidy-${how}`, press: () => actions.tidy(how) }))),
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
  show(parcel: Parcel | null, accepted: ChangedAcceptance | null): void {
    if (!parcel) window.clearTimeout(this.typing);
    setShown(this.element, parcel !== null);
    if (!parcel) return;
    const score = parcel.score === null ? "" : ` · ${Math.round(parcel.score * 100)} %`;
    setText(this.area, formatArea(parcel.area_ha) + score);
    setText(this.state, STATE_WORDS[parcel.state]);
    this.state.dataset.verdict = parcel.state;
    setShown(this.signed, accepted !== null);
    if (accepted) setText(this.accepted, `Accepted: ${formatArea(accepted.area_ha)} (dashed line) by ${signature(accepted)}`);
    setText(this.by, signature(parcel));
    setShown(this.by, parcel.reviewer !== "");
    if (this.reason !== document.activeElement) this.reason.value = parcel.reason;
    this.attributes.show(parcel);
    for (const [name, made] of this.verdicts) made.setAttribute("aria-pressed", String(name === parcel.state));
    for (const [name, made] of this.classes) made.setAttribute("aria-pressed", String(name === parcel.land_class));
  }

  /** Asks for the project's own attributes; false where it has none. */
  ask(): boolean {
    return this.attributes.focus();
  }

  private get said(): string {
    return this.reason.value.trim().replace(/\s+/g, " ");
  }

  private verdictButton(verdict: ParcelVerdict, text: string, key: string, icon: string): HTMLButtonElement {
    const name = { accepted: "Accept this parcel", rejected: "Reject this parcel", unsure: "Not sure about this parcel" }[verdict];
    const made = button({ name, text, key, icon, testId: `parcel-${verdict}`, className: "cm-choice-button", press: () => this.actions.judge(verdict, this.said) });
    this.verdicts.set(verdict, made);
    return made;
  }

  private classButton(land: LandClass, key: string): HTMLButtonElement {
    const name = { cropland: "This is cropland", other: "Other land", unsure: "Land type unclear" }[land];
    const made = button({ name, text: CLASS_WORDS[land], key, testId: `class-${land}`, className: "cm-choice-button", press: () => this.actions.reclassify(land, this.said) });
    this.classes.set(land, made);
    return made;
  }
}

function row(name: string, ...buttons: HTMLElement[]): HTMLElement {
  return element("div", { class: "cm-card-row", role: "group", "aria-label": name }, element("span", { class: "cm-quiet", text: name }), ...buttons);
}
