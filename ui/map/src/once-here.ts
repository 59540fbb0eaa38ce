// What is said once in a browser session: a tab that stays open, also when its page is loaded again.

const told = new Set<string>();

/** Does it, unless the same was done before in this session. */
export function tellOnceHere(what: string, tell: () => void, kept: Pick<Storage, "getItem" | "setItem"> | null = storage()): void {
  const key = `cropmap told ${what}`;
  if (told.has(key) || kept?.getItem(key)) return;
  told.add(key);
  kept?.setItem(key, "1");
  tell();
}

/** None where the browser keeps nothing. */
function storage(): Storage | null {
  try {
    return window.sessionStorage;
  } catch {
    return null;
  }
}
