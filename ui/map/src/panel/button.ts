import { element, type Attributes } from "../dom";
import { icon } from "../icons";

export interface ButtonOptions {
  /** What the button does: its tooltip and its name for screen readers. */
  name: string;
  key?: string;
  icon?: string;
  /** Text beside the sign; left away where there is little room. */
  text?: string;
  testId: string;
  className?: string;
  press: () => void;
}

/** A button with a tooltip that names its key. */
export function button(options: ButtonOptions): HTMLButtonElement {
  const attributes: Attributes = {
    type: "button",
    class: `cm-button ${options.className ?? ""}`.trim(),
    "aria-label": options.name,
    "data-tip": options.name,
    "data-key": options.key,
    "aria-keyshortcuts": options.key && spokenKey(options.key),
    "data-testid": options.testId,
    onclick: (event: MouseEvent) => {
      options.press();
      // After a click with the pointer, Enter and space belong to the map again.
      if (event.detail > 0) (event.currentTarget as HTMLElement | null)?.blur();
    },
  };
  const made = element("button", attributes, options.icon ? icon(options.icon) : null);
  if (options.text) made.append(element("span", { class: "cm-button-text", text: options.text }));
  return made;
}

function spokenKey(key: string): string {
  return key.replace("Ctrl+", "Control+");
}

/** Disabled buttons keep the focus and their tooltip; they only do nothing. */
export function setEnabled(target: HTMLButtonElement, enabled: boolean): void {
  target.setAttribute("aria-disabled", String(!enabled));
}

export function isEnabled(target: HTMLButtonElement): boolean {
  return target.getAttribute("aria-disabled") !== "true";
}
