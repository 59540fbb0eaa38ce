import type { ColumnRow } from "../contract";
import type { BaseMap } from "../map/base-map";

export interface DragListener {
  start(point: ColumnRow): void;
  drag(point: ColumnRow): void;
  end(point: ColumnRow): void;
  cancel(): void;
}

/**
 * Drawing by dragging with the main button. The map stands still under it; the wheel still zooms
 * and the arrow keys still move it.
 */
export class PointerDrag {
  private pointer: number | null = null;

  constructor(
    private readonly base: BaseMap,
    private readonly listener: DragListener,
    /** Only while Shift is held; without it the map can still be moved. */
    private readonly withShift = false,
  ) {}

  get active(): boolean {
    return this.pointer !== null;
  }

  enable(): void {
    if (!this.withShift) this.base.map.dragging.disable();
    const { element } = this.base;
    element.addEventListener("pointerdown", this.pressed);
    element.addEventListener("pointermove", this.moved);
    element.addEventListener("pointerup", this.released);
    element.addEventListener("pointercancel", this.lost);
  }

  disable(): void {
    if (this.active) this.lost();
    this.base.map.dragging.enable();
    const { element } = this.base;
    element.removeEventListener("pointerdown", this.pressed);
    element.removeEventListener("pointermove", this.moved);
    element.removeEventListener("pointerup", this.released);
    element.removeEventListener("pointercancel", this.lost);
  }

  private readonly pressed = (event: PointerEvent): void => {
    const onPrompt = event.target instanceof Element && event.target.closest(".cm-prompt, .cm-box-handle");
    if (event.button !== 0 || event.altKey || onPrompt || this.active) return;
    if (this.withShift && !event.shiftKey) return;
    this.pointer = event.pointerId;
    // Text that is selected on the page would be dragged instead, and the stroke swallowed.
    window.getSelection()?.removeAllRanges();
    this.base.element.setPointerCapture(event.pointerId);
    this.listener.start(this.base.pixelOfEvent(event));
  };

  private readonly moved = (event: PointerEvent): void => {
    if (event.pointerId !== this.pointer) return;
    // A fast hand moves further than one event: the browser keeps the points between.
    const between = event.getCoalescedEvents?.() ?? [];
    for (const one of between.length > 0 ? between : [event]) this.listener.drag(this.base.pixelOfEvent(one));
  };

  private readonly released = (event: PointerEvent): void => {
    if (event.pointerId !== this.pointer) return;
    this.pointer = null;
    this.listener.end(this.base.pixelOfEvent(event));
  };

  private readonly lost = (): void => {
    this.pointer = null;
    this.listener.cancel();
  };
}
