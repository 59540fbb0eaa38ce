import { formatArea } from "../area";
import type { Edit, Parcel, PinnedNote, Problem, SceneState, Settings, TileState } from "../contract";
import { element, setText } from "../dom";
import { promptMarkup } from "../map/prompt-layer";
import { KINDS, LOOKS, type ParcelLook } from "../parcel-kind";
import { svgElement } from "../map/prompt-layer";
import { button } from "./button";
import { ChangedList, type ChangedListActions } from "./changed-list";
import { CheckList } from "./check-list";
import { LayerControls, type LayerChoices } from "./layer-controls";
import { NoteList } from "./note-list";
import { ParcelList } from "./parcel-list";
import { SettingsForm } from "./settings-form";

export interface SidePanelActions extends ChangedListActions {
  settings(settings: Partial<Settings>): void;
  layers(choices: LayerChoices): void;
  clearPrompts(): void;
  parcelsChosen(parcels: Parcel[]): void;
  /** Only these are to be seen well; null means all. */
  parcelsWanted(wanted: ((parcel: Parcel) => boolean) | null): void;
  parcelPointed(parcel: Parcel | null): void;
  edit(edit: Edit): void;
  problemChosen(problem: Problem): void;
  noteChosen(note: PinnedNote): void;
}

/** Area, settings, layers, parcels and the legend. */
export class SidePanel {
  readonly element: HTMLElement;
  readonly parcels: ParcelList;
  readonly check: CheckList;
  private readonly notes: NoteList;
  private readonly changed: ChangedList;
  private readonly settings: SettingsForm;
  private readonly cropland = element("strong", { class: "cm-figure", "data-testid": "cropland-ha" });
  private readonly landcover = element("span", { class: "cm-quiet", "data-testid": "landcover-ha" });

  private readonly landcoverTitle: string | null;
  private readonly layers: LayerControls;

  constructor(scene: SceneState, actions: SidePanelActions) {
    this.landcoverTitle = scene.landcover_title;
    this.settings = new SettingsForm((settings) => actions.settings(settings));
    this.parcels = new ParcelList(scene.attributes, {
      chosen: (parcels) => actions.parcelsChosen(parcels),
      wanted: (wanted) => actions.parcelsWanted(wanted),
      pointed: (parcel) => actions.parcelPointed(parcel),
    });
    this.changed = new ChangedList(actions);
    this.check = new CheckList(actions);
    this.notes = new NoteList(actions);
    const area = element(
      "section",
      { class: "cm-section cm-area" },
      element("h3", { text: "Cropland on this tile" }),
      this.cropland,
      this.landcover,
    );
    this.layers = new LayerControls(scene, (choices) => actions.layers(choices));
    this.element = element(
      "aside",
      { class: "cm-panel", "aria-label": "Side panel" },
      area,
      this.notes.element,
      this.settings.element,
      this.layers.element,
      this.changed.element,
      this.parcels.element,
      this.check.element,
      legend(() => actions.clearPrompts()),
    );
  }

  unitChanged(): void {
    this.parcels.unitChanged();
    this.changed.unitChanged();
    this.check.unitChanged();
  }

  show(state: TileState): void {
    setText(this.cropland, formatArea(state.cropland_ha));
    setText(this.landcover, this.compared(state));
    this.settings.show(state.settings);
    this.parcels.show(state.parcels);
    this.layers.show(state.parcels);
    this.changed.show(state.changed);
    this.check.show(state);
    this.notes.show(state.notes);
  }

  /** Without this, a tile that the land cover says nothing of would look as if it had no cropland. */
  private compared({ status, landcover_ha: hectares }: TileState): string {
    if (hectares !== null) return `Land cover product: ${formatArea(hectares)}`;
    const silent = status === "ready" && this.landcoverTitle !== null;
    return silent ? "The land cover has no data here, so there are no automatic points: click on the fields." : "";
  }
}

function legend(clear: () => void): HTMLElement {
  const entry = (label: 0 | 1, source: "auto" | "person", text: string): HTMLElement =>
    element("li", {}, promptMarkup(label, source), element("span", { text }));
  return element(
    "section",
    { class: "cm-section" },
    element("h3", { text: "Parcels" }),
    element("ul", { class: "cm-legend cm-legend-two" }, ...KINDS.map((kind) => element("li", {}, swatch(LOOKS[kind]), element("span", { text: LOOKS[kind].name })))),
    element("h3", { class: "cm-sub-head", text: "Points" }),
    element(
      "ul",
      { class: "cm-legend" },
      entry(1, "person", "add, set by a person"),
      entry(0, "person", "remove, set by a person"),
      entry(1, "auto", "add, automatic"),
      entry(0, "auto", "remove, automatic"),
    ),
    button({ name: "Remove everybody's points and boxes on this tile", text: "Remove everybody's points", testId: "clear-prompts", className: "cm-text-button", press: clear }),
  );
}

/** A piece of a parcel as the map draws it. */
function swatch({ color, width, dash, fill }: ParcelLook): SVGElement {
  const svg = svgElement("svg", { viewBox: "0 0 26 18", class: "cm-swatch", "aria-hidden": "true" });
  const inside = { rising: "M3 15 15 3M11 15 23 3", falling: "M3 3 15 15M11 3 23 15", dots: "", "": "" }[fill];
  svg.append(svgElement("rect", { x: 1, y: 1, width: 24, height: 16, rx: 3, fill: "#5c7a52" }));
  if (inside) svg.append(svgElement("path", { d: inside, stroke: color, "stroke-width": 1.3, fill: "none" }));
  if (fill === "dots") for (const x of [7, 13, 19]) svg.append(svgElement("circle", { cx: x, cy: 9, r: 1.4, fill: color }));
  const frame = { x: 3, y: 3, width: 20, height: 12, fill: "none", stroke: color, "stroke-width": width };
  svg.append(svgElement("rect", { ...frame, "stroke-dasharray": dash.join(" ") }));
  return svg;
}
