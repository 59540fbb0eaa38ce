import { element, setShown, setText } from "../dom";

const SHORT_MS = 6000;

export interface Remedy {
  name: string;
  testId: string;
  press: () => void;
}

/** One calm line at a time, over the lower edge of the map. */
export class Notices {
  readonly element = element("div", { class: "cm-notice", role: "status", "aria-live": "polite", hidden: true, "data-testid": "notice" });
  private readonly text = element("span", { class: "cm-notice-text" });
  private readonly hint = element("span", { class: "cm-notice-hint" });
  private readonly remedies = element("span", { class: "cm-notice-remedies" });
  private timer = 0;
  private lasting = "";
  private written = "";

  constructor() {
    this.element.append(this.text, this.hint, this.remedies);
  }

  /** Goes away by itself. */
  tell(text: string, hint = ""): void {
    this.write(text, hint, "info", []);
    this.timer = window.setTimeout(() => this.hide(), SHORT_MS);
  }

  /** Stays until `settle` with the same topic. */
  complain(topic: string, text: string, hint = "", remedies: Remedy[] = []): void {
    this.write(text, hint, "problem", remedies);
    this.lasting = topic;
  }

  /** Stays as well, where nothing else does: nothing is wrong. */
  remark(topic: string, text: string, hint = ""): void {
    if (this.lasting && this.lasting !== topic) return;
    this.write(text, hint, "info", []);
    this.lasting = topic;
  }

  settle(topic: string): void {
    if (this.lasting === topic) this.hide();
  }

  private write(text: string, hint: string, kind: string, remedies: Remedy[]): void {
    window.clearTimeout(this.timer);
    this.lasting = "";
    const content = JSON.stringify([text, hint, kind, remedies]);
    // Said again while it is shown, it must not take a button from under the pointer.
    if (content === this.written && !this.element.hidden) return;
    this.written = content;
    this.element.dataset.kind = kind;
    setText(this.text, text);
    setText(this.hint, hint);
    this.remedies.replaceChildren(
      ...remedies.map(({ name, testId, press }) =>
        element("button", { type: "button", class: "cm-link", text: name, "data-testid": testId, onclick: press }),
      ),
    );
    setShown(this.element, true);
  }

  private hide(): void {
    this.lasting = "";
    setShown(this.element, false);
  }
}
