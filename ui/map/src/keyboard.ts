// Keys of the annotation map.

import { isTyping } from "./dom";

/** On the root while the pointer was used last, not the Tab key. */
export const BY_POINTER = "cm-by-pointer";

export interface KeyTarget {
  /** The root of the map; keys count while the focus is inside it or nowhere. */
  root: HTMLElement;
  press(event: KeyboardEvent): boolean;
  holdSpace(held: boolean): void;
}

/**
 * Listens before anybody else: the page around binds single letters too (`r` runs the whole script
 * again), and a key that the map used must not reach it.
 */
export class Keyboard {
  private spaceHeld = false;

  constructor(private readonly target: KeyTarget) {
    window.addEventListener("keydown", this.down, true);
    window.addEventListener("keyup", this.up, true);
    window.addEventListener("blur", this.release);
  }

  dispose(): void {
    window.removeEventListener("keydown", this.down, true);
    window.removeEventListener("keyup", this.up, true);
    window.removeEventListener("blur", this.release);
  }

  private readonly down = (event: KeyboardEvent): void => {
    // Whoever moves the map by keys needs to see where its middle is.
    if (event.key.startsWith("Arrow") && this.listens()) this.target.root.classList.remove(BY_POINTER);
    if (event.isComposing || isTyping(event.target) || !this.listens()) return;
    if (event.key === " ") {
      if (this.isOwned(event)) return;
      this.take(event);
      if (!event.repeat) this.hold(true);
      return;
    }
    if (this.isOwned(event)) return;
    if (this.target.press(event)) this.take(event);
  };

  private readonly up = (event: KeyboardEvent): void => {
    if (event.key !== " " || !this.spaceHeld) return;
    this.take(event);
    this.release();
  };

  private readonly release = (): void => this.hold(false);

  private hold(held: boolean): void {
    if (held === this.spaceHeld) return;
    this.spaceHeld = held;
    this.target.holdSpace(held);
  }

  private take(event: KeyboardEvent): void {
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  /** Whether the key works the control that has the focus. */
  private isOwned({ target, key }: KeyboardEvent): boolean {
    if (!(target instanceof HTMLElement)) return false;
    if (key !== "Enter" && key !== " ") {
      return target instanceof HTMLInputElement && target.type !== "checkbox" && /^(Arrow|Home|End|Page)/.test(key);
    }
    if (target.closest("button, a, input, [role=dialog]")) return true;
    // A marker also gets the focus by being clicked or dragged; then Enter is still the map's.
    return target.closest("[role=button]") !== null && !this.target.root.classList.contains(BY_POINTER);
  }

  private listens(): boolean {
    const { activeElement } = document;
    return !activeElement || activeElement === document.body || this.target.root.contains(activeElement);
  }
}
