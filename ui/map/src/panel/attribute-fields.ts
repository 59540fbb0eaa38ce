import { textOf, valueOf, type AttributeValue } from "../attributes";
import type { Attribute, Parcel } from "../contract";
import { element, setShown } from "../dom";

type Field = HTMLInputElement | HTMLSelectElement;

export interface AttributeFieldsActions {
  fill(values: Record<string, AttributeValue | null>): void;
  /** The person has done with the fields. */
  filled(): void;
}

const INPUT_TYPES = { text: "text", number: "number", date: "date" } as const;

/** Fields of the project's own attributes, as what grows on a parcel. */
export class AttributeFields {
  readonly element: HTMLElement;
  private readonly fields: [Attribute, Field][];

  constructor(
    attributes: Attribute[],
    private readonly actions: AttributeFieldsActions,
  ) {
    this.fields = attributes.map((one) => [one, this.field(one)]);
    const rows = this.fields.map(([one, field], index) =>
      element(
        "label",
        { class: "cm-attribute" },
        element("span", { class: "cm-quiet", text: one.name, "data-tip": one.name, ...(index === 0 && { "data-key": "W" }) }),
        field,
      ),
    );
    this.element = element("div", { class: "cm-attributes", role: "group", "aria-label": "Attributes" }, ...rows);
    setShown(this.element, rows.length > 0);
  }

  show(parcel: Parcel): void {
    for (const [one, field] of this.fields) {
      const value = parcel.attributes?.[one.key];
      if (field !== document.activeElement || field instanceof HTMLSelectElement) put(field, textOf(value));
      field.classList.toggle("cm-lacking", one.required && value === undefined && parcel.land_class === "cropland");
    }
  }

  /** Puts the focus into the first field; false where there is none. */
  focus(): boolean {
    const first = this.fields[0]?.[1];
    first?.focus();
    return first !== undefined;
  }

  private field(attribute: Attribute): Field {
    const named = { "aria-label": attribute.name, "data-testid": `attribute-${attribute.key}` };
    const field = isList(attribute) ? list(attribute, named) : input(attribute, named);
    field.addEventListener("change", () => this.actions.fill({ [attribute.key]: valueOf(attribute, field.value) }));
    field.addEventListener("keydown", (event) => {
      const { key } = event as KeyboardEvent;
      if (key !== "Enter" && key !== "Escape") return;
      event.preventDefault();
      // Leaving a field tells its change first.
      field.blur();
      this.actions.filled();
    });
    return field;
  }
}

function isList({ kind }: Attribute): boolean {
  return kind === "choice" || kind === "yes_no";
}

function list({ kind, choices }: Attribute, named: Record<string, string>): HTMLSelectElement {
  const known = kind === "yes_no" ? [["yes", "Yes"], ["no", "No"]] : choices.map(({ code, name }) => [code, name]);
  return element("select", named, ...[["", "–"], ...known].map(([value, text]) => element("option", { value, text })));
}

function input({ kind }: Attribute, named: Record<string, string>): HTMLInputElement {
  return element("input", { ...named, type: INPUT_TYPES[kind as keyof typeof INPUT_TYPES], maxlength: 500, ...(kind === "number" && { step: "any" }) });
}

/** A code that is not in the list any more is shown all the same. */
function put(field: Field, text: string): void {
  if (field instanceof HTMLSelectElement) {
    field.querySelector("[data-gone]")?.remove();
    if (![...field.options].some(({ value }) => value === text)) field.append(element("option", { value: text, text, "data-gone": true }));
  }
  field.value = text;
}
