// Draws the progress of one job. It asks the app's own route how far the job is, so that the page's
// script does not run meanwhile; once the job has ended, the script runs again, exactly once.

const EVERY_MS = 500;
// A person who has just pressed something, or gone back, may be leaving the page. Running the old
// page's script now would bring them back to it, so the end is told a little later, if the page is
// still here.
const AFTER_A_PRESS_MS = 1500;
const CANCELLING = "Stopping after this step. Finished steps are kept.";

function element(name, className, ...children) {
  const made = document.createElement(name);
  made.className = className;
  made.append(...children);
  return made;
}

class JobProgress {
  generation = 0;
  token = "";
  timer = 0;
  pressedAt = -Infinity;
  title = element("span", "title");
  status = element("span", "status");
  bar = element("div", "bar");
  track = element("div", "track", this.bar);
  note = element("p", "note");
  button = element("button", "cancel", "Cancel");
  root = element("div", "job");

  constructor(parent) {
    this.track.setAttribute("role", "progressbar");
    this.track.setAttribute("aria-valuemin", "0");
    this.track.setAttribute("aria-valuemax", "100");
    this.button.type = "button";
    this.button.addEventListener("click", () => void this.cancel());
    const line = element("p", "line", this.title, element("span", "dot", " · "), this.status);
    this.root.append(element("div", "work", line, this.track), this.button, this.note);
    parent.append(this.root);
    document.addEventListener("pointerdown", this.pressed, true);
    document.addEventListener("keydown", this.pressed, true);
    window.addEventListener("popstate", this.pressed, true);
  }

  pressed = () => {
    this.pressedAt = performance.now();
  };

  /** New data from the page; of another job, where the token is another one. */
  update(component) {
    this.component = component;
    const { token, state, small } = component.data;
    this.root.classList.toggle("small", small);
    if (token === this.token) return;
    this.token = token;
    this.draw(state);
    this.askSoon();
  }

  askSoon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.ask(), EVERY_MS);
  }

  async ask() {
    const { token } = this;
    const state = await this.request("progress", "GET");
    // Meanwhile the element may have gone, or show another job.
    if (token !== this.token) return;
    if (state) this.draw(state);
    if (state && !state.running) this.end(state);
    else this.askSoon();
  }

  async cancel() {
    this.button.hidden = true;
    const { token } = this;
    const state = await this.request("cancel", "POST");
    if (token !== this.token) return;
    if (state) this.draw(state);
    else this.button.hidden = false;
  }

  /** The job's state; a job that the app does not know has ended; null where the app is silent. */
  async request(what, method) {
    try {
      for (const base of this.component.data.bases) {
        const address = `${window.location.origin}${base}/jobs/${this.token}/${what}`;
        const answer = await fetch(address, { method, cache: "no-store" });
        const sent = answer.headers.get("content-type") ?? "";
        if (!sent.startsWith("application/json")) continue;
        if (answer.ok) return await answer.json();
        if (answer.status === 404) return { running: false };
      }
    } catch {
      // The app is starting again, or the network is away: asked again.
    }
    return null;
  }

  draw(state) {
    if (state.title === undefined) return;
    const percent = state.share === null ? null : Math.round(state.share * 100);
    this.title.textContent = state.title;
    this.status.textContent = state.status;
    this.bar.style.width = `${percent ?? 0}%`;
    this.track.setAttribute("aria-label", state.title);
    this.track.setAttribute("aria-valuetext", state.status);
    if (percent === null) this.track.removeAttribute("aria-valuenow");
    else this.track.setAttribute("aria-valuenow", String(percent));
    const { small, note } = this.component.data;
    this.button.hidden = small || state.cancelling || !state.running;
    this.note.textContent = state.cancelling ? CANCELLING : note;
    this.root.classList.toggle("ended", !state.running);
  }

  end(state) {
    if (this.component.data.small) {
      const how = state.title === undefined ? "not going on any more" : "done";
      this.status.textContent = state.error || how;
      this.root.classList.add("ended");
      return;
    }
    const wait = this.pressedAt + AFTER_A_PRESS_MS - performance.now();
    if (wait > 0) this.timer = setTimeout(() => this.end(state), wait);
    else this.component.setTriggerValue("ended", this.token);
  }

  dispose() {
    this.token = "";
    clearTimeout(this.timer);
    document.removeEventListener("pointerdown", this.pressed, true);
    document.removeEventListener("keydown", this.pressed, true);
    window.removeEventListener("popstate", this.pressed, true);
    this.root.remove();
  }
}

const mounted = new WeakMap();

export default function (component) {
  const { parentElement } = component;
  const bar = mounted.get(parentElement) ?? new JobProgress(parentElement);
  mounted.set(parentElement, bar);
  bar.generation += 1;
  const { generation } = bar;
  bar.update(component);
  return () => {
    // A call that was overtaken by a newer one is cleaned up too; the bar stays then.
    if (generation !== bar.generation) return;
    mounted.delete(parentElement);
    bar.dispose();
  };
}
