import type { Settings, Strategy } from "../contract";
import { element, setShown, setText } from "../dom";

const STRATEGIES: [Strategy, string, string][] = [
  ["classifier", "Colours of this image", "Learns the colours of cropland from the land cover; needs no model."],
  ["apt", "Published method", "The model with random points from the land cover, as published; slow."],
  ["joint", "All points at once", "The model is asked once, with all points."],
  ["per_field", "Field by field", "The model is asked for each point separately; gives separate parcels."],
  ["apt_plus", "Recommended", "Doubtful points are dropped; the model is asked several times."],
];

/** How the prediction is made; what is chosen is sent by the tile's session. */
export class SettingsForm {
  readonly element: HTMLElement;
  private readonly strategy = element("select", { id: "cm-strategy", "data-testid": "strategy" });
  private readonly explanation = element("p", { class: "cm-quiet" });
  private readonly threshold = slider("threshold", 0.05, 0.95, 0.01);
  private readonly thresholdShown = element("output", { class: "cm-value" });
  private readonly fieldSize = slider("field-size", 0.1, 0.9, 0.02);
  private readonly fieldSizeShown = element("output", { class: "cm-value" });
  private readonly points = number("points-per-class", 1, 200, 1);
  private readonly area = number("min-area", 0, 1_000_000, 100);
  private readonly published = element("input", { type: "checkbox", "data-testid": "published-scale" });
  private readonly publishedLine: HTMLElement;
  private byPointer = false;

  constructor(private readonly change: (settings: Partial<Settings>) => void) {
    for (const [value, name] of STRATEGIES) this.strategy.append(element("option", { value, text: name }));
    this.strategy.addEventListener("pointerdown", () => (this.byPointer = true));
    this.strategy.addEventListener("keydown", () => (this.byPointer = false));
    this.strategy.addEventListener("change", () => this.chooseStrategy());
    this.threshold.addEventListener("input", () => this.change({ threshold: Number(this.threshold.value) }));
    this.fieldSize.title = "Left: more and smaller fields. Right: fewer and larger fields.";
    this.fieldSize.addEventListener("input", () => this.change({ field_size: Number(this.fieldSize.value) }));
    this.onNumber(this.points, (value) => this.change({ points_per_class: Math.round(value) }));
    this.onNumber(this.area, (value) => this.change({ min_area_m2: value }));
    this.published.addEventListener("change", () => this.change({ published_scale: this.published.checked }));
    this.publishedLine = element(
      "label",
      { class: "cm-check", title: "The model sees 512 px at a time, enlarged twice: four times the points, four times the time." },
      this.published,
      element("span", { text: "Enlarged as published (slow)" }),
    );
    this.element = element(
      "section",
      { class: "cm-section" },
      element("h3", { text: "Automatic map" }),
      element("label", { class: "cm-field cm-field-wide" }, element("span", { text: "Method" }), this.strategy),
      this.explanation,
      this.publishedLine,
      element("label", { class: "cm-field" }, element("span", { text: "Threshold" }), this.threshold, this.thresholdShown),
      element("label", { class: "cm-field" }, element("span", { text: "Field size" }), this.fieldSize, this.fieldSizeShown),
      element("label", { class: "cm-field" }, element("span", { text: "Points of each kind" }), this.points),
      element("label", { class: "cm-field" }, element("span", { text: "Smallest parcel, m²" }), this.area),
    );
  }

  show(settings: Settings): void {
    this.write(this.strategy, settings.strategy);
    this.write(this.threshold, String(settings.threshold));
    this.write(this.points, String(settings.points_per_class));
    this.write(this.area, String(settings.min_area_m2));
    setText(this.thresholdShown, settings.threshold.toFixed(2));
    this.write(this.fieldSize, String(settings.field_size));
    setText(this.fieldSizeShown, settings.field_size < 0.45 ? "smaller" : settings.field_size > 0.55 ? "larger" : "usual");
    this.published.checked = settings.published_scale;
    setShown(this.publishedLine, settings.strategy === "apt");
    setText(this.explanation, STRATEGIES.find(([value]) => value === settings.strategy)?.[2] ?? "");
  }

  private chooseStrategy(): void {
    this.change({ strategy: this.strategy.value as Strategy });
    // Otherwise the next key, meant for the map, would choose another method.
    if (this.byPointer) this.strategy.blur();
  }

  /** A number that is being typed is not overwritten. */
  private write(control: HTMLInputElement | HTMLSelectElement, value: string): void {
    const typing = control === document.activeElement && control instanceof HTMLInputElement && control.type === "number";
    if (!typing && control.value !== value) control.value = value;
  }

  private onNumber(control: HTMLInputElement, use: (value: number) => void): void {
    control.addEventListener("input", () => {
      if (control.value !== "" && control.validity.valid) use(control.valueAsNumber);
    });
  }
}

export function slider(testId: string, min: number, max: number, step: number): HTMLInputElement {
  return element("input", { type: "range", min, max, step, "data-testid": testId });
}

export function number(testId: string, min: number, max: number, step: number): HTMLInputElement {
  // `any`: the arrows go in steps, any number in between may be typed.
  const made = element("input", { type: "number", min, max, step: "any", inputmode: "decimal", "data-testid": testId });
  made.addEventListener("keydown", (event) => {
    if (event.key === "Enter") made.blur();
    const direction = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (!direction) return;
    event.preventDefault();
    made.valueAsNumber = Math.min(max, Math.max(min, (made.valueAsNumber || 0) + direction * step));
    made.dispatchEvent(new Event("input"));
  });
  return made;
}
