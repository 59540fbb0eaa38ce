import { element } from "../dom";

const DELAY_MS = 350;

/** One tooltip for everything with `data-tip`, for the pointer and for the keyboard. */
export class Tooltip {
  private readonly box = element("div", { class: "cm-tooltip", role: "tooltip", hidden: true });
  private timer = 0;

  constructor(private readonly root: HTMLElement) {
    root.append(this.box);
    root.addEventListener("pointerover", (event) => this.plan(event.target));
    root.addEventListener("pointerdown", () => this.hide());
    root.addEventListener("pointerleave", () => this.hide());
    root.addEventListener("focusin", (event) => {
      const target = event.target as HTMLElement;
      if (target.matches(":focus-visible")) this.plan(target);
    });
    root.addEventListener("focusout", () => this.hide());
  }

  private plan(target: EventTarget | null): void {
    const owner = target instanceof Element ? target.closest<HTMLElement>("[data-tip]") : null;
    this.hide();
    if (owner) this.timer = window.setTimeout(() => this.show(owner), DELAY_MS);
  }

  private show(owner: HTMLElement): void {
    if (!owner.isConnected) return;
    this.box.replaceChildren(owner.dataset.tip ?? "");
    if (owner.dataset.key) this.box.append(element("kbd", { text: owner.dataset.key }));
    this.box.hidden = false;
    this.place(owner);
  }

  private place(owner: HTMLElement): void {
    const frame = this.root.getBoundingClientRect();
    const target = owner.getBoundingClientRect();
    const own = this.box.getBoundingClientRect();
    const beside = owner.closest(".cm-rail") !== null;
    let left = beside ? target.right + 8 : target.left + target.width / 2 - own.width / 2;
    let top = beside ? target.top + target.height / 2 - own.height / 2 : target.bottom + 6;
    if (!beside && top + own.height > frame.bottom) top = target.top - own.height - 6;
    left = Math.min(Math.max(left, frame.left + 4), frame.right - own.width - 4);
    top = Math.min(Math.max(top, frame.top + 4), frame.bottom - own.height - 4);
    this.box.style.left = `${left - frame.left}px`;
    this.box.style.top = `${top - frame.top}px`;
  }

  private hide(): void {
    window.clearTimeout(this.timer);
    this.box.hidden = true;
  }
}
