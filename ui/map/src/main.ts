// What Streamlit calls: with new data on every run of the script, on the same element.

import { Annotate } from "./annotate";
import { Api, ApiError } from "./api";
import { setAreaUnit, type AreaUnit } from "./area";
import { clause, element } from "./dom";
import type { MapAddress } from "./session-pool";
import { ViewMap, type ViewData } from "./view";

const LEAST_FILLED_HEIGHT = 420;
const MARGIN_BELOW = 8;

interface CommonData {
  base: string;
  token: string;
  scene: string;
  height: string;
  /** Reach down to the window's lower edge where that leaves enough. */
  fill?: boolean;
}

export type AnnotateData = CommonData & { mode: "annotate"; tile: string; unit: AreaUnit };
export type MapData = AnnotateData | (CommonData & { mode: "view" } & ViewData);

export interface ComponentArguments {
  data: MapData;
  parentElement: HTMLElement;
  setTriggerValue(name: string, value: unknown): void;
}

/** One map and the element that it lives in; kept for as long as the element is there. */
class Mounted {
  generation = 0;
  setTriggerValue: ComponentArguments["setTriggerValue"] = () => undefined;
  private readonly root = element("div", { class: "cropmap" });
  private address = "";
  private token = "";
  private shown: Annotate | ViewMap | null = null;
  private data: MapData | null = null;
  private handle: Window["__cropmap"];
  /** Tiles that Streamlit was told of and has not repeated yet. */
  private announced: string[] = [];
  private tileFromPage = "";

  constructor(parent: HTMLElement) {
    parent.append(this.root);
    window.addEventListener("resize", this.fitHeight);
  }

  update(data: MapData): void {
    this.data = data;
    if (data.mode === "annotate") setAreaUnit(data.unit);
    this.fitHeight();
    const renewed = data.token !== this.token;
    this.token = data.token;
    const address = JSON.stringify([data.base, data.scene, data.mode]);
    const keeps = this.shown instanceof Annotate || !renewed;
    if (address !== this.address || !keeps) {
      this.address = address;
      this.clear();
      void this.start(address);
      return;
    }
    // The app was restarted: the map stays, and what it has not sent yet with it.
    if (renewed && this.shown instanceof Annotate) this.shown.renew(data.token);
    if (this.shown instanceof Annotate && data.mode === "annotate") {
      this.follow(data.tile);
    } else if (this.shown instanceof ViewMap && data.mode === "view") {
      this.shown.update(data);
    }
  }

  dispose(): void {
    window.removeEventListener("resize", this.fitHeight);
    this.address = "";
    this.clear();
    this.root.remove();
  }

  private readonly fitHeight = (): void => {
    if (!this.data) return;
    const below = this.data.fill ? heightBelow(this.root) : 0;
    this.root.style.height = below >= LEAST_FILLED_HEIGHT ? `${below}px` : this.data.height;
  };

  private clear(): void {
    this.shown?.dispose();
    this.shown = null;
    this.root.replaceChildren();
    if (this.handle && window.__cropmap === this.handle) delete window.__cropmap;
  }

  private async start(address: string): Promise<void> {
    const { data } = this;
    if (!data) return;
    const api = new Api(data.base, data.token, data.scene);
    this.root.replaceChildren(element("p", { class: "cm-opening", text: "Opening the map…" }));
    try {
      const scene = await api.readScene();
      if (address !== this.address) return;
      this.root.replaceChildren();
      if (data.mode === "annotate") this.startAnnotate(api, data, scene);
      else this.shown = new ViewMap(this.root, api, scene, this.data as MapData & ViewData);
    } catch (error) {
      if (address === this.address) this.showFailure(error, address);
    }
  }

  private startAnnotate(api: Api, data: AnnotateData, scene: ConstructorParameters<typeof Annotate>[3]): void {
    const address: MapAddress = { base: data.base, token: data.token, scene: data.scene };
    const map = new Annotate(this.root, api, address, scene, {
      happened: (tile, kind) => {
        if (kind === "opened") this.announced.push(tile);
        this.setTriggerValue("event", { tile, kind });
      },
    });
    this.shown = map;
    this.tileFromPage = (this.data as AnnotateData).tile;
    map.open(this.tileFromPage);
    window.__cropmap = this.handle = handleOf(map);
  }

  /**
   * Goes where the page says, but not back to a tile that the page only repeats: the person may have
   * gone on while the script ran.
   */
  private follow(tile: string): void {
    if (tile === this.tileFromPage) return;
    this.tileFromPage = tile;
    const known = this.announced.indexOf(tile);
    this.announced = known >= 0 ? this.announced.slice(known + 1) : [];
    if (known < 0 && this.shown instanceof Annotate) this.shown.open(tile);
  }

  private showFailure(error: unknown, address: string): void {
    const said = error instanceof ApiError ? error : new ApiError(0, "the map could not be started");
    const again = element("button", {
      type: "button",
      class: "cm-button cm-strong",
      text: "Try again",
      onclick: () => void this.start(address),
    });
    this.root.replaceChildren(
      element("div", { class: "cm-opening", role: "alert" }, element("p", { text: `The map cannot be opened: ${clause(said.message)}.` }), said.hint ? element("p", { class: "cm-quiet", text: said.hint }) : null, again),
    );
  }
}

/** From the element's upper edge, with the page scrolled to its top, to the window's lower edge. */
function heightBelow(target: HTMLElement): number {
  let top = target.getBoundingClientRect().top;
  for (let parent = target.parentElement; parent; parent = parent.parentElement) top += parent.scrollTop;
  return Math.floor(window.innerHeight - top - MARGIN_BELOW);
}

/** What tests and the curious may look at; documented in README.md. */
function handleOf(map: Annotate): NonNullable<Window["__cropmap"]> {
  return {
    get state() {
      return map.state;
    },
    get tile() {
      return map.tile;
    },
    get zoom() {
      return map.scene.base.map.getZoom();
    },
    pixelToScreen: (column: number, row: number) => map.scene.base.pixelToScreen([column, row]),
    busy: () => map.busy,
    pending: () => map.pending,
  };
}

declare global {
  interface Window {
    __cropmap?: {
      readonly state: Annotate["state"];
      readonly tile: string;
      readonly zoom: number;
      pixelToScreen(column: number, row: number): { x: number; y: number };
      busy(): boolean;
      pending(): number;
    };
  }
}

const mounted = new WeakMap<HTMLElement, Mounted>();

export default function mount(component: ComponentArguments): () => void {
  const { parentElement, data } = component;
  const map = mounted.get(parentElement) ?? new Mounted(parentElement);
  mounted.set(parentElement, map);
  map.generation += 1;
  map.setTriggerValue = component.setTriggerValue;
  map.update(data);
  const { generation } = map;
  return () => {
    // A call that was overtaken by a newer one is cleaned up too; the map stays then.
    if (generation !== map.generation) return;
    mounted.delete(parentElement);
    map.dispose();
  };
}
