import type { Edit, PinnedNote } from "../contract";
import { element, setShown, setText } from "../dom";

export interface NoteActions {
  edit(edit: Edit): void;
  noteChosen(note: PinnedNote): void;
}

/** What people say is to be mended, the open notes first; hidden where there is none. */
export class NoteList {
  readonly element: HTMLElement;
  private readonly count = element("span", { class: "cm-quiet", "data-testid": "note-count" });
  private readonly rows = element("ul", { class: "cm-notes", "data-testid": "notes" });
  private shown: PinnedNote[] | null = null;

  constructor(private readonly actions: NoteActions) {
    this.element = element("section", { class: "cm-section", hidden: true }, element("h3", { class: "cm-split-head" }, "Notes", this.count), this.rows);
  }

  show(notes: PinnedNote[]): void {
    if (notes === this.shown) return;
    this.shown = notes;
    const open = notes.filter(({ done_by: by }) => !by);
    setText(this.count, open.length > 0 ? `${open.length} open` : "all done");
    const rows = [...open, ...notes.filter(({ done_by: by }) => by)].map((note) => this.row(note));
    this.rows.replaceChildren(...rows);
    setShown(this.element, notes.length > 0);
  }

  private row(note: PinnedNote): HTMLElement {
    const done = note.done_by !== "";
    const jump = element(
      "button",
      { type: "button", class: "cm-note", "data-testid": "note", "data-done": String(done), "data-tip": "Show the place", onclick: () => this.actions.noteChosen(note) },
      element("span", { text: note.text }),
      element("span", { class: "cm-quiet", text: done ? `${note.author}; done by ${note.done_by}` : note.author }),
    );
    const settle = element("button", {
      type: "button",
      class: "cm-link",
      text: done ? "Open again" : "Done",
      "aria-label": `${done ? "Open again" : "Done"}: ${note.text}`,
      "data-testid": "note-done",
      onclick: () => this.actions.edit({ kind: "note_done", id: note.id, done: !done }),
    });
    return element("li", {}, jump, settle);
  }
}
