// Areas as the person of this browser reads them: the only place where the map writes one.

const UNITS = {
  ha: { name: "ha", hectares: 1 },
  acre: { name: "acres", hectares: 0.40468564224 },
  mu: { name: "mu", hectares: 1 / 15 },
} as const;

export type AreaUnit = keyof typeof UNITS;

let chosen: (typeof UNITS)[AreaUnit] = UNITS.ha;
const listeners = new Set<() => void>();

/** Tells who shows areas, so that a map that is open shows them anew. */
export function setAreaUnit(unit: AreaUnit): void {
  const wanted = UNITS[unit] ?? UNITS.ha;
  if (wanted === chosen) return;
  chosen = wanted;
  for (const listener of listeners) listener();
}

/** Calls `changed` with every other unit; gives the way to end that. */
export function whenUnitChanges(changed: () => void): () => void {
  listeners.add(changed);
  return () => listeners.delete(changed);
}

export function unitName(): string {
  return chosen.name;
}

/** What a person typed in the unit, in hectares. */
export function toHectares(value: number): number {
  return value * chosen.hectares;
}

/** As many digits as on the other pages (`core/area_units.py`). */
export function formatArea(hectares: number | null): string {
  if (hectares === null || !Number.isFinite(hectares)) return "–";
  const value = hectares / chosen.hectares;
  const digits = Math.abs(value) < 10 ? 2 : Math.abs(value) < 1000 ? 1 : 0;
  const text = value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return `${text} ${chosen.name}`;
}
