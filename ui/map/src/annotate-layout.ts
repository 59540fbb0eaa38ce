// The frame around the map: bar, tools, panel, messages.

import type { ChangedAcceptance, ColumnRow, Parcel, SceneState, TileState } from "./contract";
import { element, setShown, setText } from "./dom";
import type { SaveStatus } from "./edit-queue";
import { inBounds } from "./geometry";
import { icon } from "./icons";
import { BY_POINTER } from "./keyboard";
import { Help } from "./panel/help";
import { NoteBox } from "./panel/note-box";
import { Notices } from "./panel/notices";
import { positionText } from "./panel/pointer-position";
import { ScaleBar } from "./panel/scale-bar";
import { ParcelCard, type ParcelCardActions } from "./panel/parcel-card";
import { SidePanel, type SidePanelActions } from "./panel/side-panel";
import { Tooltip } from "./panel/tooltip";
import { ToolRail, type RailActions } from "./panel/tool-rail";
import { TopBar, type TopBarActions } from "./panel/top-bar";
import type { TidyMeasures, ToolInfo } from "./tools/tool";

const NARROW_PX = 900;
const SLIM_PX = 640;

export type LayoutActions = Omit<TopBarActions, "help" | "togglePanel"> & RailActions & SidePanelActions & { card: ParcelCardActions; resized(): void; pinned(place: ColumnRow, text: string): void };

export class AnnotateLayout {
  readonly mapElement = element("div", { class: "cm-map", "data-testid": "map" });
  readonly notices = new Notices();
  readonly help = new Help();
  readonly noteBox: NoteBox;
  readonly top: TopBar;
  private readonly rail: ToolRail;
  private readonly card: ParcelCard;
  private readonly panel: SidePanel;
  private readonly hint = element("div", { class: "cm-hint", "data-testid": "tool-hint", hidden: true });
  private readonly position = element("div", { class: "cm-position", "data-testid": "position" });
  private readonly scale = new ScaleBar();
  private readonly crosshair = element("div", { class: "cm-crosshair", "aria-hidden": true, "data-testid": "crosshair" });
  private readonly stage = element("span");
  private readonly bar = element("div", { class: "cm-progress-bar" });
  private readonly working = element("div", { class: "cm-working", role: "status", hidden: true, "data-testid": "working" });
  private readonly observer: ResizeObserver;
  private narrow: boolean | null = null;

  constructor(
    private readonly root: HTMLElement,
    private readonly scene: SceneState,
    private readonly actions: LayoutActions,
  ) {
    this.top = new TopBar({ ...actions, help: () => this.help.toggle(), togglePanel: () => this.togglePanel() });
    this.rail = new ToolRail(actions);
    this.panel = new SidePanel(scene, actions);
    this.card = new ParcelCard(scene.attributes, actions.card);
    this.noteBox = new NoteBox((place, text) => actions.pinned(place, text));
    this.working.append(this.stage, element("div", { class: "cm-progress" }, this.bar));
    const north = element("div", { class: "cm-north", "data-tip": "North", role: "img", "aria-label": "North" }, icon("north"));
    north.style.rotate = `${scene.north_deg}deg`;
    const low = element("div", { class: "cm-low" }, this.scale.element, this.position);
    const stage = element("div", { class: "cm-stage" }, this.mapElement, this.crosshair, north, this.working, this.hint, this.panel.parcels.reminder, this.card.element, this.noteBox.element, this.notices.element, low);
    root.append(this.top.element, element("div", { class: "cm-body" }, this.rail.element, stage, this.panel.element), this.help.element);
    new Tooltip(root);
    root.addEventListener("pointerdown", () => root.classList.add(BY_POINTER));
    root.addEventListener("keydown", (event) => event.key === "Tab" && root.classList.remove(BY_POINTER));
    this.observer = new ResizeObserver(() => this.measure());
    this.observer.observe(root);
    this.observer.observe(this.mapElement);
  }

  dispose(): void {
    this.observer.disconnect();
    this.root.replaceChildren();
  }

  show(state: TileState, redoCount: number): void {
    this.root.classList.remove("cm-between-tiles");
    this.top.show(state, redoCount);
    this.panel.show(state);
  }

  unitChanged(): void {
    this.panel.unitChanged();
  }

  /** Before the tile's state is there, its place among the tiles is known. */
  showOpening(tile: string): void {
    const index = this.scene.tiles.findIndex(({ name }) => name === tile);
    if (index >= 0) this.top.showPlace(index + 1, this.scene.tiles.length, tile);
    this.panel.parcels.choose([]);
    this.root.classList.add("cm-between-tiles");
  }

  showParcels(parcels: Parcel[], accepted: ChangedAcceptance | null): void {
    this.card.show(parcels, accepted);
    this.panel.parcels.choose(parcels.map(({ id }) => id));
  }

  /** Asks what grows on the parcels of the card; false where the project asks for nothing. */
  askAttributes(): boolean {
    return this.card.ask();
  }

  /** The card goes to the side on which it hides less of its parcels. */
  placeCard(parcel: { left: number; right: number }): void {
    const card = this.card.element;
    if (card.hidden) return;
    const map = this.mapElement.getBoundingClientRect();
    const size = card.getBoundingClientRect();
    const hiddenPx = (side: "left" | "right"): number => {
      const start = side === "left" ? map.left : map.right - size.width;
      return Math.max(0, Math.min(parcel.right, start + size.width) - Math.max(parcel.left, start));
    };
    card.classList.toggle("cm-card-right", hiddenPx("right") < hiddenPx("left"));
  }

  showScale(metresPerPixel: number): void {
    this.scale.show(metresPerPixel);
  }

  get measures(): TidyMeasures {
    return this.panel.check.measures;
  }

  showSaved(status: SaveStatus): void {
    this.top.showSaved(status);
  }

  showTool(tool: ToolInfo): void {
    this.rail.showTool(tool.id);
    this.root.dataset.tool = tool.id;
    this.root.classList.toggle("cm-drawing", !tool.prompts);
  }

  showToggles(mask: boolean, preview: boolean, lock: boolean): void {
    this.rail.showToggles(mask, preview, lock);
  }

  showHint(text: string): void {
    setText(this.hint, text);
    setShown(this.hint, text !== "");
  }

  showWorking(work: { stage: string; progress: number | null } | null): void {
    setShown(this.working, work !== null);
    if (!work) return;
    setText(this.stage, work.stage || "Working");
    this.bar.classList.toggle("cm-progress-unknown", work.progress === null);
    this.bar.style.width = work.progress === null ? "" : `${Math.round(100 * work.progress)}%`;
  }

  showPosition(state: TileState | null, point: ColumnRow): void {
    const inside = state !== null && inBounds(state.window, point);
    setText(this.position, inside ? positionText(this.scene, point, this.root.classList.contains("cm-slim")) : "");
  }

  togglePanel(): void {
    this.setPanel(this.root.classList.contains("cm-panel-closed"));
  }

  private setPanel(open: boolean): void {
    this.root.classList.toggle("cm-panel-closed", !open);
    if (open) this.panel.parcels.draw();
  }

  /** The panel folds away where the map would be left with too little. */
  private measure(): void {
    const narrow = this.root.clientWidth < NARROW_PX;
    this.root.classList.toggle("cm-slim", this.root.clientWidth < SLIM_PX);
    if (narrow !== this.narrow) {
      this.narrow = narrow;
      this.root.classList.toggle("cm-narrow", narrow);
      this.setPanel(!narrow);
    }
    this.panel.parcels.draw();
    this.actions.resized();
  }
}
