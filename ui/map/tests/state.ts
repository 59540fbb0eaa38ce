import type { TileState } from "../src/contract";

export function tileState(changes: Partial<TileState> = {}): TileState {
  return {
    scene: "s",
    name: "x0_y0",
    window: [0, 0, 100, 100],
    index: 1,
    count: 1,
    previous: null,
    next: null,
    status: "ready",
    stage: null,
    progress: null,
    error: null,
    version: 1,
    can_undo: true,
    can_redo: true,
    edit_count: 0,
    settings: { strategy: "apt_plus", threshold: 0.5, points_per_class: 33, min_area_m2: 1000 },
    prompts: [],
    boxes: [],
    parcels: [],
    problems: { width_m: 1, count: 0, first: [] },
    mask_version: "1",
    cropland_ha: 0,
    landcover_ha: null,
    verdict: { verdict: "open", reviewer: "", comment: "", at: null, version: 0 },
    ...changes,
  };
}
