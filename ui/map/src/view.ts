// The map that is looked at: layers, opacity, and a divider between two of them.

import type { Api } from "./api";
import type { SceneState, SceneTile } from "./contract";
import { element } from "./dom";
import L from "./leaflet";
import { BaseMap, paneName, type PaneName } from "./map/base-map";
import { toLatLngBounds } from "./map/pixel-crs";
import { pixelTiles } from "./map/pixel-tiles";
import { slider } from "./panel/settings-form";
import { SwipeDivider } from "./swipe-divider";

export interface ViewData {
  layers: string[];
  swipe: boolean;
  version: string;
}

const NAMES: Record<string, string> = {
  imagery: "Image",
  landcover: "Land cover",
  cropland: "Cropland of the land cover",
  label: "Your map",
  probability: "Probability",
  uncertainty: "Uncertainty",
};

const INPUTS = ["imagery", "landcover", "cropland"];

const VERDICT_WORDS = { open: "not decided", accepted: "accepted", changed: "changed since accepted", fix: "to fix", rejected: "rejected" };

/** Colour and dashes, so that colour is not the only difference. */
const FRAMES: Record<SceneTile["verdict"], L.PathOptions> = {
  open: { color: "#ffffff", weight: 1, opacity: 0.55 },
  accepted: { color: "#17b98b", weight: 2, opacity: 1 },
  changed: { color: "#56b4e9", weight: 2, opacity: 1, dashArray: "10 5" },
  fix: { color: "#f0b429", weight: 2, opacity: 1, dashArray: "7 5" },
  rejected: { color: "#e5484d", weight: 2, opacity: 1, dashArray: "2 5" },
};

type Side = "left" | "right";

export class ViewMap {
  private readonly base: BaseMap;
  private readonly controls = element("div", { class: "cm-view-controls", "data-testid": "view-controls" });
  private readonly drawn = new Map<string, { source: string; layer: L.GridLayer }>();
  private readonly opacity: Record<string, number> = { left: 0.8, right: 0.8 };
  private chosen: Record<Side, string> = { left: "imagery", right: "imagery" };
  private frames = L.layerGroup();
  private divider: SwipeDivider | null = null;
  private data: ViewData | null = null;
  private readonly observer: ResizeObserver;
  private disposed = false;

  constructor(
    root: HTMLElement,
    private readonly api: Api,
    private scene: SceneState,
    data: ViewData,
  ) {
    const map = element("div", { class: "cm-map", "data-testid": "view-map" });
    const stage = element("div", { class: "cm-stage" }, map, this.controls);
    root.append(element("div", { class: "cm-body cm-viewing" }, stage));
    this.base = new BaseMap(map, scene);
    this.base.fit([0, 0, scene.width, scene.height]);
    this.observer = new ResizeObserver(() => this.base.map.invalidateSize({ animate: false }));
    this.observer.observe(stage);
    this.frames.addTo(this.base.map);
    this.drawFrames();
    this.apply(data);
  }

  update(data: ViewData): void {
    const newVersion = data.version !== this.data?.version;
    if (!newVersion && JSON.stringify(data) === JSON.stringify(this.data)) return;
    this.apply(data);
    if (newVersion) void this.reload();
  }

  dispose(): void {
    this.disposed = true;
    this.observer.disconnect();
    this.divider?.dispose();
    this.base.remove();
  }

  private async reload(): Promise<void> {
    try {
      const seen = this.scene.layers_version;
      this.scene = await this.api.readScene();
      if (this.disposed) return;
      // The image itself may be another: other colours, or another part of it that is unknown.
      if (this.data && this.scene.layers_version !== seen) this.apply(this.data);
      this.drawFrames();
    } catch {
      // The frames stay as they were; the page says what is wrong with the server.
    }
  }

  private apply(data: ViewData): void {
    this.data = data;
    this.put("base", "imagery", "imagery", 1);
    this.divider?.dispose();
    this.divider = null;
    if (data.swipe) this.applySwipe(data.layers);
    else this.applyStack(data.layers);
  }

  private applySwipe(layers: string[]): void {
    for (const slot of this.drawn.keys()) if (!["base", "left", "right"].includes(slot)) this.drop(slot);
    const known = (name: string): boolean => layers.includes(name);
    if (!known(this.chosen.left)) this.chosen.left = layers[0] ?? "imagery";
    if (!known(this.chosen.right) || this.chosen.right === this.chosen.left) {
      this.chosen.right = layers.find((name) => name !== this.chosen.left) ?? this.chosen.left;
    }
    this.divider = new SwipeDivider(this.base.map, this.pane("overlay"), this.pane("mask"));
    this.controls.replaceChildren(this.sideControl("left", layers), this.sideControl("right", layers));
    this.showSide("left");
    this.showSide("right");
  }

  private applyStack(layers: string[]): void {
    this.drop("left");
    this.drop("right");
    const upper = layers.filter((name) => name !== "imagery");
    for (const slot of this.drawn.keys()) if (slot !== "base" && !upper.includes(slot)) this.drop(slot);
    this.controls.replaceChildren(...upper.map((name, index) => this.stackControl(name, index)));
    this.controls.hidden = upper.length === 0;
  }

  private sideControl(side: Side, layers: string[]): HTMLElement {
    const title = side === "left" ? "Left" : "Right";
    const choice = element("select", { "aria-label": `${title} layer`, "data-testid": `layer-${side}` });
    for (const name of layers) choice.append(element("option", { value: name, text: this.nameOf(name) }));
    choice.value = this.chosen[side];
    choice.addEventListener("change", () => {
      this.chosen[side] = choice.value;
      this.showSide(side);
    });
    return element("div", { class: "cm-view-side" }, element("span", { class: "cm-view-title", text: title }), choice, this.strength(side, `${title} opacity`));
  }

  private stackControl(name: string, index: number): HTMLElement {
    this.opacity[name] ??= index === 0 ? 0.6 : 0;
    this.showStacked(name);
    return element("label", { class: "cm-field", title: this.nameOf(name) }, element("span", { class: "cm-clip", text: this.nameOf(name) }), this.strength(name, this.nameOf(name)));
  }

  private strength(slot: string, label: string): HTMLInputElement {
    const control = slider(`opacity-${slot}`, 0, 1, 0.05);
    control.setAttribute("aria-label", label);
    control.value = String(this.opacity[slot] ?? 1);
    control.addEventListener("input", () => {
      this.opacity[slot] = Number(control.value);
      if (slot === "left" || slot === "right") this.drawn.get(slot)?.layer.setOpacity(this.opacity[slot]);
      else this.showStacked(slot);
    });
    return control;
  }

  private showSide(side: Side): void {
    const name = this.chosen[side];
    this.controls.hidden = false;
    // The image lies below both sides anyway; there is nothing to make fainter.
    const strength = this.controls.querySelector<HTMLInputElement>(`[data-testid="opacity-${side}"]`);
    if (strength) strength.disabled = name === "imagery";
    if (name === "imagery") this.drop(side);
    else this.put(side, name, side === "left" ? "overlay" : "mask", this.opacity[side] ?? 1);
  }

  private showStacked(name: string): void {
    const opacity = this.opacity[name] ?? 0;
    // A layer that nobody sees need not be loaded.
    if (opacity > 0 || this.drawn.has(name)) this.put(name, name, "overlay", opacity);
  }

  private put(slot: string, name: string, pane: PaneName, opacity: number): void {
    const known = this.drawn.get(slot);
    const version = this.versionOf(name);
    const source = `${name} ${version}`;
    if (known?.source === source) {
      known.layer.setOpacity(opacity);
      return;
    }
    this.drop(slot);
    const layer = pixelTiles((level, x, y) => this.api.layerUrl(name, level, x, y, version), {
      pane: paneName(pane),
      aspect: this.scene.aspect,
      bounds: this.base.sceneBounds,
      opacity,
    });
    this.drawn.set(slot, { source, layer: layer.addTo(this.base.map) });
  }

  private versionOf(layer: string): string {
    const { layers_version: scene } = this.scene;
    // Image and land cover do not change with what people do.
    return INPUTS.includes(layer) ? scene : `${scene}-${this.data?.version ?? ""}`;
  }

  private drop(slot: string): void {
    this.drawn.get(slot)?.layer.remove();
    this.drawn.delete(slot);
  }

  private drawFrames(): void {
    this.frames.clearLayers();
    for (const tile of this.scene.tiles) {
      const frame = L.rectangle(toLatLngBounds(tile.core), {
        ...FRAMES[tile.verdict] ?? FRAMES.open,
        pane: paneName("frame"),
        fill: true,
        fillOpacity: 0,
        className: `cm-frame cm-frame-${tile.verdict}`,
      });
      frame.bindTooltip(describe(tile), { sticky: true, className: "cm-frame-tip", direction: "top" });
      frame.addTo(this.frames);
    }
  }

  private pane(name: PaneName): HTMLElement {
    return this.base.map.getPane(paneName(name))!;
  }

  private nameOf(layer: string): string {
    return NAMES[layer] ?? layer;
  }
}

/** As an element: Leaflet would take a string for markup. */
function describe(tile: SceneTile): HTMLElement {
  const by = tile.reviewer && tile.verdict !== "open" ? ` by ${tile.reviewer}` : "";
  return element("span", { text: `${tile.name}: ${VERDICT_WORDS[tile.verdict] ?? tile.verdict}${by}` });
}
