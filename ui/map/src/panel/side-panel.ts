import type { Parcel, Settings, TileState } from "../contract";
import { element, formatHectares, setText } from "../dom";
import { promptMarkup } from "../map/prompt-layer";
import { button } from "./button";
import { LayerControls, type LayerChoices } from "./layer-controls";
import { ParcelList } from "./parcel-list";
import { SettingsForm } from "./settings-form";

export interface SidePanelActions {
  settings(settings: Partial<Settings>): void;
  layers(choices: LayerChoices): void;
  clearPrompts(): void;
  parcelChosen(parcel: Parcel): void;
  parcelPointed(parcel: Parcel | null): void;
}

/** Area, settings, layers, parcels and the legend. */
export class SidePanel {
  readonly element: HTMLElement;
  readonly parcels: ParcelList;
  private readonly settings: SettingsForm;
  private readonly cropland = element("strong", { class: "cm-figure", "data-testid": "cropland-ha" });
  private readonly landcover = element("span", { class: "cm-quiet", "data-testid": "landcover-ha" });

  constructor(private readonly landcoverTitle: string | null, actions: SidePanelActions) {
    this.settings = new SettingsForm((settings) => actions.settings(settings));
    this.parcels = new ParcelList({
      chosen: (parcel) => actions.parcelChosen(parcel),
      pointed: (parcel) => actions.parcelPointed(parcel),
    });
    const area = element(
      "section",
      { class: "cm-section cm-area" },
      element("h3", { text: "Cropland on this tile" }),
      this.cropland,
      this.landcover,
    );
    const layers = new LayerControls(landcoverTitle, (choices) => actions.layers(choices));
    this.element = element(
      "aside",
      { class: "cm-panel", "aria-label": "Side panel" },
      area,
      this.settings.element,
      layers.element,
      this.parcels.element,
      legend(() => actions.clearPrompts()),
    );
  }

  show(state: TileState): void {
    setText(this.cropland, formatHectares(state.cropland_ha));
    setText(this.landcover, this.compared(state));
    this.settings.show(state.settings);
    this.parcels.show(state.parcels);
  }

  /** Without this, a tile that the land cover says nothing of would look as if it had no cropland. */
  private compared({ status, landcover_ha: hectares }: TileState): string {
    if (hectares !== null) return `Land cover product: ${formatHectares(hectares)}`;
    const silent = status === "ready" && this.landcoverTitle !== null;
    return silent ? "The land cover has no data here, so no prompts were placed: click on fields." : "";
  }
}

function legend(clear: () => void): HTMLElement {
  const entry = (label: 0 | 1, source: "auto" | "person", text: string): HTMLElement =>
    element("li", {}, promptMarkup(label, source), element("span", { text }));
  return element(
    "section",
    { class: "cm-section" },
    element("h3", { text: "Prompts" }),
    element(
      "ul",
      { class: "cm-legend" },
      entry(1, "person", "cropland, yours"),
      entry(0, "person", "not cropland, yours"),
      entry(1, "auto", "cropland, automatic"),
      entry(0, "auto", "not cropland, automatic"),
    ),
    button({ name: "Remove all prompts of people on this tile", text: "Remove yours", testId: "clear-prompts", className: "cm-text-button", press: clear }),
  );
}
