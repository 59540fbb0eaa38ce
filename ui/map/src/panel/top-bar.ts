import type { GivenVerdict, TileState, Verdict, VerdictState } from "../contract";
import { clause, element, setShown, setText } from "../dom";
import type { SaveStatus } from "../edit-queue";
import { button, isEnabled, setEnabled } from "./button";

export interface TopBarActions {
  previous(): void;
  next(): void;
  undo(): void;
  redo(): void;
  judge(verdict: GivenVerdict, comment: string): void;
  /** The comment belongs to a place, which the person shows next; then the tile is marked for fixing. */
  pinFix(comment: string): void;
  help(): void;
  togglePanel(): void;
}

const VERDICT_WORDS: Record<Verdict, string> = {
  open: "Not decided",
  accepted: "Accepted",
  changed: "Changed since accepted",
  fix: "To fix",
  rejected: "Rejected",
};

export const SECOND_LOOK = "The verdicts of others on this tile are hidden until you give yours.";

/** Where one is, what is saved, and the verdict. */
export class TopBar {
  readonly element: HTMLElement;
  private readonly place = element("span", { class: "cm-place", "data-testid": "tile-place" });
  private readonly chip = element("span", { class: "cm-chip", "data-testid": "verdict-chip" });
  private readonly saved = element("span", { class: "cm-saved", role: "status", "data-testid": "saved-state" });
  private readonly unsettled = element("span", { class: "cm-unsettled", role: "status", hidden: true, "data-testid": "unsettled" });
  private readonly undoCount = element("span", { class: "cm-count" });
  private readonly redoCount = element("span", { class: "cm-count" });
  private readonly previous: HTMLButtonElement;
  private readonly next: HTMLButtonElement;
  private readonly undo: HTMLButtonElement;
  private readonly redo: HTMLButtonElement;
  private readonly verdicts: Record<"accepted" | "fix" | "rejected", HTMLButtonElement>;
  private readonly comments: Record<"fix" | "rejected", VerdictComment>;

  constructor(private readonly actions: TopBarActions) {
    this.previous = this.make("Previous tile", "previous", "previous", "Shift+Enter", () => actions.previous());
    this.next = this.make("Next tile", "next", "next", "Enter", () => actions.next());
    this.undo = this.make("Undo", "undo", "undo", "Z", () => actions.undo());
    this.redo = this.make("Redo", "redo", "redo", "Shift+Z", () => actions.redo());
    this.undo.append(this.undoCount);
    this.redo.append(this.redoCount);
    this.verdicts = {
      accepted: this.verdictButton("accepted", "Accept", "A", "accept", () => this.toggleAccepted()),
      fix: this.verdictButton("fix", "Fix", "X", "fix", () => this.ask("fix")),
      rejected: this.verdictButton("rejected", "Reject", "R", "reject", () => this.ask("rejected")),
    };
    this.comments = {
      fix: new VerdictComment(FIX, (comment) => actions.judge("fix", comment), (comment) => actions.pinFix(comment)),
      rejected: new VerdictComment(REJECTION, (comment) => actions.judge("rejected", comment)),
    };
    const help = this.make("Keys", "help", "help", "?", () => actions.help());
    const panel = this.make("Side panel", "panel", "panel", "\\", () => actions.togglePanel());
    this.element = element(
      "div",
      { class: "cm-top", role: "toolbar", "aria-label": "Tile" },
      element("div", { class: "cm-group" }, this.previous, this.next, this.place),
      this.chip,
      element("div", { class: "cm-group" }, this.undo, this.redo),
      this.saved,
      this.unsettled,
      element("div", { class: "cm-space" }),
      element("div", { class: "cm-group cm-verdicts" }, this.verdicts.accepted, this.verdicts.fix, this.verdicts.rejected, this.comments.fix.element, this.comments.rejected.element),
      element("div", { class: "cm-group" }, help, panel),
    );
  }

  show(state: TileState, redoCount: number): void {
    this.showPlace(state.index, state.count, state.name);
    setEnabled(this.previous, state.previous !== null);
    setEnabled(this.next, state.next !== null);
    setEnabled(this.undo, state.can_undo);
    setEnabled(this.redo, state.can_redo);
    setText(this.undoCount, state.can_undo && state.step_count > 0 ? String(state.step_count) : "");
    setText(this.redoCount, redoCount > 0 ? String(redoCount) : "");
    this.showVerdict(state);
    this.showUnsettled(state);
  }

  /** The label that is shown is not the one that will stay. */
  private showUnsettled({ final, status, refining, cropland_ha: hectares }: TileState): void {
    const working = !final && (status === "working" || refining) && hectares > 0;
    setText(this.unsettled, working ? "Still working: the hectares may change" : "");
    setShown(this.unsettled, working);
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

  /** Asks for the comment first; pressed again, it takes the verdict back. */
  ask(verdict: "fix" | "rejected"): void {
    if (this.isGiven(verdict)) this.actions.judge("open", "");
    else this.comments[verdict].open();
  }

  toggleAccepted(): void {
    this.actions.judge(this.isGiven("accepted") ? "open" : "accepted", "");
  }

  private isGiven(verdict: "accepted" | "fix" | "rejected"): boolean {
    return this.verdicts[verdict].getAttribute("aria-pressed") === "true";
  }

  private showVerdict({ verdict, second_look: second }: TileState): void {
    if (second) {
      setText(this.chip, "Second look");
      this.chip.dataset.verdict = "second";
      this.chip.dataset.tip = SECOND_LOOK;
    } else this.showGiven(verdict);
    for (const [name, given] of Object.entries(this.verdicts)) {
      given.setAttribute("aria-pressed", String(name === verdict.verdict));
    }
  }

  private showGiven(verdict: VerdictState): void {
    const signed = verdict.verdict === "changed" ? ", accepted by" : " by";
    const by = verdict.verdict !== "open" && verdict.reviewer ? `${signed} ${verdict.reviewer}` : "";
    setText(this.chip, VERDICT_WORDS[verdict.verdict] ?? verdict.verdict);
    this.chip.dataset.verdict = verdict.verdict;
    const comment = verdict.comment ? `: ${verdict.comment}` : "";
    this.chip.dataset.tip = `${this.chip.textContent}${by}${comment}`;
  }

  private make(name: string, sign: string, testId: string, key: string, press: () => void): HTMLButtonElement {
    const made = button({ name, icon: sign, key, testId, press: () => isEnabled(made) && press() });
    return made;
  }

  private verdictButton(verdict: string, text: string, key: string, sign: string, press: () => void): HTMLButtonElement {
    const name = { accepted: "Accept this tile", fix: "Fix needed on this tile", rejected: "Reject this tile" }[verdict]!;
    return button({ name, text, key, icon: sign, testId: `verdict-${verdict}`, className: `cm-verdict cm-verdict-${verdict}`, press });
  }
}

interface CommentWords {
  testId: string;
  placeholder: string;
  label: string;
  send: string;
}

const REJECTION: CommentWords = { testId: "reject", placeholder: "Why? (optional)", label: "Why is this tile rejected?", send: "Reject" };
const FIX: CommentWords = { testId: "fix", placeholder: "What needs fixing? (optional)", label: "What needs fixing on this tile?", send: "Fix" };

/** The short comment that goes with a verdict. */
class VerdictComment {
  readonly element: HTMLFormElement;
  private readonly input: HTMLInputElement;

  constructor(words: CommentWords, give: (comment: string) => void, pin?: (comment: string) => void) {
    this.input = element("input", {
      type: "text",
      maxlength: 300,
      placeholder: words.placeholder,
      "aria-label": words.label,
      "data-testid": `${words.testId}-comment`,
    });
    const send = element("button", { type: "submit", class: "cm-button cm-strong", "data-testid": `${words.testId}-send`, text: words.send });
    const cancel = element("button", { type: "button", class: "cm-button", text: "Cancel", onclick: () => this.close() });
    const place = pin && element("button", { type: "button", class: "cm-button", "data-testid": `${words.testId}-pin`, text: "Pin to a place", onclick: () => pin(this.take()) });
    this.element = element("form", { class: "cm-popover", hidden: true }, this.input, place, send, cancel);
    this.element.addEventListener("submit", (event) => {
      event.preventDefault();
      give(this.take());
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

  private take(): string {
    const comment = this.input.value.trim();
    this.close();
    return comment;
  }

  private close(): void {
    setShown(this.element, false);
    this.input.blur();
  }
}
