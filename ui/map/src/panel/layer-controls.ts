import { colouring } from "../attributes";
import type { Attribute, Parcel, SceneState } from "../contract";
import { element, setShown } from "../dom";
import { slider } from "./settings-form";

export type Overlay = "none" | "probability" | "uncertainty";

export interface LayerChoices {
  imagery: number;
  mask: number;
  landcover: number;
  overlay: Overlay;
  overlayOpacity: number;
  outlines: boolean;
  automatic: boolean;
  /** The shapes that were accepted and are others now. */
  accepted: boolean;
  /** What grows there, by its colour. */
  crops: boolean;
}

export const FIRST_CHOICES: LayerChoices = {
  imagery: 1,
  mask: 0.7,
  landcover: 0,
  overlay: "none",
  overlayOpacity: 0.7,
  outlines: true,
  automatic: true,
  accepted: false,
  crops: true,
};

/** What is drawn over the image, and how strongly. */
export class LayerControls {
  readonly element: HTMLElement;
  private readonly choices = { ...FIRST_CHOICES };
  private readonly overlayOpacity = this.opacity("Its opacity", "overlayOpacity", "opacity-overlay");

  private readonly crops: Attribute | null;
  private readonly legend = element("ul", { class: "cm-crops", "data-testid": "crop-legend" });

  constructor(
    { landcover_title: landcoverTitle, attributes }: SceneState,
    private readonly changed: (choices: LayerChoices) => void,
  ) {
    this.crops = colouring(attributes);
    const landcover = this.opacity("Land cover", "landcover", "opacity-landcover");
    landcover.dataset.tip = landcoverTitle ?? "";
    setShown(landcover, landcoverTitle !== null);
    setShown(this.overlayOpacity, false);
    this.element = element(
      "section",
      { class: "cm-section" },
      element("h3", { text: "Layers" }),
      this.opacity("Image", "imagery", "opacity-imagery"),
      this.opacity("Cropland", "mask", "opacity-mask"),
      landcover,
      element(
        "div",
        { class: "cm-choice", role: "radiogroup", "aria-label": "Layer over the image" },
        this.radio("none", "None"),
        this.radio("probability", "Probability"),
        this.radio("uncertainty", "Uncertainty"),
      ),
      this.overlayOpacity,
      this.box("Parcel outlines", "outlines", "show-outlines"),
      this.box("Automatic points", "automatic", "show-automatic"),
      this.box("Accepted shapes", "accepted", "show-accepted"),
      this.crops && this.box(`Colours of ${this.crops.name}`, "crops", "show-crops"),
      this.legend,
    );
  }

  /** The colours that are on the map. */
  show(parcels: Parcel[]): void {
    const { crops } = this;
    const said = crops ? parcels.map(({ attributes }) => attributes?.[crops.key]) : [];
    const there = (crops?.choices ?? []).filter(({ code, colour }) => colour !== "" && said.includes(code));
    this.legend.replaceChildren(...there.map(({ code, name, colour }) => entry(name, colour, said.filter((one) => one === code).length)));
    setShown(this.legend, there.length > 0 && this.choices.crops);
  }

  private opacity(name: string, choice: "imagery" | "mask" | "landcover" | "overlayOpacity", testId: string): HTMLElement {
    const control = slider(testId, 0, 1, 0.05);
    control.value = String(this.choices[choice]);
    control.addEventListener("input", () => {
      this.choices[choice] = Number(control.value);
      this.changed(this.choices);
    });
    return element("label", { class: "cm-field" }, element("span", { class: "cm-clip", text: name }), control);
  }

  private radio(value: Overlay, name: string): HTMLElement {
    const control = element("input", { type: "radio", name: "cm-overlay", value, "data-testid": `overlay-${value}` });
    control.checked = this.choices.overlay === value;
    control.addEventListener("change", () => {
      this.choices.overlay = value;
      setShown(this.overlayOpacity, value !== "none");
      this.changed(this.choices);
    });
    return element("label", {}, control, element("span", { text: name }));
  }

  private box(name: string, choice: "outlines" | "automatic" | "accepted" | "crops", testId: string): HTMLElement {
    const control = element("input", { type: "checkbox", "data-testid": testId });
    control.checked = this.choices[choice];
    control.addEventListener("change", () => {
      this.choices[choice] = control.checked;
      setShown(this.legend, this.choices.crops && this.legend.childElementCount > 0);
      this.changed(this.choices);
    });
    return element("label", { class: "cm-check" }, control, element("span", { text: name }));
  }
}

function entry(name: string, colour: string, parcels: number): HTMLElement {
  const swatch = element("i", { "aria-hidden": true });
  swatch.style.background = colour;
  return element("li", {}, swatch, element("span", { text: name }), element("span", { class: "cm-quiet", text: parcels.toLocaleString("en") }));
}
