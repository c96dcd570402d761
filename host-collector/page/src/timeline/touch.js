// Mouse, fingers and keys over the rows and bars.

import { hasChildren, placeOf } from "../lib/tree.js";
import { ROW_HEIGHT } from "./rows.js";

const SHORTEST_DRAG = 4;

/** @typedef {import("./stage.js").Stage} Stage */

/** @param {Stage} stage @param {{ open: (row: number) => void }} told */
export function startTouch(stage, told) {
  pointers(stage);
  const { scroller, canvas, rowsElement } = stage;
  scroller.addEventListener("wheel", (event) => {
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      const box = canvas.getBoundingClientRect();
      const share = Math.max(0, Math.min(1, (event.clientX - box.left) / Math.max(box.width, 1)));
      stage.zoom(Math.exp(Math.max(-1, Math.min(1, event.deltaY / 150))), share);
    } else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      event.preventDefault();
      stage.pan((event.deltaX || event.deltaY) / Math.max(stage.width, 1));
    }
  }, { passive: false });
  rowsElement.addEventListener("click", (event) => {
    const row = stage.rowAt(event.clientY - rowsElement.getBoundingClientRect().top);
    if (row < 0) return;
    const isTwisty = event.target instanceof Element && event.target.closest(".twisty");
    if (isTwisty && hasChildren(stage.trace, row)) fold(stage, row, !stage.closed[row]);
    stage.select(row);
  });
  scroller.addEventListener("keydown", (event) => key(stage, event, told));
}

/** @param {Stage} stage */
function pointers(stage) {
  const { canvas } = stage;
  /** @type {Map<number, number>} fingers that are down, and where */
  const down = new Map();
  let begun = { x: 0, view: stage.view, spread: 0, middle: 0, isDrag: false };
  const begin = (/** @type {boolean} */ isDrag) => {
    const [a = 0, b = a] = [...down.values()];
    begun = { x: a, view: stage.view, spread: Math.abs(a - b), middle: (a + b) / 2, isDrag };
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    canvas.setPointerCapture(event.pointerId);
    down.set(event.pointerId, event.offsetX);
    begin(down.size > 1);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!down.has(event.pointerId)) {
      const row = stage.rowAt(event.offsetY);
      if (row !== stage.hovered) {
        stage.hovered = row;
        stage.ask();
      }
      return;
    }
    down.set(event.pointerId, event.offsetX);
    const scale = (begun.view.to - begun.view.from) / Math.max(stage.width, 1);
    if (down.size === 2) {
      const [a = 0, b = 0] = [...down.values()];
      const factor = Math.max(begun.spread, 8) / Math.max(Math.abs(a - b), 8);
      const at = begun.view.from + begun.middle * scale;
      const middle = (a + b) / 2 / Math.max(stage.width, 1);
      const length = (begun.view.to - begun.view.from) * factor;
      stage.look({ from: at - length * middle, to: at + length * (1 - middle) });
      return;
    }
    const by = event.offsetX - begun.x;
    if (!begun.isDrag && Math.abs(by) < SHORTEST_DRAG) return;
    begun.isDrag = true;
    stage.look({ from: begun.view.from - by * scale, to: begun.view.to - by * scale });
  });
  const up = (/** @type {PointerEvent} */ event) => {
    if (!down.delete(event.pointerId)) return;
    // The finger that is left goes on from where it is; both were there, so it is no click either.
    if (down.size > 0) begin(true);
    else if (!begun.isDrag && event.type === "pointerup") {
      const row = stage.rowAt(event.offsetY);
      if (row >= 0) stage.select(row);
    }
  };
  canvas.addEventListener("pointerup", up);
  canvas.addEventListener("pointercancel", up);
  canvas.addEventListener("pointerleave", () => {
    stage.hovered = -1;
    stage.ask();
  });
  canvas.addEventListener("dblclick", (event) => {
    const row = stage.rowAt(event.offsetY);
    if (row >= 0) stage.fit(row);
  });
}

/** @param {Stage} stage @param {number} row @param {boolean} isClosed */
function fold(stage, row, isClosed) {
  stage.closed[row] = isClosed ? 1 : 0;
  stage.folded();
}

/** Keys that zoom and move in time, wherever in the timeline the focus is. @param {Stage} stage @param {KeyboardEvent} event @returns {boolean} */
export function timeKey(stage, event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  if (event.key === "+" || event.key === "=") stage.zoom(0.7);
  else if (event.key === "-") stage.zoom(1 / 0.7);
  else if (event.key === "0") stage.look({ from: -Infinity, to: Infinity });
  else if (event.shiftKey && event.key === "ArrowLeft") stage.pan(-0.15);
  else if (event.shiftKey && event.key === "ArrowRight") stage.pan(0.15);
  else if (event.key === "f" && stage.selected >= 0) stage.fit(stage.selected);
  else return false;
  event.preventDefault();
  return true;
}

/** As in the pattern of a treegrid. @param {Stage} stage @param {KeyboardEvent} event @param {{ open: (row: number) => void }} told */
function key(stage, event, told) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  const { trace, shown, closed } = stage;
  const row = stage.selected;
  const place = row < 0 ? -1 : placeOf(shown, row);
  const page = Math.max(1, Math.floor(stage.height / ROW_HEIGHT) - 1);
  const to = (/** @type {number} */ next) => stage.select(shown[Math.max(0, Math.min(shown.length - 1, next))] ?? 0);
  switch (event.key) {
    case "ArrowDown": to(place + 1); break;
    case "ArrowUp": to(place - 1); break;
    case "PageDown": to(place + page); break;
    case "PageUp": to(place - page); break;
    case "Home": to(0); break;
    case "End": to(shown.length - 1); break;
    case "ArrowRight":
      if (row < 0 || !hasChildren(trace, row)) break;
      if (closed[row]) fold(stage, row, false);
      else to(place + 1);
      break;
    case "ArrowLeft":
      if (row < 0) break;
      if (hasChildren(trace, row) && !closed[row]) fold(stage, row, true);
      else if ((trace.parent[row] ?? -1) >= 0) stage.select(trace.parent[row] ?? 0);
      break;
    case "Enter":
    case " ":
      if (row >= 0) told.open(row);
      break;
    default: return;
  }
  event.preventDefault();
}
