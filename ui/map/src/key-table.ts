// Which key does what; everything about focus is in keyboard.ts.

import type { ToolId } from "./tools/tool";
import { TOOLS } from "./tools/tool";

export type KeyCommand =
  | { kind: "tool"; tool: ToolId }
  | { kind: "undo" | "redo" | "next" | "previous" | "accept" | "fix" | "reject" | "fit" | "mask" | "preview" | "lock" | "help" | "panel" | "delete" | "place" };

interface Pressed {
  key: string;
  code: string;
  ctrlKey: boolean;
  metaKey: boolean;
  shiftKey: boolean;
  altKey: boolean;
}

const LETTERS: Record<string, KeyCommand["kind"]> = {
  a: "accept",
  x: "fix",
  r: "reject",
  f: "fit",
  h: "mask",
  v: "preview",
  g: "lock",
  "\\": "panel",
  ".": "place",
};

export function commandOf(event: Pressed): KeyCommand | null {
  const key = event.key.toLowerCase();
  if (event.ctrlKey || event.metaKey) return withControl(key, event.shiftKey);
  if (event.altKey) return null;
  if (key === "z") return { kind: event.shiftKey ? "redo" : "undo" };
  if (key === "enter") return { kind: event.shiftKey ? "previous" : "next" };
  if (key === "?") return { kind: "help" };
  if (key === "delete" || key === "backspace") return { kind: "delete" };
  if (event.shiftKey) return null;
  const tool = TOOLS.find((info) => info.key.toLowerCase() === key);
  if (tool) return { kind: "tool", tool: tool.id };
  const kind = LETTERS[key];
  return kind ? ({ kind } as KeyCommand) : null;
}

function withControl(key: string, shift: boolean): KeyCommand | null {
  if (key === "z") return { kind: shift ? "redo" : "undo" };
  if (key === "y" && !shift) return { kind: "redo" };
  return null;
}
