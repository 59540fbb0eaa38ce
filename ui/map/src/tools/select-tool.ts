import type { ColumnRow, Edit, FillAttributes, LandClass, Parcel, Ring } from "../contract";
import { innerPoint } from "../geometry";
import { Lasso } from "./lasso";
import { classesOf, tidyingsOf, valuesOf, verdictsOn, type ParcelVerdict, type Tidying } from "./parcel-edits";
import { chosen, parcelsInside, Selection, type Chosen } from "./selection";
import type { Tool, ToolContext } from "./tool";

/** What the card offers: splitting is for one parcel, merging for several. */
export type CardAction = Tidying | "split" | "merge";

/** The keys while a parcel is looked at; letters that the rest of the map does not use. */
const VERDICT_KEYS: Record<string, ParcelVerdict> = { y: "accepted", j: "rejected", u: "unsure" };
const CLASS_KEYS: Record<string, LandClass> = { c: "cropland", o: "other", k: "unsure" };
const TIDY_KEYS: Record<string, CardAction> = { m: "smooth", q: "straighten", l: "fill", t: "snap", i: "split", delete: "delete", backspace: "delete" };
/** Means the same as the tool of this key, which would ask for the parcels once more. */
const MERGE_KEY = "6";

/**
 * A click chooses a parcel, with Shift one more; a card says what they are and offers what may be
 * done with them. While none is chosen, a verdict's or a class's key is about the parcel under the
 * pointer.
 */
export class SelectTool implements Tool {
  private readonly selection = new Selection();
  private readonly lasso: Lasso;
  private pointed: Parcel | null = null;
  /** Whether the parcel is only looked at to say what grows there. */
  private asking = false;
  /** Whether chosen parcels go because the person takes them away, or makes them one. */
  private taking = false;
  /** What was said last of what grows somewhere, for the next parcels. */
  private last: FillAttributes["values"] | null = null;

  constructor(private readonly context: ToolContext) {
    this.lasso = new Lasso(context, (ring) => this.chooseInside(ring), true);
  }

  enter(): void {
    this.context.base.element.addEventListener("pointerleave", this.left);
    this.lasso.enable();
  }

  leave(): void {
    this.context.base.element.removeEventListener("pointerleave", this.left);
    this.lasso.disable();
    this.left();
    this.choose([]);
  }

  /** Beside the map a key is about no parcel. */
  private readonly left = (): void => {
    this.pointed = null;
    this.context.shapes()?.highlight([], "hover");
  };

  move(point: ColumnRow): void {
    this.pointed = this.lasso.active ? null : this.context.parcels.at(point);
    this.context.shapes()?.highlight(this.pointed ? [this.pointed] : [], "hover");
  }

  click(point: ColumnRow, event?: MouseEvent): void {
    const parcel = this.context.parcels.at(point);
    if (!event?.shiftKey && !event?.ctrlKey && !event?.metaKey) return this.choose(parcel ? [parcel] : []);
    if (parcel) this.selection.toggle(parcel);
    this.show();
  }

  /** Those inside the line that can be seen well, beside those that were chosen before. */
  chooseInside(ring: Ring): void {
    const { all, matching } = this.context.parcels;
    const found = parcelsInside(ring, matching);
    if (found.length === 0) {
      const dim = parcelsInside(ring, all).length > 0;
      return this.context.say(dim ? "The filter leaves out all parcels inside the line." : "The line goes around the middle of no parcel.");
    }
    this.selection.add(found);
    this.show();
  }

  choose(parcels: Parcel[]): void {
    this.asking = this.taking = false;
    this.selection.set(parcels);
    this.show();
  }

  key(event: KeyboardEvent): boolean {
    if (event.altKey) return false;
    const key = event.key.toLowerCase();
    if (event.ctrlKey || event.metaKey) return key === "a" && this.chooseAll();
    if (key === "w") return event.shiftKey ? this.fillAgain() : this.ask();
    if (event.shiftKey) return false;
    if (key === "escape" && this.lasso.active) this.lasso.forget();
    else if (this.selection.size === 0) return this.sayOfPointed(key);
    else if (key === "escape") this.choose([]);
    else if (key === "e" && this.selection.only?.state === "changed") this.restore();
    else if (VERDICT_KEYS[key]) this.judge(VERDICT_KEYS[key], null);
    else if (CLASS_KEYS[key]) this.reclassify(CLASS_KEYS[key], null);
    else if (TIDY_KEYS[key]) this.tidy(TIDY_KEYS[key]);
    else if (key === MERGE_KEY && this.selection.size > 1) this.tidy("merge");
    else return false;
    return true;
  }

  private chooseAll(): boolean {
    this.choose(this.context.parcels.matching);
    return true;
  }

  /** What grows on the chosen parcels, or else on the one under the pointer. */
  private ask(): boolean {
    if (this.selection.size === 0) {
      if (!this.pointed) return false;
      this.choose([this.pointed]);
      this.asking = true;
    }
    if (this.context.askAttributes()) return true;
    if (this.asking) this.choose([]);
    this.context.say("This project has no attributes yet. Add some on the Scenes page, below the map.");
    return true;
  }

  /** The same as was said last, of other parcels. */
  private fillAgain(): boolean {
    const about = this.about;
    if (about.length === 0 || !this.last) return false;
    this.context.editTogether(valuesOf(about, this.last));
    return true;
  }

  fill(values: FillAttributes["values"]): void {
    this.last = values;
    this.context.editTogether(valuesOf(this.selection.all, values));
  }

  /** The card that a key has opened goes when its fields are left. */
  filled(): void {
    if (this.asking) this.choose([]);
  }

  /** What a key is about: the chosen parcels, or else the one under the pointer. */
  private get about(): Chosen[] {
    if (this.selection.size > 0) return this.selection.all;
    return this.pointed ? [chosen(this.pointed)] : [];
  }

  private sayOfPointed(key: string): boolean {
    const verdict = VERDICT_KEYS[key];
    const land = CLASS_KEYS[key];
    if (!this.pointed || !(verdict || land)) return false;
    this.context.editTogether(verdict ? verdictsOn(this.about, verdict, null) : classesOf(this.about, land!, null));
    return true;
  }

  refreshed(): void {
    // The pointer has not moved, and what lies under it may be another parcel, or signed by now.
    if (this.pointed) this.pointed = this.context.parcels.at(innerPoint(this.pointed));
    const { parcels } = this.context;
    const before = this.selection.size;
    if (!this.selection.follow(parcels.all, (point) => parcels.at(point))) return;
    this.show();
    const gone = before - this.selection.size;
    if (gone > 0 && before > 1 && !this.taking) this.context.say(`${gone.toLocaleString("en")} of the ${before.toLocaleString("en")} chosen parcels ${gone === 1 ? "is" : "are"} not there any more.`);
  }

  /** Without a reason each parcel keeps its own. */
  judge(verdict: ParcelVerdict, reason: string | null): void {
    this.context.editTogether(verdictsOn(this.selection.all, verdict, reason));
  }

  /** Likewise. */
  reclassify(land: LandClass, reason: string | null): void {
    this.context.editTogether(classesOf(this.selection.all, land, reason));
  }

  /** The reason goes with what was said last: the verdict, or else the class. */
  explain(reason: string): void {
    const parcel = this.selection.only;
    if (!parcel || parcel.reason === reason) return;
    if (parcel.state === "accepted" || parcel.state === "rejected" || parcel.state === "unsure") this.judge(parcel.state, reason);
    else this.reclassify(parcel.land_class, reason);
  }

  restore(): void {
    const parcel = this.selection.only;
    const accepted = parcel && this.context.acceptedOf(parcel);
    if (accepted) this.say({ kind: "restore_accepted", point: accepted.point });
  }

  tidy(how: CardAction): void {
    const { all } = this.selection;
    this.taking = how === "delete" || how === "merge";
    if (how === "split") return void this.splitInside();
    if (how !== "merge") return this.context.editTogether(tidyingsOf(all, how, this.context.measures()));
    if (all.length > 1) this.say({ kind: "merge", points: all.map(({ point }) => point) });
  }

  private async splitInside(): Promise<void> {
    const parcel = this.selection.only;
    if (!parcel) return;
    const line = await this.context.innerBorder(this.selection.all[0]!.point);
    // Somebody who has gone on to another parcel meanwhile does not want this one split.
    if (this.selection.only !== parcel) return;
    if (line) this.say({ kind: "split", line });
    else this.context.say("There is no clear border inside this parcel. Draw the line with Split parcel (5).");
  }

  private say(edit: Edit): void {
    this.context.edit(edit);
  }

  private show(): void {
    const { parcels } = this.selection;
    if (parcels.length !== 1) this.asking = false;
    this.context.shapes()?.highlight(parcels, "chosen");
    this.context.look(parcels);
  }
}
