import { formatArea } from "../area";
import type { Edit, Problem, TileState } from "../contract";
import { element, setShown, setText } from "../dom";
import type { TidyMeasures } from "../tools/tool";
import { button } from "./button";
import { number } from "./settings-form";

export interface CheckActions {
  edit(edit: Edit): void;
  problemChosen(problem: Problem): void;
}

const WORDS: Record<Problem["kind"], string> = {
  invalid: "Crosses itself",
  overlap: "Overlap",
  sliver: "Sliver",
  gap: "Gap",
};

const SHOWN = 50;

/** What is wrong with the parcels as a whole, and what puts all of them right. */
export class CheckList {
  readonly element: HTMLElement;
  private readonly count = element("span", { class: "cm-quiet", "data-testid": "problem-count" });
  private readonly rows = element("ul", { class: "cm-problems", "data-testid": "problems" });
  private readonly more = element("p", { class: "cm-quiet" });
  private readonly repairAll: HTMLButtonElement;
  private readonly smooth = measure("tidy-smooth-m", 3, 0.5);
  private readonly straighten = measure("tidy-straighten-m", 3, 0.5);
  private readonly hole = measure("tidy-hole-m2", 500, 50);
  private readonly snap = measure("tidy-snap-m", 3, 0.5);
  private shown: TileState["problems"] | null = null;

  constructor(private readonly actions: CheckActions) {
    const all = (name: string, text: string, testId: string, press: () => void): HTMLButtonElement =>
      button({ name, text, testId, className: "cm-text-button", press });
    this.repairAll = all("Repair all at once", "Repair all", "repair-all", () => this.repair());
    const smoothAll = all("Apply to all parcels: smooth their borders", "Apply to all parcels", "smooth-all", () =>
      actions.edit({ kind: "smooth", tolerance_m: this.measures.smooth_m }),
    );
    const fillAll = all("Apply to all parcels: fill such holes", "Apply to all parcels", "fill-all", () =>
      actions.edit({ kind: "fill_holes", max_area_m2: this.measures.hole_m2 }),
    );
    this.element = element(
      "section",
      { class: "cm-section" },
      element("h3", { class: "cm-split-head" }, "Check", this.count),
      this.rows,
      this.more,
      this.repairAll,
      element("h3", { class: "cm-sub-head", text: "Tidy up" }),
      field("Smooth by, m", this.smooth, smoothAll),
      field("Straighten within, m", this.straighten),
      field("Fill holes up to, m²", this.hole, fillAll),
      field("Snap within, m", this.snap),
    );
  }

  get measures(): TidyMeasures {
    return { smooth_m: valueOf(this.smooth, 3), straighten_m: valueOf(this.straighten, 3), hole_m2: valueOf(this.hole, 500), snap_m: valueOf(this.snap, 3) };
  }

  /** Drawn anew at the next look: areas are in another unit. */
  unitChanged(): void {
    this.shown = null;
  }

  show({ problems }: TileState): void {
    if (problems === this.shown) return;
    this.shown = problems;
    setText(this.count, problems.count === 0 ? "nothing found" : problems.count.toLocaleString("en"));
    this.rows.replaceChildren(...problems.first.slice(0, SHOWN).map((problem) => this.row(problem)));
    const hidden = problems.count - Math.min(SHOWN, problems.first.length);
    setText(this.more, hidden > 0 ? `and ${hidden.toLocaleString("en")} more` : "");
    setShown(this.more, hidden > 0);
    setShown(this.rows, problems.count > 0);
    setShown(this.repairAll, problems.count > 0);
  }

  private row(problem: Problem): HTMLElement {
    const jump = element(
      "button",
      { type: "button", class: "cm-problem", "data-testid": "problem", "data-kind": problem.kind, onclick: () => this.actions.problemChosen(problem) },
      element("span", { text: WORDS[problem.kind] }),
      element("span", { class: "cm-quiet", text: squareMetres(problem.area_m2) }),
    );
    const mend = element("button", {
      type: "button",
      class: "cm-link",
      text: "Repair",
      "aria-label": `Repair: ${WORDS[problem.kind].toLowerCase()}`,
      "data-testid": "repair",
      onclick: () => this.repair(problem),
    });
    return element("li", {}, jump, mend);
  }

  private repair(problem?: Problem): void {
    const width_m = this.shown?.width_m ?? 1;
    this.actions.edit(problem ? { kind: "repair", point: problem.point, width_m } : { kind: "repair", width_m });
  }
}

function measure(testId: string, value: number, step: number): HTMLInputElement {
  const made = number(testId, step, 100_000, step);
  made.valueAsNumber = value;
  return made;
}

function valueOf(control: HTMLInputElement, otherwise: number): number {
  return control.value !== "" && control.validity.valid ? control.valueAsNumber : otherwise;
}

function field(name: string, control: HTMLInputElement, all: HTMLElement | null = null): HTMLElement {
  return element("div", { class: "cm-field" }, element("label", { for: control.dataset.testid, text: name }), withId(control), all);
}

function withId(control: HTMLInputElement): HTMLInputElement {
  control.id = control.dataset.testid ?? "";
  return control;
}

function squareMetres(area: number): string {
  if (area >= 10_000) return formatArea(area / 10_000);
  return `${area >= 10 ? Math.round(area).toLocaleString("en") : area.toFixed(1)} m²`;
}
