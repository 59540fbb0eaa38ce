// The tools' signs, drawn for this map: 20 x 20, lines in the text's colour.

import { fromOwnMarkup } from "./dom";

const PATHS: Record<string, string> = {
  select: '<path d="M5 3v12.500l3.200-3 2 4.500 2.200-1-2-4.300 4.400-.2Z"/>',
  lasso: '<path d="M10 3c4.400 0 7.500 2 7.500 4.800S14.400 12.500 10 12.500 2.500 10.600 2.500 7.800 5.600 3 10 3Z" stroke-dasharray="3 2"/><path d="M5.500 12c-1.500 1-1 2.500.5 2.500s1.500 1.500 0 3"/>',
  smooth: '<path d="M2.500 14c3-9 5 3 7.500-3.500S15 6 17.500 6"/>',
  straighten: '<path d="M3 16V5h14"/><path d="M3 16c3-4 2-7 6-7s5-3 8-4" stroke-dasharray="2 1.700"/>',
  fill: '<path d="M3 4h14v12H3Z"/><circle cx="10" cy="10" r="3" stroke-dasharray="2 1.700"/><path d="M10 9v2M9 10h2"/>',
  snap: '<path d="M3 4h5v12H3ZM12 4h5v12h-5Z"/><path d="M8.500 10h3M10.300 8.500l1.500 1.500-1.500 1.500"/>',
  unsure: '<path d="M7.500 7.500a2.500 2.500 0 1 1 3.600 2.200c-.8.400-1.100.9-1.100 1.800"/><path d="M10 14.300v.2"/>',
  remove: '<path d="M4 6h12M8 6V4h4v2M6 6l.8 10h6.400L14 6"/>',
  positive: '<circle cx="10" cy="10" r="6.5"/><path d="M10 7v6M7 10h6"/>',
  negative: '<path d="M10 2.8 17.2 10 10 17.2 2.8 10Z"/><path d="M7 10h6"/>',
  box: '<path d="M4 4h12v12H4Z" stroke-dasharray="3 2.2"/>',
  areaAdd: '<path d="m3 7 6-4 8 3-2 9"/><path d="m3 7 2 9 4 1"/><path d="M14 14v0M12.5 16h5M15 13.5v5"/>',
  areaRemove: '<path d="m3 7 6-4 8 3-2 7"/><path d="m3 7 2 9 5 1"/><path d="M12.5 16h5"/>',
  brushAdd: '<path d="M16.5 2.5 9 11l-1.500-1.500Z"/><path d="M7 11c-2 0-3 1.500-3 3.500 0 1-.8 1.700-1.500 2 4 1.200 6.500-.500 6.500-3.500"/><path d="M13 15h5M15.500 12.500v5"/>',
  brushErase: '<path d="M16.5 2.5 9 11l-1.500-1.500Z"/><path d="M7 11c-2 0-3 1.500-3 3.500 0 1-.8 1.700-1.500 2 4 1.200 6.500-.500 6.500-3.500"/><path d="M13 15h5"/>',
  split: '<path d="M4 5h5v10H4ZM12 5h4v10h-4Z"/><path d="m14 2-7.500 16" stroke-dasharray="2.500 2"/>',
  merge: '<path d="M3 5h6v10H3ZM11 5h6v10h-6Z"/><path d="M6.500 10h7M11.500 8l2 2-2 2"/>',
  parcelDelete: '<path d="m3 6 7-3 7 4-2 9-9 1Z"/><path d="m7.500 8 5 5M12.500 8l-5 5"/>',
  reshape: '<path d="m4 6 11-2 1 10-10 2Z"/><g fill="currentColor"><circle cx="4" cy="6" r="1.800"/><circle cx="15" cy="4" r="1.800"/><circle cx="16" cy="14" r="1.800"/><circle cx="6" cy="16" r="1.800"/></g>',
  measure: '<path d="m2.500 13.500 11-11 4 4-11 11Z"/><path d="m5.500 10.500 1.800 1.800M8 8l2.500 2.500M10.500 5.500l1.800 1.800"/>',
  note: '<path d="M4 3h12v10h-4.500L10 17.500 8.500 13H4Z"/><path d="M7 6.500h6M7 9.500h4"/>',
  undo: '<path d="M7 4 3.500 7.500 7 11"/><path d="M3.500 7.500H12a4.500 4.500 0 0 1 0 9H8"/>',
  redo: '<path d="m13 4 3.500 3.500L13 11"/><path d="M16.500 7.500H8a4.500 4.500 0 0 0 0 9h4"/>',
  previous: '<path d="m12 4-6 6 6 6"/>',
  next: '<path d="m8 4 6 6-6 6"/>',
  accept: '<path d="m4 10.500 4 4 8-9"/>',
  fix: '<path d="m12 4 4 4-8.500 8.500H3.500v-4Z"/><path d="m10.500 5.500 4 4"/>',
  reject: '<path d="m5 5 10 10M15 5 5 15"/>',
  fit: '<path d="M3 7V3h4M13 3h4v4M17 13v4h-4M7 17H3v-4"/>',
  mask: '<path d="M2 10s3-5 8-5 8 5 8 5-3 5-8 5-8-5-8-5Z"/><circle cx="10" cy="10" r="2.300"/>',
  preview: '<path d="m4 3 4.500 12 1.700-4.800L15 8.500Z"/><circle cx="14.500" cy="14.500" r="3" stroke-dasharray="2 1.500"/>',
  compare: '<path d="M10 3v14"/><path d="M3 5h7v10H3Z" fill="currentColor" fill-opacity=".35"/><path d="M10 5h7v10h-7"/>',
  lock: '<path d="M5 9h10v8H5Z"/><path d="M7 9V6.500a3 3 0 0 1 6 0V9"/><path d="M10 12v2"/>',
  help: '<path d="M7.500 7.500a2.500 2.500 0 1 1 3.600 2.200c-.8.400-1.100.9-1.100 1.800"/><path d="M10 14.300v.2"/><circle cx="10" cy="10" r="7.500"/>',
  panel: '<path d="M3 4h14v12H3ZM12.500 4v12"/>',
  close: '<path d="m5.500 5.500 9 9M14.500 5.500l-9 9"/>',
  north: '<path d="m10 3 4 13-4-3-4 3Z" fill="currentColor"/>',
};

export function icon(name: string): Element {
  const drawn = PATHS[name] ?? "";
  return fromOwnMarkup(
    `<svg class="cm-icon" viewBox="0 0 20 20" aria-hidden="true" fill="none" stroke="currentColor" ` +
      `stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round">${drawn}</svg>`,
  );
}
