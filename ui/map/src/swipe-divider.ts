import { element } from "./dom";
import L from "./leaflet";

const STEP = 0.02;
const BIG_STEP = 0.1;

/** A line over the map; one pane is seen to its left, the other to its right. */
export class SwipeDivider {
  private share = 0.5;
  private readonly line: HTMLElement;

  constructor(
    private readonly map: L.Map,
    private readonly left: HTMLElement,
    private readonly right: HTMLElement,
  ) {
    this.line = element(
      "div",
      {
        class: "cm-divider",
        role: "slider",
        tabindex: 0,
        "aria-label": "Divider between the left and the right layer",
        "aria-valuemin": 0,
        "aria-valuemax": 100,
        "data-testid": "divider",
        onpointerdown: (event: PointerEvent) => this.line.setPointerCapture(event.pointerId),
        onpointermove: (event: PointerEvent) => this.dragged(event),
        onkeydown: (event: KeyboardEvent) => this.pressed(event),
      },
      element("span", { class: "cm-divider-grip" }),
    );
    // Otherwise the map would be dragged along.
    L.DomEvent.disableClickPropagation(this.line);
    map.getContainer().append(this.line);
    map.on("move zoom viewreset resize zoomend", this.clip);
    this.clip();
  }

  dispose(): void {
    this.map.off("move zoom viewreset resize zoomend", this.clip);
    this.line.remove();
    this.left.style.clipPath = "";
    this.right.style.clipPath = "";
  }

  private dragged(event: PointerEvent): void {
    if (!this.line.hasPointerCapture(event.pointerId)) return;
    const frame = this.map.getContainer().getBoundingClientRect();
    this.moveTo((event.clientX - frame.left) / frame.width);
  }

  private pressed(event: KeyboardEvent): void {
    const step = event.shiftKey ? BIG_STEP : STEP;
    const places: Record<string, number> = {
      ArrowLeft: this.share - step,
      ArrowRight: this.share + step,
      Home: 0,
      End: 1,
    };
    const place = places[event.key];
    if (place === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    this.moveTo(place);
  }

  private moveTo(share: number): void {
    this.share = Math.min(1, Math.max(0, share));
    this.clip();
  }

  private readonly clip = (): void => {
    const size = this.map.getSize();
    const corner = this.map.containerPointToLayerPoint([0, 0]);
    const end = this.map.containerPointToLayerPoint([size.x, size.y]);
    const middle = corner.x + size.x * this.share;
    this.left.style.clipPath = rectangle(corner.x, corner.y, middle, end.y);
    this.right.style.clipPath = rectangle(middle, corner.y, end.x, end.y);
    this.line.style.left = `${this.share * 100}%`;
    this.line.setAttribute("aria-valuenow", String(Math.round(this.share * 100)));
  };
}

function rectangle(left: number, top: number, right: number, bottom: number): string {
  return `polygon(${left}px ${top}px, ${right}px ${top}px, ${right}px ${bottom}px, ${left}px ${bottom}px)`;
}
