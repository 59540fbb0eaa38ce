// Everything that is drawn of one tile, and of the scene around it.

import type { Api } from "./api";
import type { Bounds, ChangedAcceptance, ColumnRow, Edit, HoverAnswer, PinnedNote, PromptLabel, SceneState, TileState } from "./contract";
import { clampToBounds, inBounds, roundPoint, sameBounds } from "./geometry";
import L from "./leaflet";
import { BaseMap, type PaneName, paneName } from "./map/base-map";
import { FrameLayer, neighbourFrames } from "./map/frame-layer";
import { HoverPreview } from "./map/hover-preview";
import { MaskLayer } from "./map/mask-layer";
import { NoteLayer } from "./map/note-layer";
import { ParcelLayer } from "./map/parcel-layer";
import { toLatLngBounds } from "./map/pixel-crs";
import { pixelTiles, type TileAddress } from "./map/pixel-tiles";
import { PromptLayer } from "./map/prompt-layer";
import { ShapeLayer } from "./map/shape-layer";
import { SwappingOverlay } from "./map/swapping-overlay";
import { FIRST_CHOICES, type LayerChoices } from "./panel/layer-controls";

export interface TileSceneActions {
  edit(edit: Edit): void;
  removePrompt(id: string): void;
  noteChosen(note: PinnedNote): void;
  hoverLabel(shift: boolean): PromptLabel | null;
  locked(): boolean;
  maskPainted(version: string): void;
  overlayPainted(): void;
  overlayFailed(): void;
}

/** Of the mask's strength: what belongs to other tiles is seen, and seen to be theirs. */
const AROUND = 0.6;

export class TileScene {
  readonly base: BaseMap;
  readonly parcels: ParcelLayer;
  readonly prompts: PromptLayer;
  private readonly notes: NoteLayer;
  readonly preview: HoverPreview;
  shapes: ShapeLayer | null = null;
  private readonly imagery: L.GridLayer;
  private readonly mask: MaskLayer;
  private readonly overlay: SwappingOverlay;
  private landcover: L.GridLayer | null = null;
  /** What the neighbouring tiles' labels were when this tile was opened. */
  private around: L.GridLayer | null = null;
  private frame: FrameLayer | null = null;
  private choices: LayerChoices = { ...FIRST_CHOICES };
  private shown: TileState | null = null;
  private entered: Bounds | null = null;
  private compared: ChangedAcceptance | null = null;

  constructor(
    element: HTMLElement,
    private readonly sceneState: SceneState,
    private readonly api: Api,
    private readonly actions: TileSceneActions,
  ) {
    this.base = new BaseMap(element, sceneState);
    const { map } = this.base;
    // Leaflet draws nothing before it has a view; the tile's own comes with its state.
    map.setView(this.base.sceneBounds.getCenter(), -3, { animate: false });
    this.imagery = this.tiles("imagery", "imagery");
    neighbourFrames(map, sceneState.tiles);
    this.mask = new MaskLayer(map, (version) => actions.maskPainted(version));
    this.overlay = new SwappingOverlay(map, paneName("overlay"), {
      painted: () => actions.overlayPainted(),
      failed: () => actions.overlayFailed(),
    });
    this.mask.setOpacity(this.choices.mask);
    this.overlay.setOpacity(this.choices.overlayOpacity);
    this.parcels = new ParcelLayer(map, sceneState.attributes);
    this.prompts = this.promptLayer();
    this.notes = new NoteLayer(map, (note) => actions.noteChosen(note));
    this.preview = new HoverPreview(map, {
      fetch: (point, label, closely, signal) => this.askHover(point, label, closely, signal),
      label: (shift) => actions.hoverLabel(shift),
      bounds: () => this.shown?.window ?? null,
    });
  }

  /** The version of the mask on the screen. */
  get paintedMask(): string {
    return this.mask.version;
  }

  get loading(): boolean {
    return this.mask.loading;
  }

  /** Goes to a tile whose state is still on its way; nothing of the one before stays. */
  goTo(tile: string): void {
    const place = this.sceneState.tiles.find(({ name }) => name === tile);
    this.shown = null;
    this.compared = null;
    this.prompts.show([]);
    this.notes.show([]);
    this.parcels.show([]);
    this.enter(tile, place?.window ?? null);
    if (place) this.fit(place.window);
  }

  /** Shows the window, and the imagery from then on: of the view before it, pictures would be in the way. */
  private fit(window: Bounds): void {
    this.base.fit(window);
    this.imagery.addTo(this.base.map);
  }

  show(state: TileState, ghosts: Edit[]): void {
    if (!this.shown && !this.isAt(state)) {
      this.enter(state.name, state.window);
      this.fit(state.window);
    }
    this.shown = state;
    this.parcels.show(state.parcels);
    this.shapes?.showBoxes(state.boxes);
    this.shapes?.showGhosts(ghosts);
    this.notes.show(state.notes);
    this.showPrompts();
    this.showAccepted();
    this.showOverlays();
  }

  /** The accepted shape of one parcel is shown while it is looked at; all of them on demand. */
  compareWith(accepted: ChangedAcceptance | null): void {
    this.compared = accepted;
    this.showAccepted();
  }

  choose(choices: LayerChoices): void {
    this.choices = { ...choices };
    this.imagery.setOpacity(choices.imagery);
    this.mask.setOpacity(choices.mask);
    this.around?.setOpacity(choices.mask * AROUND);
    this.overlay.setOpacity(choices.overlayOpacity);
    this.parcels.setVisible(choices.outlines);
    this.parcels.setColoured(choices.crops);
    this.showLandcover(choices.landcover);
    this.showPrompts();
    this.showAccepted();
    this.showOverlays();
  }

  /** Loads the pictures again with the next state, for one that had failed. */
  forgetOverlays(): void {
    this.mask.clear();
    this.overlay.clear();
  }

  dispose(): void {
    this.preview.clear();
    this.forgetOverlays();
    this.base.remove();
  }

  private enter(tile: string, window: Bounds | null): void {
    this.forgetOverlays();
    this.preview.clear();
    this.frame?.remove();
    this.shapes?.remove();
    this.around?.remove();
    this.frame = this.shapes = this.around = null;
    this.entered = window;
    if (!window) return;
    if (this.sceneState.tiles.length > 1) this.around = this.labelsAround(tile).addTo(this.base.map);
    const core = this.sceneState.tiles.find(({ name }) => name === tile)?.core ?? null;
    this.frame = new FrameLayer(this.base.map, this.base.sceneBounds, window, core);
    this.shapes = new ShapeLayer(this.base.map, window, (id) => this.actions.removePrompt(id));
  }

  private isAt({ window }: TileState): boolean {
    return this.entered !== null && sameBounds(this.entered, window);
  }

  private showPrompts(): void {
    const prompts = this.shown?.prompts ?? [];
    const wanted = this.choices.automatic ? prompts : prompts.filter(({ source }) => source === "person");
    this.prompts.show(wanted, this.entered);
  }

  private showAccepted(): void {
    const all = this.shown?.changed ?? [];
    this.shapes?.showAccepted(this.choices.accepted ? all : this.compared ? [this.compared] : []);
  }

  private showOverlays(): void {
    const state = this.shown;
    if (!state?.mask_version) return;
    const bounds = toLatLngBounds(state.window);
    const { name, mask_version: version } = state;
    this.mask.show(state.parcels, version);
    const { overlay } = this.choices;
    if (overlay === "none") this.overlay.clear();
    else this.overlay.show(this.api.overlayUrl(name, overlay, version), `${overlay} ${version}`, bounds);
  }

  private showLandcover(opacity: number): void {
    if (opacity > 0 && !this.landcover) this.landcover = this.tiles("landcover", "landcover").addTo(this.base.map);
    this.landcover?.setOpacity(opacity);
  }

  private tiles(layer: string, pane: "imagery" | "landcover"): L.GridLayer {
    const { layers_version: version } = this.sceneState;
    return this.tilesAt((level, x, y) => this.api.layerUrl(layer, level, x, y, version), pane, 1);
  }

  private labelsAround(tile: string): L.GridLayer {
    return this.tilesAt((level, x, y) => this.api.labelsAroundUrl(tile, level, x, y), "around", this.choices.mask * AROUND);
  }

  private tilesAt(addressOf: TileAddress, pane: PaneName, opacity: number): L.GridLayer {
    return pixelTiles(addressOf, { pane: paneName(pane), aspect: this.sceneState.aspect, bounds: this.base.sceneBounds, opacity });
  }

  private promptLayer(): PromptLayer {
    return new PromptLayer(this.base.map, {
      flip: ({ id, column, row, label }) =>
        this.actions.edit({ kind: "prompt_set", id, column, row, label: label ? 0 : 1 }),
      remove: (id) => this.actions.removePrompt(id),
      move: ({ id, label }, to) => {
        const [column, row] = roundPoint(this.shown ? clampToBounds(this.shown.window, to) : to);
        this.actions.edit({ kind: "prompt_set", id, column, row, label });
      },
    });
  }

  private askHover(point: ColumnRow, label: PromptLabel, closely: boolean, signal?: AbortSignal): Promise<HoverAnswer> {
    const state = this.shown;
    if (!state || !inBounds(state.window, point)) return Promise.resolve({ parts: [], final: true });
    return this.api.hover(state.name, point, label, closely, this.actions.locked(), signal);
  }
}
