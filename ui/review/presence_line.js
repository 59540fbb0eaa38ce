// Asks the app every few seconds which tiles other people have open, and shows its answer.

const EVERY_MS = 5000;

async function ask({ bases, token, scene }) {
  for (const base of bases) {
    const address = `${window.location.origin}${base}/${token}/scene/${scene}/open-now`;
    const answer = await fetch(address, { cache: "no-store" });
    if (answer.ok) return (await answer.json()).text;
  }
  return "";
}

export default function (component) {
  const { parentElement, data } = component;
  let line = parentElement.querySelector(".cropmap-open-now");
  if (!line) {
    line = document.createElement("div");
    line.className = "cropmap-open-now";
    line.setAttribute("role", "status");
    parentElement.append(line);
  }
  let timer;
  let stopped = false;
  async function tick() {
    try {
      const text = document.hidden ? line.textContent : await ask(data);
      if (!stopped) line.textContent = text;
    } catch {
      // The app does not answer: nobody knows who is where.
      if (!stopped) line.textContent = "";
    }
    if (!stopped) timer = setTimeout(tick, EVERY_MS);
  }
  void tick();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
