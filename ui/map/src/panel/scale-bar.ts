import { element, setShown } from "../dom";

const LONGEST_PX = 120;

/** A bar of a round length on the ground. */
export class ScaleBar {
  readonly element = element("div", { class: "cm-scale", role: "img", "data-testid": "scale-bar", hidden: true });

  show(metresPerPixel: number): void {
    setShown(this.element, metresPerPixel > 0 && Number.isFinite(metresPerPixel));
    const metres = roundLength(LONGEST_PX * metresPerPixel);
    const text = metres >= 1000 ? `${metres / 1000} km` : `${metres} m`;
    this.element.style.width = `${metres / metresPerPixel}px`;
    this.element.textContent = text;
    this.element.setAttribute("aria-label", `The bar is ${text} long`);
  }
}

/** The largest of 1, 2 and 5 times a power of ten that is not above `most`. */
export function roundLength(most: number): number {
  const power = 10 ** Math.floor(Math.log10(most));
  const step = [5, 2, 1].find((times) => times * power <= most) ?? 1;
  return Number((step * power).toPrecision(1));
}
