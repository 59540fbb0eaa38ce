// Accepted parcels under lock: on from the start, lifted while Alt is held, off and on by a key.

import type { ColumnRow, Edit, Parcel } from "./contract";
import type { Notices } from "./panel/notices";
import { signature } from "./parcel-kind";

const SHOWN_MS = 12_000;

export interface LockContext {
  readonly notices: Notices;
  parcelAt(point: ColumnRow): Parcel | null;
  highlight(parcel: Parcel | null): void;
  hint(text: string): void;
}

export class AcceptedLock {
  /** Whether the person wants it at all. */
  on = true;
  private lifted = false;
  private pointedAt: Parcel | null = null;

  constructor(private readonly context: LockContext) {}

  /** Whether accepted parcels stay as they are, now. */
  get holds(): boolean {
    return this.on && !this.lifted;
  }

  /** Whether a click where the pointer is would not be done. */
  get closed(): boolean {
    return this.pointedAt !== null;
  }

  toggle(): void {
    this.on = !this.on;
    this.context.notices.tell(this.on ? "Accepted parcels are locked." : "Accepted parcels can be changed.");
  }

  /** Alt lifts it for what is done with this event. */
  heed({ altKey }: MouseEvent): void {
    this.lifted = altKey;
  }

  /** The preview of a click that would not be done is the lock. */
  pointerAt(point: ColumnRow, asking: boolean): void {
    const parcel = asking && this.holds ? this.acceptedAt(point) : null;
    if (parcel === this.pointedAt) return;
    this.pointedAt = parcel;
    this.context.highlight(parcel);
    if (asking) this.context.hint(parcel ? `Locked: accepted by ${signature(parcel)}. Alt-click changes it.` : "");
  }

  /** Whether the edit is a click on an accepted parcel; then it is told and not to be sent. */
  stops(edit: Edit, insist: () => void): boolean {
    this.context.notices.settle("locked");
    if (!this.holds || edit.kind !== "prompt_set") return false;
    const parcel = this.acceptedAt([edit.column, edit.row]);
    if (parcel) this.tell(insist, `${parcel.reviewer || "Somebody"} accepted this parcel, so it is locked.`);
    return parcel !== null;
  }

  /** Says what stands in the way, and offers to do it all the same: one step, which can be undone. */
  tell(insist: () => void, why: string): void {
    const { notices } = this.context;
    const anyway = { name: "Change it anyway", testId: "change-anyway", press: insist };
    notices.complain("locked", why, "To change accepted parcels, hold Alt or press G.", [anyway]);
    window.setTimeout(() => notices.settle("locked"), SHOWN_MS);
  }

  private acceptedAt(point: ColumnRow): Parcel | null {
    const parcel = this.context.parcelAt(point);
    return parcel?.state === "accepted" ? parcel : null;
  }
}
