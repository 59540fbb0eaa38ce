import L from "../leaflet";
import type { PinnedNote } from "../contract";
import { paneName } from "./base-map";
import { toLatLng } from "./pixel-crs";
import { svgElement } from "./prompt-layer";

/** Open notes as pins; those that are done are in the side panel alone. */
export class NoteLayer {
  private readonly drawn = new Map<string, L.Marker>();

  constructor(
    private readonly map: L.Map,
    private readonly chosen: (note: PinnedNote) => void,
  ) {}

  show(notes: PinnedNote[]): void {
    const open = notes.filter(({ done_by: by }) => by === "");
    const wanted = new Set(open.map(({ id }) => id));
    for (const [id, marker] of this.drawn) {
      if (wanted.has(id)) continue;
      marker.remove();
      this.drawn.delete(id);
    }
    for (const note of open) if (!this.drawn.has(note.id)) this.drawn.set(note.id, this.create(note));
  }

  private create(note: PinnedNote): L.Marker {
    const html = pin() as unknown as HTMLElement;
    const icon = L.divIcon({ html, className: "cm-note-pin", iconSize: [24, 30], iconAnchor: [12, 29] });
    const marker = L.marker(toLatLng([note.column, note.row]), { icon, pane: paneName("prompts"), riseOnHover: true });
    marker.on("click", () => this.chosen(note));
    marker.addTo(this.map);
    const place = marker.getElement();
    place?.setAttribute("data-testid", "note-pin");
    place?.setAttribute("data-tip", `${note.text} (${note.author})`);
    place?.setAttribute("role", "button");
    place?.setAttribute("aria-label", `Note by ${note.author}: ${note.text}`);
    return marker;
  }
}

function pin(): SVGSVGElement {
  const svg = svgElement("svg", { viewBox: "0 0 24 30", "aria-hidden": "true" });
  svg.append(svgElement("path", { d: "M3 2h18v18h-6l-3 8-3-8H3Z", class: "cm-note-shape" }));
  svg.append(svgElement("path", { d: "M7 8h10M7 13h6", class: "cm-note-mark" }));
  return svg;
}
