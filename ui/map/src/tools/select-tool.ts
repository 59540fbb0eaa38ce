import type { ColumnRow, Edit, FillAttributes, LandClass, Parcel, Ring } from "../contract";
import { innerPoint, partsOf } from "../geometry";
import type { Tool, ToolContext } from "./tool";

export type ParcelVerdict = "accepted" | "rejected" | "unsure";
export type Tidying = "smooth" | "straighten" | "fill" | "snap" | "split" | "delete";

/** The keys while a parcel is looked at; letters that the rest of the map does not use. */
const VERDICT_KEYS: Record<string, ParcelVerdict> = { y: "accepted", j: "rejected", u: "unsure" };
const CLASS_KEYS: Record<string, LandClass> = { c: "cropland", o: "other", k: "unsure" };
const TIDY_KEYS: Record<string, Tidying> = { m: "smooth", q: "straighten", l: "fill", t: "snap", i: "split", delete: "delete", backspace: "delete" };

/** An outline of more corners is not sent; the verdict is on the parcel at the point then. */
const MOST_CORNERS = 10_000;

/** What is signed of a parcel. */
function seen(parcel: Parcel): { shape?: Ring[][]; land_class: LandClass } {
  const shape = partsOf(parcel);
  const corners = shape.flat().reduce((sum, ring) => sum + ring.length, 0);
  return { ...(corners <= MOST_CORNERS && { shape }), land_class: parcel.land_class };
}

/** Said once more, a verdict is taken back. */
function verdictOn(parcel: Parcel, point: ColumnRow, verdict: ParcelVerdict, reason: string): Edit {
  if (parcel.state === verdict && parcel.reason === reason) return { kind: "parcel_verdict", point, verdict: "none", reason: "" };
  // What is accepted is the shape and the class that are on the screen, whatever comes of it later.
  return { kind: "parcel_verdict", point, verdict, reason, ...(verdict === "accepted" && seen(parcel)) };
}

/**
 * A click chooses a parcel; a card says what it is and offers what may be done with it.
 * While none is chosen, a verdict's or a class's key is about the parcel under the pointer.
 */
export class SelectTool implements Tool {
  private parcel: Parcel | null = null;
  private pointed: Parcel | null = null;
  private point: ColumnRow = [0, 0];
  /** Whether the parcel is only looked at to say what grows there. */
  private asking = false;
  /** What was said last of what grows somewhere, for the next parcels. */
  private last: FillAttributes["values"] | null = null;

  constructor(private readonly context: ToolContext) {}

  enter(): void {
    this.context.base.element.addEventListener("pointerleave", this.left);
  }

  leave(): void {
    this.context.base.element.removeEventListener("pointerleave", this.left);
    this.left();
    this.look(null);
  }

  /** Beside the map a key is about no parcel. */
  private readonly left = (): void => {
    this.pointed = null;
    this.context.shapes()?.highlight([], "hover");
  };

  move(point: ColumnRow): void {
    this.pointed = this.context.parcels.at(point);
    this.context.shapes()?.highlight(this.pointed ? [this.pointed] : [], "hover");
  }

  click(point: ColumnRow): void {
    this.look(this.context.parcels.at(point));
  }

  key(event: KeyboardEvent): boolean {
    if (event.ctrlKey || event.metaKey || event.altKey) return false;
    const key = event.key.toLowerCase();
    if (key === "w") return event.shiftKey ? this.fillAgain() : this.ask();
    if (event.shiftKey) return false;
    const { parcel } = this;
    if (!parcel) return this.sayOfPointed(key);
    if (key === "escape") this.look(null);
    else if (key === "e" && parcel.state === "changed") this.restore();
    else if (VERDICT_KEYS[key]) this.judge(VERDICT_KEYS[key], parcel.reason);
    else if (CLASS_KEYS[key]) this.reclassify(CLASS_KEYS[key], parcel.reason);
    else if (TIDY_KEYS[key]) this.tidy(TIDY_KEYS[key]);
    else return false;
    return true;
  }

  /** What grows on the chosen parcel, or else on the one under the pointer. */
  private ask(): boolean {
    if (!this.parcel) {
      if (!this.pointed) return false;
      this.look(this.pointed);
      this.asking = true;
    }
    if (this.context.askAttributes()) return true;
    if (this.asking) this.look(null);
    this.context.say("This project has no attributes yet. Add some on the Scenes page, below the map.");
    return true;
  }

  /** The same as was said last, of another parcel. */
  private fillAgain(): boolean {
    const parcel = this.parcel ?? this.pointed;
    if (!parcel || !this.last) return false;
    this.context.edit({ kind: "attributes", point: innerPoint(parcel), values: this.last });
    return true;
  }

  fill(values: FillAttributes["values"]): void {
    this.last = values;
    this.say({ kind: "attributes", point: this.point, values });
  }

  /** The card that a key has opened goes when its fields are left. */
  filled(): void {
    if (this.asking) this.look(null);
  }

  private sayOfPointed(key: string): boolean {
    const { pointed } = this;
    const verdict = VERDICT_KEYS[key];
    const land_class = CLASS_KEYS[key];
    if (!pointed || !(verdict || land_class)) return false;
    const point = innerPoint(pointed);
    if (verdict) this.context.edit(verdictOn(pointed, point, verdict, pointed.reason));
    else if (land_class && pointed.land_class !== land_class) this.context.edit({ kind: "reclassify", point, land_class, reason: pointed.reason });
    return true;
  }

  refreshed(): void {
    // The pointer has not moved, and what lies under it may be another parcel, or signed by now.
    if (this.pointed) this.pointed = this.context.parcels.at(innerPoint(this.pointed));
    if (!this.parcel) return;
    // Its border, its name and all that is said of it may be others now; its place is not.
    const parcel = this.context.parcels.at(this.point);
    if (parcel !== this.parcel) this.show(parcel);
  }

  look(parcel: Parcel | null): void {
    if (parcel) this.point = innerPoint(parcel);
    this.asking = false;
    this.show(parcel);
  }

  judge(verdict: ParcelVerdict, reason: string): void {
    if (this.parcel) this.say(verdictOn(this.parcel, this.point, verdict, reason));
  }

  reclassify(land_class: LandClass, reason: string): void {
    if (this.parcel?.land_class === land_class && this.parcel.reason === reason) return;
    this.say({ kind: "reclassify", point: this.point, land_class, reason });
  }

  /** The reason goes with what was said last: the verdict, or else the class. */
  explain(reason: string): void {
    const { parcel } = this;
    if (!parcel || parcel.reason === reason) return;
    if (parcel.state === "accepted" || parcel.state === "rejected" || parcel.state === "unsure") this.judge(parcel.state, reason);
    else this.reclassify(parcel.land_class, reason);
  }

  restore(): void {
    const accepted = this.parcel && this.context.acceptedOf(this.parcel);
    if (accepted) this.say({ kind: "restore_accepted", point: accepted.point });
  }

  tidy(how: Tidying): void {
    const { point } = this;
    if (how === "split") return void this.splitInside();
    const { smooth_m, straighten_m, hole_m2, snap_m } = this.context.measures();
    const edits: Record<Exclude<Tidying, "split">, Edit> = {
      smooth: { kind: "smooth", point, tolerance_m: smooth_m },
      straighten: { kind: "straighten", point, tolerance_m: straighten_m },
      fill: { kind: "fill_holes", point, max_area_m2: hole_m2 },
      snap: { kind: "snap", point, tolerance_m: snap_m },
      delete: { kind: "parcel_delete", point },
    };
    this.say(edits[how]);
  }

  private async splitInside(): Promise<void> {
    const { parcel, point } = this;
    if (!parcel) return;
    const line = await this.context.innerBorder(point);
    // Somebody who has gone on to another parcel meanwhile does not want this one split.
    if (this.parcel !== parcel) return;
    if (line) this.say({ kind: "split", line });
    else this.context.say("There is no clear border inside this parcel. Draw the line with Split parcel (5).");
  }

  private say(edit: Edit): void {
    if (this.parcel) this.context.edit(edit);
  }

  private show(parcel: Parcel | null): void {
    this.parcel = parcel;
    if (!parcel) this.asking = false;
    this.context.shapes()?.highlight(parcel ? [parcel] : [], "chosen");
    this.context.look(parcel);
  }
}
