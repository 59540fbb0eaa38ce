// What people say of a parcel by the project's own attributes.

import type { Attribute, FillAttributes, Parcel } from "./contract";

export type AttributeValue = string | number | boolean;
export type AttributeValues = Record<string, AttributeValue>;

/** The text of a field as a value; null where it is empty or no value. */
export function valueOf(attribute: Attribute, text: string): AttributeValue | null {
  const plain = text.trim().replace(/\s+/g, " ");
  if (plain === "") return null;
  if (attribute.kind === "yes_no") return plain === "yes";
  if (attribute.kind === "number") return Number.isFinite(Number(plain)) ? Number(plain) : null;
  return plain;
}

/** A value as the text of its field. */
export function textOf(value: AttributeValue | undefined): string {
  if (value === undefined) return "";
  return typeof value === "boolean" ? (value ? "yes" : "no") : String(value);
}

/** A parcel after what was said of it; null takes a value away. */
export function filled(parcel: Parcel, values: FillAttributes["values"]): Parcel {
  const kept = Object.entries({ ...parcel.attributes, ...values }).filter((pair): pair is [string, AttributeValue] => pair[1] !== null);
  const { attributes: _before, ...rest } = parcel;
  return kept.length > 0 ? { ...rest, attributes: Object.fromEntries(kept) } : rest;
}

/** What parcels say together of an attribute; `mixed` where they do not say the same. */
export function sharedText(parcels: Parcel[], key: string): { text: string; mixed: boolean } {
  const texts = new Set(parcels.map(({ attributes }) => textOf(attributes?.[key])));
  return texts.size === 1 ? { text: [...texts][0]!, mixed: false } : { text: "", mixed: texts.size > 1 };
}

export function sameValues(one: AttributeValues = {}, other: AttributeValues = {}): boolean {
  const keys = Object.keys(one);
  return keys.length === Object.keys(other).length && keys.every((key) => one[key] === other[key]);
}

/** The attribute that parcels are coloured by: the first one with a list that has colours. */
export function colouring(attributes: Attribute[]): Attribute | null {
  return attributes.find(({ choices }) => choices.some(({ colour }) => colour !== "")) ?? null;
}
