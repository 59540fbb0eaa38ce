// Tiles with edits on their way outlive the map that made them: one may go on to the next tile, or to
// another page of the app, while the server is slow.

import { Api } from "./api";
import { TileSession } from "./tile-session";

const sessions = new Map<string, TileSession>();

export interface MapAddress {
  base: string;
  token: string;
  scene: string;
}

export function sessionOf(api: Api, address: MapAddress, tile: string): TileSession {
  forgetFinished();
  const key = JSON.stringify([address.base, address.token, address.scene, tile]);
  const known = sessions.get(key);
  if (known) return known;
  const made = new TileSession(api, tile);
  sessions.set(key, made);
  return made;
}

export function pendingEverywhere(): number {
  return [...sessions.values()].reduce((sum, session) => sum + session.pending, 0);
}

/** The first session whose edits do not get through, if any. */
export function failingSessions(): TileSession[] {
  return [...sessions.values()].filter(({ saveStatus }) => saveStatus.kind === "failing");
}

/** Those whose edits were meant for a file that is not there any more. */
export function replacedSessions(): TileSession[] {
  return [...sessions.values()].filter(({ saveStatus }) => saveStatus.kind === "replaced");
}

export function retryEverywhere(): void {
  for (const session of sessions.values()) session.queue.retryNow();
}

function forgetFinished(): void {
  for (const [key, session] of sessions) {
    if (session.pending === 0 && !session.listener) sessions.delete(key);
  }
}

window.addEventListener("beforeunload", (event) => {
  for (const session of sessions.values()) session.flushSettings();
  if (pendingEverywhere() > 0) event.preventDefault();
});
window.addEventListener("online", retryEverywhere);
