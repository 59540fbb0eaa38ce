// One step back leads to the page before. Streamlit adds a step to the browser's history for each
// change of the address, also where a page only completes it with its project, scene and tile.

const PATCHED = "cropmapSteps";

export default function () {
  if (PATCHED in window) return;
  window[PATCHED] = true;
  const push = history.pushState.bind(history);
  history.pushState = (state, title, url) => {
    const samePage = new URL(url ?? "", location.href).pathname === location.pathname;
    if (samePage) history.replaceState(state, title, url);
    else push(state, title, url);
  };
}
