import type { TileState, Verdict } from "../contract";
import { clause, element, setShown, setText } from "../dom";
import type { SaveStatus } from "../edit-queue";
import { button, isEnabled, setEnabled } from "./button";

export interface TopBarActions {
  previous(): void;
  next(): void;
  undo(): void;
  redo(): void;
  judge(verdict: Verdict, comment: string): void;
  help(): void;
  togglePanel(): void;
}

const VERDICT_WORDS: Record<Verdict, string> = {
  open: "Not reviewed",
  accepted: "Accepted",
  fix: "To fix",
  rejected: "Rejected",
};

/** Where one is, what is saved, and the verdict. */
export class TopBar {
  readonly element: HTMLElement;
  private readonly place = element("span", { class: "cm-place", "data-testid": "tile-place" });
  private readonly chip = element("span", { class: "cm-chip", "data-testid": "verdict-chip" });
  private readonly saved = element("span", { class: "cm-saved", role: "status", "data-testid": "saved-state" });
  private readonly undoCount = element("span", { class: "cm-count" });
  private readonly redoCount = element("span", { class: "cm-count" });
  private readonly previous: HTMLButtonElement;
  private readonly next: HTMLButtonElement;
  private readonly undo: HTMLButtonElement;
  private readonly redo: HTMLButtonElement;
  private readonly verdicts: Record<"accepted" | "fix" | "rejected", HTMLButtonElement>;
  private readonly rejection: Rejection;

  constructor(private readonly actions: TopBarActions) {
    this.previous = this.make("Previous tile", "previous", "previous", "Shift+Enter", () => actions.previous());
    this.next = this.make("Next tile", "next", "next", "Enter", () => actions.next());
    this.undo = this.make("Undo", "undo", "undo", "Z", () => actions.undo());
    this.redo = this.make("Redo", "redo", "redo", "Shift+Z", () => actions.redo());
    this.undo.append(this.undoCount);
    this.redo.append(this.redoCount);
    this.verdicts = {
      accepted: this.verdictButton("accepted", "Accept", "A", "accept", () => this.toggle("accepted")),
      fix: this.verdictButton("fix", "Fix", "X", "fix", () => this.toggle("fix")),
      rejected: this.verdictButton("rejected", "Reject", "R", "reject", () => this.askRejection()),
    };
    this.rejection = new Rejection((comment) => actions.judge("rejected", comment));
    const help = this.make("Keys", "help", "help", "?", () => actions.help());
    const panel = this.make("Side panel", "panel", "panel", "\\", () => actions.togglePanel());
    this.element = element(
      "div",
      { class: "cm-top", role: "toolbar", "aria-label": "Tile" },
      element("div", { class: "cm-group" }, this.previous, this.next, this.place),
      this.chip,
      element("div", { class: "cm-group" }, this.undo, this.redo),
      this.saved,
      element("div", { class: "cm-space" }),
      element("div", { class: "cm-group cm-verdicts" }, this.verdicts.accepted, this.verdicts.fix, this.verdicts.rejected, this.rejection.element),
      element("div", { class: "cm-group" }, help, panel),
    );
  }

  show(state: TileState, redoCount: number): void {
    this.showPlace(state.index, state.count, state.name);
    setEnabled(this.previous, state.previous !== null);
    setEnabled(this.next, state.next !== null);
    setEnabled(this.undo, state.can_undo);
    setEnabled(this.redo, state.can_redo);
    setText(this.undoCount, state.can_undo && state.edit_count > 0 ? String(state.edit_count) : "");
    setText(this.redoCount, redoCount > 0 ? String(redoCount) : "");
    this.showVerdict(state);
  }

  showPlace(index: number, count: number, name: string): void {
    setText(this.place, `Tile ${index} of ${count}`);
    this.place.dataset.tip = name;
  }

  showSaved(status: SaveStatus): void {
    this.saved.dataset.kind = status.kind === "replaced" ? "failing" : status.kind;
    const words = { saved: "Saved", saving: "Saving…", failing: "", replaced: "Not saved: the file was replaced" }[status.kind];
    setText(this.saved, status.kind === "failing" ? `Not saved: ${clause(status.message)}, retrying` : words);
  }

  askRejection(): void {
    if (this.verdicts.rejected.getAttribute("aria-pressed") === "true") this.actions.judge("open", "");
    else this.rejection.open();
  }

  toggle(verdict: "accepted" | "fix"): void {
    const given = this.verdicts[verdict].getAttribute("aria-pressed") === "true";
    this.actions.judge(given ? "open" : verdict, "");
  }

  private showVerdict({ verdict }: TileState): void {
    const by = verdict.verdict !== "open" && verdict.reviewer ? ` by ${verdict.reviewer}` : "";
    setText(this.chip, VERDICT_WORDS[verdict.verdict] ?? verdict.verdict);
    this.chip.dataset.verdict = verdict.verdict;
    const comment = verdict.comment ? `: ${verdict.comment}` : "";
    this.chip.dataset.tip = `${this.chip.textContent}${by}${comment}`;
    for (const [name, given] of Object.entries(this.verdicts)) {
      given.setAttribute("aria-pressed", String(name === verdict.verdict));
    }
  }

  private make(name: string, sign: string, testId: string, key: string, press: () => void): HTMLButtonElement {
    const made = button({ name, icon: sign, key, testId, press: () => isEnabled(made) && press() });
    return made;
  }

  private verdictButton(verdict: string, text: string, key: string, sign: string, press: () => void): HTMLButtonElement {
    const name = { accepted: "Accept this tile", fix: "Mark this tile for fixing", rejected: "Reject this tile" }[verdict]!;
    return button({ name, text, key, icon: sign, testId: `verdict-${verdict}`, className: `cm-verdict cm-verdict-${verdict}`, press });
  }
}

/** The short comment that goes with a rejection. */
class Rejection {
  readonly element: HTMLFormElement;
  private readonly input = element("input", {
    type: "text",
    maxlength: 300,
    placeholder: "Why? (optional)",
    "aria-label": "Why is this tile rejected?",
    "data-testid": "reject-comment",
  });

  constructor(private readonly reject: (comment: string) => void) {
    const send = element("button", { type: "submit", class: "cm-button cm-strong", "data-testid": "reject-send", text: "Reject" });
    const cancel = element("button", { type: "button", class: "cm-button", text: "Cancel", onclick: () => this.close() });
    this.element = element("form", { class: "cm-popover", hidden: true }, this.input, send, cancel);
    this.element.addEventListener("submit", (event) => {
      event.preventDefault();
      const comment = this.input.value.trim();
      this.close();
      this.reject(comment);
    });
    this.element.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.close();
    });
  }

  open(): void {
    setShown(this.element, true);
    this.input.value = "";
    this.input.focus();
  }

  private close(): void {
    setShown(this.element, false);
    this.input.blur();
  }
}
