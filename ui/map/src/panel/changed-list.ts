import { formatArea } from "../area";
import type { ChangedAcceptance, ColumnRow } from "../contract";
import { element, setShown, setText } from "../dom";
import { signature } from "../parcel-kind";
import { button } from "./button";

export interface ChangedListActions {
  restore(point: ColumnRow): void;
  acceptedChosen(accepted: ChangedAcceptance): void;
}

/** What was accepted and is not there any more like that; hidden where all signatures hold. */
export class ChangedList {
  readonly element: HTMLElement;
  private readonly count = element("span", { class: "cm-quiet", "data-testid": "changed-count" });
  private readonly rows = element("ul", { class: "cm-problems", "data-testid": "changed-list" });
  private shown: ChangedAcceptance[] | null = null;

  constructor(private readonly actions: ChangedListActions) {
    this.element = element(
      "section",
      { class: "cm-section", hidden: true },
      element("h3", { class: "cm-split-head" }, "Changed since accepted", this.count),
      this.rows,
    );
  }

  /** Drawn anew at the next look: areas are in another unit. */
  unitChanged(): void {
    this.shown = null;
  }

  show(changed: ChangedAcceptance[]): void {
    if (changed === this.shown) return;
    this.shown = changed;
    setShown(this.element, changed.length > 0);
    setText(this.count, changed.length.toLocaleString("en"));
    this.rows.replaceChildren(...changed.map((one) => this.row(one)));
  }

  private row(accepted: ChangedAcceptance): HTMLElement {
    const { parcels, area_ha: hectares, point } = accepted;
    const now = { 0: "gone", 1: "another shape or class" }[parcels.length] ?? `${parcels.length} parcels`;
    const look = element(
      "button",
      { type: "button", class: "cm-problem", "data-tip": `Accepted by ${signature(accepted)}`, onclick: () => this.actions.acceptedChosen(accepted) },
      element("span", { text: formatArea(hectares) }),
      element("span", { class: "cm-quiet", text: now }),
    );
    const restore = button({
      name: "Restore the accepted shape",
      text: "Restore",
      testId: "restore-listed",
      className: "cm-text-button",
      press: () => this.actions.restore(point),
    });
    return element("li", {}, look, restore);
  }
}
