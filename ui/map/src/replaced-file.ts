// What becomes of unsaved edits when another file is in the place of the project's: the person decides.

import { sentence } from "./dom";
import type { Notices, Remedy } from "./panel/notices";
import type { TileSession } from "./tile-session";

/** Says what happened, and offers what can be done with the edits of these tiles. */
export function askAboutFile(notices: Notices, asking: TileSession[]): void {
  const status = asking[0]!.saveStatus;
  if (status.kind !== "replaced") return;
  const count = asking.reduce((sum, session) => sum + session.queue.pendingEdits().length, 0);
  const possible = asking.every(({ saveStatus }) => saveStatus.kind === "replaced" && saveStatus.possible);
  const hint = [status.hint, keptHere(count), possible ? "" : "The file that is there now does not have this tile."];
  notices.complain("replaced", sentence(status.message), hint.filter(Boolean).join(" "), remedies(asking, count, possible));
}

function keptHere(count: number): string {
  if (count === 0) return "";
  return count === 1 ? "One unsaved edit is kept here." : `${count} unsaved edits are kept here.`;
}

function remedies(asking: TileSession[], count: number, possible: boolean): Remedy[] {
  const each = (act: (session: TileSession) => void) => () => asking.forEach(act);
  const them = count === 1 ? "it" : "them";
  const again = { name: "Try again", testId: "replaced-retry", press: each(({ queue }) => queue.tryPresentFile()) };
  const drop = {
    name: count === 0 ? "Continue with the file that is there now" : `Drop ${them}`,
    testId: "replaced-drop",
    press: each(({ queue }) => queue.discard()),
  };
  if (count === 0) return [drop, again];
  const save = {
    name: `Write ${them} into the file that is there now`,
    testId: "replaced-save",
    press: each(({ queue }) => queue.saveInPresentFile()),
  };
  const keep = { name: `Download ${them}`, testId: "replaced-download", press: each(download) };
  return [...(possible ? [save] : []), keep, again, drop];
}

/** The edits as the routes of docs/app.md take them. */
function download(session: TileSession): void {
  const { confirmed, tile, queue } = session;
  const content = { scene: confirmed?.scene, tile, file: confirmed?.file, edits: queue.pendingEdits() };
  const blob = new Blob([JSON.stringify(content, null, 1)], { type: "application/json" });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = `unsaved-edits-${tile}.json`;
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
