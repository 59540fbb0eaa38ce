import { sharedText, valueOf, type AttributeValue } from "../attributes";
import type { Attribute, Parcel } from "../contract";
import { element, setShown } from "../dom";

type Field = HTMLInputElement | HTMLSelectElement;

export interface AttributeFieldsActions {
  fill(values: Record<string, AttributeValue | null>): void;
  /** The person has done with the fields. */
  filled(): void;
}

const INPUT_TYPES = { text: "text", number: "number", date: "date" } as const;

/** A list is worked by keys letter by letter; what it says when the hand rests is what is meant. */
const REST_MS = 600;
/** What a list says of parcels that say different things; no value has a line break. */
const MIXED = "\n";

/** Fields of the project's own attributes, as what grows on some parcels. */
export class AttributeFields {
  readonly element: HTMLElement;
  private readonly fields: [Attribute, Field][];
  /** Lists that say something by keys that is not told yet. */
  private readonly resting = new Map<Field, number>();

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

  show(parcels: Parcel[]): void {
    for (const [one, field] of this.fields) {
      const { text, mixed } = sharedText(parcels, one.key);
      const inUse = field === document.activeElement && !(field instanceof HTMLSelectElement);
      if (!inUse && !this.resting.has(field)) put(field, text, mixed);
      const lacks = ({ attributes, land_class: land }: Parcel) => attributes?.[one.key] === undefined && land === "cropland";
      field.classList.toggle("cm-lacking", one.required && parcels.some(lacks));
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
    let byKeys = false;
    const tell = (): void => {
      window.clearTimeout(this.resting.get(field));
      this.resting.delete(field);
      this.actions.fill({ [attribute.key]: valueOf(attribute, field.value) });
    };
    field.addEventListener("change", () => {
      if (!byKeys || !isList(attribute)) return tell();
      window.clearTimeout(this.resting.get(field));
      this.resting.set(field, window.setTimeout(tell, REST_MS));
    });
    field.addEventListener("blur", () => this.resting.has(field) && tell());
    field.addEventListener("pointerdown", () => (byKeys = false));
    field.addEventListener("keydown", (event) => {
      const { key } = event as KeyboardEvent;
      byKeys = true;
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

/** A code that is not in the list any more is shown all the same, and that parcels say different things. */
function put(field: Field, text: string, mixed: boolean): void {
  if (field instanceof HTMLSelectElement) {
    const value = mixed ? MIXED : text;
    field.querySelector("[data-gone]")?.remove();
    const known = [...field.options].some((option) => option.value === value);
    if (!known) field.append(element("option", { value, text: mixed ? "different ones" : text, disabled: mixed, "data-gone": true }));
    field.value = value;
  } else {
    field.placeholder = mixed ? "different ones" : "";
    field.value = text;
  }
}
