// What a parcel is at a glance: one word, one colour, and a pattern for those who see no colours.

import type { LandClass, Parcel, ParcelState } from "./contract";

export type ParcelKind = "auto" | "corrected" | "accepted" | "changed" | "rejected" | "other" | "unsure";

export interface ParcelLook {
  name: string;
  /** Okabe and Ito's colours, told apart by everybody on any field. */
  color: string;
  width: number;
  /** Screen pixels drawn and left out. */
  dash: number[];
  /** Lines or dots inside; cropland has none, its area is the mask. */
  fill: "" | "rising" | "falling" | "dots";
}

export const LOOKS: Record<ParcelKind, ParcelLook> = {
  auto: { name: "automatic", color: "#ffffff", width: 1.4, dash: [], fill: "" },
  corrected: { name: "corrected", color: "#f0e442", width: 1.6, dash: [], fill: "" },
  accepted: { name: "accepted", color: "#00d69a", width: 2.4, dash: [], fill: "" },
  changed: { name: "changed since accepted", color: "#56b4e9", width: 2.4, dash: [10, 5], fill: "" },
  rejected: { name: "rejected", color: "#ff7a33", width: 2, dash: [7, 5], fill: "rising" },
  other: { name: "other land", color: "#e7a3cb", width: 2, dash: [2, 4], fill: "falling" },
  unsure: { name: "not sure", color: "#ffb733", width: 2, dash: [9, 4, 2, 4], fill: "dots" },
};

export const KINDS = Object.keys(LOOKS) as ParcelKind[];

/** What was said against a parcel comes before what was said for it. */
export function kindOf({ state, land_class: land }: Parcel): ParcelKind {
  if (state === "rejected") return "rejected";
  if (land === "other") return "other";
  if (land === "unsure" || state === "unsure") return "unsure";
  return state;
}

export const STATE_WORDS: Record<ParcelState, string> = {
  auto: "Automatic",
  accepted: "Accepted",
  changed: "Changed since accepted",
  corrected: "Corrected",
  rejected: "Rejected",
  unsure: "Not sure",
};

/** Who did it, and when. */
export function signature({ reviewer, reviewed_at: at }: Pick<Parcel, "reviewer" | "reviewed_at">): string {
  if (!at) return reviewer;
  const when = new Date(at).toLocaleString("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
  return `${reviewer}, ${when}`;
}

export const CLASS_WORDS: Record<LandClass, string> = { cropland: "Cropland", other: "Other", unsure: "Unclear" };
