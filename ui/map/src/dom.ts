// Making elements. Text always goes in as text, never as markup.

export interface Attributes {
  [name: string]: string | number | boolean | null | undefined | ((event: never) => void);
}

type Child = Node | string | null | undefined | false;

/** `on…` attributes become listeners, true and false set or leave out, `text` is the content. */
export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) apply(made, key, value);
  for (const child of children) if (child) made.append(child);
  return made;
}

function apply(target: HTMLElement, key: string, value: Attributes[string]): void {
  if (value === null || value === undefined || value === false) return;
  if (typeof value === "function") {
    target.addEventListener(key.replace(/^on/, ""), value as unknown as EventListener);
  } else if (key === "text") {
    target.textContent = String(value);
  } else {
    target.setAttribute(key, value === true ? "" : String(value));
  }
}

/** Writes only what changed, so that screen readers hear only what changed. */
export function setText(target: HTMLElement, text: string): void {
  if (target.textContent !== text) target.textContent = text;
}

export function setShown(target: HTMLElement, shown: boolean): void {
  target.hidden = !shown;
}

/** An element from markup written in this source, never from anything received. */
export function fromOwnMarkup(markup: string): Element {
  const template = document.createElement("template");
  template.innerHTML = markup;
  return template.content.firstElementChild!;
}

/** Whether keys typed now are text for a field. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  if (!(target instanceof HTMLInputElement)) return false;
  return !["range", "checkbox", "radio", "button", "submit", "reset"].includes(target.type);
}

/** A sentence as a part of another one: without its full stop. */
export function clause(sentence: string): string {
  return sentence.replace(/\.\s*$/, "");
}

export function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${clause(text.slice(1))}.`;
}
