// The annotation map: puts the parts together and carries messages between them.

import { AcceptedLock } from "./accepted-lock";
import { Api, ApiError } from "./api";
import { whenUnitChanges } from "./area";
import type { ChangedAcceptance, ColumnRow, Edit, GivenVerdict, PinnedNote, PromptLabel, Parcel, Problem, SceneState, TileState } from "./contract";
import { clause, isTyping, sentence } from "./dom";
import { AnnotateLayout } from "./annotate-layout";
import { ChangeWatch } from "./change-watch";
import type { Queued } from "./edit-queue";
import { conflictWords } from "./gone-parcels";
import { asksInVain, extentOfParcel, extentOfParts, joinExtents, roundPoint } from "./geometry";
import { commandOf, type KeyCommand } from "./key-table";
import { BY_POINTER, Keyboard } from "./keyboard";
import { toLatLng } from "./map/pixel-crs";
import { tellOnceHere } from "./once-here";
import type { LayerChoices } from "./panel/layer-controls";
import { SECOND_LOOK } from "./panel/top-bar";
import { askAboutFile } from "./replaced-file";
import { failingSessions, pendingEverywhere, replacedSessions, retryEverywhere, sessionOf, type MapAddress } from "./session-pool";
import type { SessionListener, TileSession } from "./tile-session";
import { ToolBox } from "./tools/tool-box";
import type { ToolId, ToolInfo } from "./tools/tool";
import { TileScene } from "./tile-scene";

const FIRST_ASK_MS = 2000;
const LONGEST_ASK_MS = 60_000;
const CHANGED_AGAIN_MS = 100;
/** As many edits as the server takes at once. */
const MOST_TOGETHER = 1000;
/** Native pixels around a note that are shown when it is chosen. */
const NOTE_PX = 60;

export interface AnnotateEvents {
  /** The person has gone on to a tile, or given a verdict on it; or a new token is needed. */
  happened(tile: string, kind: string): void;
}

export class Annotate {
  readonly scene: TileScene;
  private readonly layout: AnnotateLayout;
  private readonly tools: ToolBox;
  private readonly keyboard: Keyboard;
  private readonly watch: ChangeWatch;
  private readonly lock: AcceptedLock;
  private readonly unitHeard: () => void;
  private session: TileSession | null = null;
  private drawn: TileState | null = null;
  /** The oldest edit whose mask on the screen is not final yet. */
  private refiningSince: number | null = null;
  private maskOn = true;
  private lookedAt: Parcel[] = [];
  /** What is to be fixed at the place that the person shows next. */
  private fixToPin: string | null = null;
  private toldSecondLook = "";
  /** When the page may be asked for a new token again, and how long to wait after that. */
  private nextAsk = 0;
  private askWait = FIRST_ASK_MS;

  constructor(
    private readonly root: HTMLElement,
    private readonly api: Api,
    private address: MapAddress,
    private readonly sceneState: SceneState,
    private readonly events: AnnotateEvents,
  ) {
    this.layout = new AnnotateLayout(root, sceneState, this.layoutActions());
    this.scene = new TileScene(this.layout.mapElement, sceneState, api, {
      edit: (edit) => this.edit(edit),
      hoverLabel: (shift) => this.hoverLabel(shift),
      locked: () => this.lock.holds,
      maskPainted: (version) => this.maskPainted(version),
      overlayPainted: () => this.layout.notices.settle("overlay"),
      overlayFailed: () => this.overlayFailed(),
      removePrompt: (id) => this.edit({ kind: "prompt_delete", id }),
      noteChosen: (note) => this.layout.notices.tell(note.text, note.author),
    });
    this.lock = new AcceptedLock({
      notices: this.layout.notices,
      parcelAt: (point) => this.scene.parcels.at(point),
      highlight: (parcel) => this.scene.shapes?.highlight(parcel ? [parcel] : [], "locked"),
      hint: (text) => this.layout.showHint(text),
    });
    this.tools = new ToolBox(
      {
        base: this.scene.base,
        parcels: this.scene.parcels,
        shapes: () => this.scene.shapes,
        bounds: () => this.drawn?.window ?? null,
        prompts: () => this.drawn?.prompts ?? [],
        edit: (edit) => this.edit(edit),
        editTogether: (edits) => this.editTogether(edits),
        say: (text) => this.layout.notices.tell(text),
        hint: (text) => this.layout.showHint(text),
        look: (parcels) => this.look(parcels),
        askAttributes: () => this.layout.askAttributes(),
        innerBorder: (point) => this.innerBorder(point),
        pin: (point) => this.pin(point),
        acceptedOf: (parcel) => this.acceptedOf(parcel),
        measures: () => this.layout.measures,
      },
      (tool) => this.toolChanged(tool),
    );
    this.listenToMap();
    this.unitHeard = whenUnitChanges(() => this.unitChanged());
    this.keyboard = new Keyboard({
      root,
      press: (event) => this.pressed(event),
      holdSpace: (held) => this.compare(held),
    });
    this.watch = new ChangeWatch(
      api,
      address.scene,
      sceneState.revision,
      sceneState.file,
      (stamps) => this.changedElsewhere(stamps),
      () => void this.session?.read(),
      () => this.events.happened(this.tile, "renamed"),
    );
    api.forgotten = () => this.askForToken();
    this.tools.choose("positive");
    this.showToggles();
    this.takeFocus();
  }

  get tile(): string {
    return this.session?.tile ?? "";
  }

  get state(): TileState | null {
    return this.session?.view ?? null;
  }

  get pending(): number {
    return pendingEverywhere();
  }

  get busy(): boolean {
    return this.pending > 0 || (this.session?.busy ?? true) || this.scene.loading;
  }

  /** Goes to a tile; the edits of the one before are still sent. */
  open(tile: string): void {
    if (this.session?.tile === tile) return;
    this.session?.leave();
    this.session = sessionOf(this.api, this.address, tile);
    this.session.listener = this.sessionListener(this.session);
    this.drawn = null;
    this.refiningSince = null;
    this.tools.restart();
    this.scene.goTo(tile);
    this.layout.showOpening(tile);
    void this.session.read();
    this.render();
  }

  /** Goes on with a new token; what was not sent is sent now. */
  renew(token: string): void {
    this.address = { ...this.address, token };
    this.api.renew(token);
    this.nextAsk = 0;
    this.askWait = FIRST_ASK_MS;
    void this.session?.read();
    retryEverywhere();
  }

  dispose(): void {
    this.api.forgotten = () => undefined;
    this.unitHeard();
    this.session?.leave();
    this.session = null;
    this.watch.dispose();
    this.keyboard.dispose();
    this.tools.dispose();
    this.scene.dispose();
    this.layout.dispose();
  }

  /** A run of the page's script brings a new token; asked less and less often, should it not. */
  private askForToken(): void {
    const now = performance.now();
    if (now < this.nextAsk) return;
    this.nextAsk = now + this.askWait;
    this.askWait = Math.min(LONGEST_ASK_MS, 2 * this.askWait);
    this.events.happened(this.tile, "disconnected");
  }

  private go(tile: string | null | undefined): void {
    if (!tile) return;
    this.open(tile);
    this.events.happened(tile, "opened");
  }

  private edit(edit: Edit): void {
    if (this.session?.confirmed && !this.lock.stops(edit, () => this.send(edit, false))) this.send(edit, this.lock.holds);
  }

  /** The same change of several parcels. */
  private editTogether(edits: Edit[], lock = this.lock.holds): void {
    if (edits.length > MOST_TOGETHER) return this.layout.notices.tell(`At most ${MOST_TOGETHER.toLocaleString("en")} parcels can be changed at once.`, "Choose fewer.");
    if (edits.length === 1) return this.edit(edits[0]!);
    if (edits.length === 0 || !this.session?.confirmed) return;
    this.scene.preview.clear();
    this.layout.notices.settle("locked");
    this.session.editTogether(edits, lock);
  }

  /** Keys work as soon as the map is there; the link that led here has the focus until then. */
  private takeFocus(): void {
    this.root.classList.add(BY_POINTER);
    if (!isTyping(document.activeElement)) this.scene.base.element.focus({ preventScroll: true });
  }

  private look(parcels: Parcel[]): void {
    this.lookedAt = parcels;
    const accepted = parcels.length === 1 ? this.acceptedOf(parcels[0]!) : null;
    this.layout.showParcels(parcels, accepted);
    this.scene.compareWith(accepted);
    this.placeCard();
  }

  private placeCard(): void {
    const extent = joinExtents(this.lookedAt.map(extentOfParcel));
    if (!extent) return;
    const [left, top, right] = extent;
    const { base } = this.scene;
    this.layout.placeCard({ left: base.pixelToScreen([left, top]).x, right: base.pixelToScreen([right, top]).x });
  }

  /** The active tool's point, where the crosshair is: for those who work by the keyboard. */
  private placePoint(): void {
    const { id } = this.tools.info;
    if (id !== "positive" && id !== "negative") return;
    const { base } = this.scene;
    this.tools.click(base.centre, new MouseEvent("click"));
  }

  private async innerBorder(point: ColumnRow): Promise<ColumnRow[] | null> {
    if (!this.tile) return null;
    try {
      return (await this.api.readInnerBorder(this.tile, point)).line;
    } catch (error) {
      if (error instanceof ApiError) this.layout.notices.tell(`The parcel was not split: ${clause(error.message)}.`, error.hint);
      throw error;
    }
  }

  private send(edit: Edit, lock: boolean): void {
    if (edit.kind === "prompt_set" && edit.label === 1) this.scene.preview.hold([edit.column, edit.row]);
    else this.scene.preview.clear();
    this.layout.notices.settle("locked");
    this.session?.edit(edit, lock);
    if (edit.kind === "prompt_set" || edit.kind === "box_set") this.tellModelsLimit();
  }

  /** Where the model has not been trained on such imagery, whoever asks it is told, once. */
  private tellModelsLimit(): void {
    const { id, unseen } = this.sceneState;
    if (unseen) tellOnceHere(`limit ${id}`, () => this.layout.notices.tell(unseen, "Look closely at what a click gives."));
  }

  private acceptedOf(parcel: Parcel): ChangedAcceptance | null {
    return this.session?.view?.changed.find(({ parcels }) => parcels.includes(parcel.id)) ?? null;
  }

  private judge(verdict: GivenVerdict, comment: string): void {
    if (this.session?.confirmed) this.session.judge(verdict, comment);
  }

  private sessionListener(session: TileSession): SessionListener {
    const { notices } = this.layout;
    return {
      changed: () => this.render(),
      refused: (command, error) => this.refused(command, error),
      conflict: (what) => notices.tell(...conflictWords(what)),
      fileReplaced: ({ message, hint }) => {
        const seen = { name: "Continue", testId: "file-seen", press: () => notices.settle("file") };
        notices.complain("file", message, hint ?? "", [seen]);
      },
      unreadable: (error) => {
        if (!error) notices.settle("read");
        else notices.complain("read", `This tile cannot be read: ${clause(error.message)}.`, error.hint, [this.reload()]);
      },
      answered: (done, state) => this.tellWhatWasNotFound(done, state),
      judged: (verdict) => this.events.happened(session.tile, verdict),
    };
  }

  /** A click that the model has no field for would look as if it had not been noticed. */
  private tellWhatWasNotFound(done: Queued[], state: TileState): void {
    if (state.status !== "ready") return;
    if (!done.flatMap(editsOf).some((edit) => asksInVain(edit, state.parcels))) return;
    this.layout.notices.tell("No field was found there.", "Click another place in the field, or draw it with Add area (1).");
  }

  private refused(command: Queued, error: ApiError): void {
    if (error.kind === "theirs") return this.askAboutStep(command, error);
    if (error.kind === "locked" && command.type === "edit") {
      const { edit } = command;
      return this.lock.tell(() => this.send(edit, false), error.message);
    }
    if (error.kind === "locked" && command.type === "together") {
      const { edits } = command;
      return this.lock.tell(() => this.editTogether(edits, false), error.message);
    }
    // Nothing went wrong: what was asked for is not there.
    if (error.kind === "nothing") return this.layout.notices.tell(error.message, error.hint);
    const what = command.type === "edit" || command.type === "together" ? "This edit was not made" : "That did not work";
    this.layout.notices.complain("refused", `${what}: ${error.message}`, error.hint);
    window.setTimeout(() => this.layout.notices.settle("refused"), 12_000);
  }

  /** The step is somebody else's: it is taken back only where that is meant. */
  private askAboutStep(command: Queued, { message }: ApiError): void {
    const { notices } = this.layout;
    const step = () => (command.type === "redo" ? this.session?.redo(true) : this.session?.undo(true));
    const answer = (name: string, testId: string, then: () => void) => ({ name, testId, press: () => (notices.settle("theirs"), then()) });
    const yes = command.type === "redo" ? "Redo it" : "Undo it";
    notices.complain("theirs", message, "", [answer(yes, "theirs-yes", () => step()), answer("Leave it", "theirs-no", () => undefined)]);
  }

  private reload(): { name: string; testId: string; press: () => void } {
    const press = () => {
      this.scene.forgetOverlays();
      void this.session?.read();
    };
    return { name: "Try again", testId: "try-again", press };
  }

  private unitChanged(): void {
    this.layout.unitChanged();
    this.render();
  }

  private render(): void {
    const { session } = this;
    this.showSaved();
    const view = session?.view;
    if (!session || !view) {
      this.layout.showWorking({ stage: "Opening the tile", progress: null });
      return;
    }
    this.layout.show(view, session.redoCount);
    this.layout.showWorking(view.status === "working" ? view : null);
    this.showTileError(view);
    this.tellSecondLook(view);
    this.forgetPainted(session);
    this.scene.show(view, [...session.unpainted.flatMap(editsOf), ...session.queue.pendingEdits()]);
    this.drawn = view;
    if (!session.waiting && !this.scene.loading) this.scene.preview.release();
    this.tools.refreshed();
  }

  /** Corrections are outlined until their outcome is on the screen; some do not change the mask. */
  private forgetPainted(session: TileSession): void {
    const { confirmed } = session;
    const painted = confirmed?.status === "ready" && confirmed.mask_version === this.scene.paintedMask;
    if (painted && session.unpainted.length > 0) session.unpainted = [];
  }

  private showTileError({ error, note }: TileState): void {
    if (error) this.layout.notices.complain("tile", error.message, error.hint ?? "", [this.reload()]);
    else if (note) this.layout.notices.remark("tile", note.message, note.hint ?? "");
    else this.layout.notices.settle("tile");
  }

  private tellSecondLook({ second_look: second, name }: TileState): void {
    if (second && this.toldSecondLook !== name) this.layout.notices.tell("This is a second look.", SECOND_LOOK);
    this.toldSecondLook = second ? name : "";
  }

  private showSaved(): void {
    const asking = replacedSessions();
    if (asking.length > 0) {
      this.layout.showSaved(asking[0]!.saveStatus);
      askAboutFile(this.layout.notices, asking);
      return;
    }
    this.layout.notices.settle("replaced");
    const failing = failingSessions()[0];
    this.layout.showSaved(failing?.saveStatus ?? { kind: this.pending > 0 ? "saving" : "saved" });
    if (!failing) {
      this.layout.notices.settle("saving");
      return;
    }
    const status = failing.saveStatus;
    if (status.kind !== "failing" || status.attempts < 2) return;
    const remedies = [{ name: "Try now", testId: "retry-now", press: retryEverywhere }];
    if (status.attempts > 3) {
      const edits = failing.pending === 1 ? "the unsaved edit" : `${failing.pending} unsaved edits`;
      remedies.push({ name: `Drop ${edits}`, testId: "discard", press: () => failing.queue.discard() });
    }
    const hint = status.hint || "Your edits are kept in this browser and sent again.";
    this.layout.notices.complain("saving", sentence(status.message), hint, remedies);
  }

  private maskPainted(version: string): void {
    const { session } = this;
    const since = session?.unpainted[0]?.at ?? this.refiningSince;
    const sinceClickMs = since === null ? null : performance.now() - since;
    const final = session?.confirmed?.refining !== true;
    this.refiningSince = final ? null : since;
    this.render();
    const detail = { maskVersion: version, sinceClickMs, final };
    document.dispatchEvent(new CustomEvent("cropmap:mask", { detail }));
  }

  private overlayFailed(): void {
    // While the tile is being worked on there may be no picture yet; it is asked for again.
    if (this.session?.confirmed?.status !== "ready") return;
    this.layout.notices.complain("overlay", "The layer could not be loaded.", "", [this.reload()]);
  }

  private changedElsewhere(stamps: Map<string, string>): void {
    const { session } = this;
    const stamp = session && stamps.get(session.tile);
    if (!session || stamp === undefined) return;
    // One's own change, or what is known of it already.
    if (stamp !== "" && stamp === session.confirmed?.stamp) return;
    if (!session.waiting) void session.read(false);
    // What is on its way may be answered with a state from before the other person's change.
    else window.setTimeout(() => this.session === session && this.changedElsewhere(stamps), CHANGED_AGAIN_MS);
  }

  private hoverLabel(shift: boolean): PromptLabel | null {
    const { session } = this;
    const { id } = this.tools.info;
    if (!session || session.waiting || (id !== "positive" && id !== "negative")) return null;
    if (this.scene.prompts.pointing || this.lock.closed) return null;
    return shift || id === "negative" ? 0 : 1;
  }

  private toolChanged(tool: ToolInfo): void {
    this.scene.preview.clear();
    this.layout.showTool(tool);
  }

  private listenToMap(): void {
    const { base } = this.scene;
    base.map.on("click", ({ originalEvent: event }) => this.pointed(event, (point) => this.tools.click(point, event)));
    base.map.on("contextmenu", ({ originalEvent: event }) => this.pointed(event, (point) => this.tools.secondClick(point)));
    base.map.on("dblclick", ({ originalEvent: event }) => this.pointed(event, (point) => this.tools.doubleClick(point)));
    base.map.on("mousemove", (event) => this.pointerMoved(base.pixelOfEvent(event.originalEvent), event.originalEvent));
    base.map.on("mouseout movestart", () => this.scene.preview.clear());
    base.map.on("moveend zoomend resize", () => this.placeCard());
    base.map.on("zoomend viewreset resize", () => this.showScale());
  }

  private showScale(): void {
    const { gsd_m: gsd, aspect } = this.sceneState;
    this.layout.showScale(gsd / Math.sqrt(aspect) / this.scene.base.scale);
  }

  private pointed(event: MouseEvent, act: (point: ColumnRow) => void): void {
    this.lock.heed(event);
    act(this.scene.base.pixelOfEvent(event));
  }

  private pointerMoved(point: ColumnRow, event: MouseEvent): void {
    this.lock.heed(event);
    this.tools.move(point);
    const { id } = this.tools.info;
    this.lock.pointerAt(point, (id === "positive" || id === "negative") && !this.scene.prompts.pointing);
    this.layout.showPosition(this.drawn, point);
    this.scene.preview.pointerAt(point, event.shiftKey);
  }

  private pressed(event: KeyboardEvent): boolean {
    if (this.layout.help.open) {
      if (event.key === "Escape" || event.key === "?") this.layout.help.toggle(false);
      return event.key === "Escape" || event.key === "?";
    }
    if (this.tools.key(event)) return true;
    const command = commandOf(event);
    if (!command) return false;
    if (!event.repeat || command.kind === "undo" || command.kind === "redo") this.obey(command);
    return true;
  }

  private obey(command: KeyCommand): void {
    const { session, layout } = this;
    switch (command.kind) {
      case "tool":
        return this.tools.choose(command.tool);
      case "undo":
        return this.undo();
      case "redo":
        return this.redo();
      case "next":
        return this.go(session?.confirmed?.next);
      case "previous":
        return this.go(session?.confirmed?.previous);
      case "accept":
        return layout.top.toggleAccepted();
      case "fix":
        return layout.top.ask("fix");
      case "reject":
        return layout.top.ask("rejected");
      case "fit":
        return this.fit();
      case "mask":
        return this.toggleMask();
      case "preview":
        return this.togglePreview();
      case "lock":
        return this.toggleLock();
      case "help":
        return layout.help.toggle();
      case "panel":
        return layout.togglePanel();
      case "delete":
        return this.deleteCurrent();
      case "place":
        return this.placePoint();
    }
  }

  private undo(): void {
    const { session } = this;
    if (session && (session.confirmed?.can_undo || session.pending > 0)) session.undo();
  }

  private redo(): void {
    if (this.session?.confirmed?.can_redo) this.session.redo();
  }

  /** A place was shown for a note; null where the person has gone on to something else. */
  private pin(point: ColumnRow | null): void {
    const text = this.fixToPin;
    this.fixToPin = null;
    if (!point) return this.layout.noteBox.close();
    if (text === null) {
      const { x, y } = this.scene.base.map.latLngToContainerPoint(toLatLng(point));
      return this.layout.noteBox.open(point, x, y);
    }
    this.pinned(point, text);
    this.judge("fix", text);
    this.tools.choose("positive");
  }

  private pinned(point: ColumnRow, text: string): void {
    this.edit({ kind: "note", id: crypto.randomUUID(), point: roundPoint(point), text });
  }

  /** Without words there is nothing to pin: the place asks for them. */
  private pinFix(comment: string): void {
    this.tools.choose("note");
    this.fixToPin = comment || null;
  }

  private deleteCurrent(): void {
    const id = this.scene.prompts.current ?? this.scene.shapes?.currentBox;
    if (id) this.edit({ kind: "prompt_delete", id });
  }

  private fit(): void {
    if (this.drawn) this.scene.base.fit(this.drawn.window);
  }

  private toggleMask(): void {
    this.maskOn = !this.maskOn;
    this.root.classList.toggle("cm-mask-hidden", !this.maskOn);
    this.showToggles();
  }

  private togglePreview(): void {
    this.scene.preview.enabled = !this.scene.preview.enabled;
    this.scene.preview.clear();
    this.showToggles();
  }

  private toggleLock(): void {
    this.lock.toggle();
    this.showToggles();
  }

  private showToggles(): void {
    this.layout.showToggles(this.maskOn, this.scene.preview.enabled, this.lock.on);
  }

  private compare(on: boolean): void {
    this.root.classList.toggle("cm-comparing", on);
  }

  private layoutActions(): ConstructorParameters<typeof AnnotateLayout>[2] {
    return {
      previous: () => this.go(this.session?.confirmed?.previous),
      next: () => this.go(this.session?.confirmed?.next),
      undo: () => this.undo(),
      redo: () => this.redo(),
      judge: (verdict: GivenVerdict, comment: string) => this.judge(verdict, comment),
      pinFix: (comment: string) => this.pinFix(comment),
      pinned: (point: ColumnRow, text: string) => this.pinned(point, text),
      noteChosen: ({ column, row }: PinnedNote) => this.scene.base.zoomTo([column - NOTE_PX, row - NOTE_PX, column + NOTE_PX, row + NOTE_PX]),
      choose: (tool: ToolId) => this.tools.choose(tool),
      fit: () => this.fit(),
      toggleMask: () => this.toggleMask(),
      togglePreview: () => this.togglePreview(),
      toggleLock: () => this.toggleLock(),
      restore: (point: ColumnRow) => this.edit({ kind: "restore_accepted", point }),
      acceptedChosen: (accepted: ChangedAcceptance) => {
        this.scene.base.zoomTo(extentOfParts(accepted.parts));
        this.scene.compareWith(accepted);
      },
      compare: (on: boolean) => this.compare(on),
      settings: (settings) => this.session?.confirmed && this.session.change(settings),
      layers: (choices: LayerChoices) => this.scene.choose(choices),
      clearPrompts: () => this.edit({ kind: "prompts_clear" }),
      parcelsChosen: (parcels: Parcel[]) => {
        this.tools.chooseParcels(parcels);
        if (parcels.length === 1) this.scene.base.zoomTo(extentOfParcel(parcels[0]!));
      },
      parcelsWanted: (wanted) => this.scene.parcels.setFilter(wanted),
      edit: (edit: Edit) => this.edit(edit),
      problemChosen: ({ extent }: Problem) => {
        this.scene.base.zoomTo(extent);
        this.scene.shapes?.showRubberBand([extent[0], extent[1]], [extent[2], extent[3]]);
      },
      card: {
        judge: (verdict, reason) => this.tools.select.judge(verdict, reason),
        reclassify: (land, reason) => this.tools.select.reclassify(land, reason),
        restore: () => this.tools.select.restore(),
        explain: (reason) => this.tools.select.explain(reason),
        fill: (values) => this.tools.select.fill(values),
        filled: () => this.tools.select.filled(),
        tidy: (how) => this.tools.select.tidy(how),
        close: () => this.tools.select.choose([]),
      },
      parcelPointed: (parcel: Parcel | null) => this.scene.shapes?.highlight(parcel ? [parcel] : [], "hover"),
      resized: () => this.scene.base.resized(),
    };
  }
}

function editsOf(command: Queued): Edit[] {
  return command.type === "edit" ? [command.edit] : command.type === "together" ? command.edits : [];
}
