// The small picture of the whole trace, and the moments of what is in sight.

import { moved, tickLabel, ticks, within, zoomed } from "../lib/axis.js";
import { h } from "../lib/dom.js";
import { duration } from "../lib/format.js";
import { MAP_HEIGHT, MAP_WIDTH } from "../lib/minimap.js";

const AXIS = 20;
const MAP_TALL = MAP_HEIGHT + AXIS;
/** A drag that is shorter is a click. */
const SHORTEST_MAP_DRAG = 4;

/** Shows where one is, and goes elsewhere. */
export class MiniMap {
  /**
   * @param {Uint16Array} points
   * @param {{ rows: number, extent: number }} trace
   * @param {(view: import("../lib/axis.js").Span) => void} changed
   */
  constructor(points, { rows, extent: lasts }, changed) {
    const extent = Math.max(lasts, 1);
    this.points = points;
    // Of few rows each is a line, and lines are as high as there is room.
    this.lines = Math.max(1, Math.min(MAP_HEIGHT, rows));
    this.extent = extent;
    this.changed = changed;
    /** @type {HTMLCanvasElement | null} the points in the colours of now */
    this.picture = null;
    /** @type {string[]} */
    this.colors = [];
    this.view = { from: 0, to: 1 };
    this.canvas = h("canvas", { class: "map", tabindex: "0", role: "img", "aria-label": "" });
    this.canvas.addEventListener("pointerdown", (event) => this.drag(event));
    this.canvas.addEventListener("dblclick", () => this.changed(within({ from: -Infinity, to: Infinity }, this.extent)));
    this.canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      const share = event.offsetX / Math.max(this.canvas.clientWidth, 1);
      const factor = Math.exp(Math.max(-1, Math.min(1, event.deltaY / 200)));
      this.changed(zoomed(this.view, factor, share, this.extent));
    }, { passive: false });
    this.canvas.addEventListener("keydown", (event) => {
      const length = this.view.to - this.view.from;
      const by = event.key === "ArrowLeft" ? -0.15 : event.key === "ArrowRight" ? 0.15 : 0;
      if (by === 0) return;
      event.preventDefault();
      this.changed(moved(this.view, by * length, this.extent));
    });
  }

  /** @param {PointerEvent} event */
  drag(event) {
    if (event.button !== 0) return;
    const { canvas } = this;
    const width = Math.max(canvas.clientWidth, 1);
    const begun = event.offsetX;
    const view = this.view;
    const isAxis = event.offsetY > MAP_HEIGHT;
    canvas.setPointerCapture(event.pointerId);
    const at = (/** @type {number} */ x) => (x / width) * this.extent;
    const move = (/** @type {PointerEvent} */ now) => {
      const by = now.offsetX - begun;
      if (Math.abs(by) < SHORTEST_MAP_DRAG) return;
      if (isAxis) this.changed(moved(view, (-by / width) * (view.to - view.from), this.extent));
      else this.changed(within({ from: Math.min(at(begun), at(now.offsetX)), to: Math.max(at(begun), at(now.offsetX)) }, this.extent));
    };
    const up = (/** @type {PointerEvent} */ now) => {
      canvas.removeEventListener("pointermove", move);
      canvas.removeEventListener("pointerup", up);
      canvas.removeEventListener("pointercancel", up);
      if (Math.abs(now.offsetX - begun) >= SHORTEST_MAP_DRAG || isAxis || now.type === "pointercancel") return;
      const half = (view.to - view.from) / 2;
      this.changed(within({ from: at(begun) - half, to: at(begun) + half }, this.extent));
    };
    canvas.addEventListener("pointermove", move);
    canvas.addEventListener("pointerup", up);
    canvas.addEventListener("pointercancel", up);
  }

  /** @param {string[]} colors of each process */
  painted(colors) {
    if (this.picture && this.colors === colors) return this.picture;
    const canvas = h("canvas", { width: MAP_WIDTH, height: MAP_HEIGHT });
    const context = canvas.getContext("2d", { willReadFrequently: true });
    this.picture = canvas;
    this.colors = colors;
    if (!context) return canvas;
    // The browser knows what the colours are as bytes. There are few, however many processes there are.
    /** @type {Map<string, Uint8ClampedArray>} */
    const known = new Map();
    const bytes = colors.map((color) => {
      const before = known.get(color);
      if (before) return before;
      context.fillStyle = color;
      context.fillRect(0, 0, 1, 1);
      const { data } = context.getImageData(0, 0, 1, 1);
      known.set(color, data);
      return data;
    });
    const image = context.createImageData(MAP_WIDTH, MAP_HEIGHT);
    this.points.forEach((point, index) => {
      const color = bytes[point - 1];
      if (point > 0 && color) image.data.set(color, index * 4);
    });
    context.putImageData(image, 0, 0);
    return canvas;
  }

  /**
   * @param {import("../lib/axis.js").Span} view
   * @param {string[]} colors
   * @param {Record<string, string>} inks
   * @param {number} width
   */
  draw(view, colors, inks, width) {
    this.view = view;
    const { canvas } = this;
    const ratio = devicePixelRatio || 1;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(MAP_TALL * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(MAP_TALL * ratio);
    }
    const context = canvas.getContext("2d");
    if (!context || width === 0) return;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, MAP_TALL);
    context.imageSmoothingEnabled = false;
    context.drawImage(this.painted(colors), 0, 0, MAP_WIDTH, this.lines, 0, 2, width, Math.min(MAP_HEIGHT - 4, this.lines * 7));
    const left = Math.max(0, (view.from / this.extent) * width);
    const right = Math.min(width, Math.max((view.to / this.extent) * width, left + 2));
    context.fillStyle = inks.veil ?? "";
    context.fillRect(0, 0, left, MAP_HEIGHT);
    context.fillRect(right, 0, width - right, MAP_HEIGHT);
    context.fillStyle = inks.accent ?? "";
    context.fillRect(left, 0, 1, MAP_HEIGHT);
    context.fillRect(right - 1, 0, 1, MAP_HEIGHT);
    context.fillStyle = inks.line ?? "";
    context.fillRect(0, MAP_HEIGHT, width, 1);
    context.font = "11px system-ui, sans-serif";
    context.textBaseline = "middle";
    const scale = width / (view.to - view.from);
    const marks = ticks(view, Math.max(2, width / 110));
    const step = (marks[1] ?? view.to) - (marks[0] ?? view.from);
    for (const at of marks) {
      const x = Math.round((at - view.from) * scale);
      context.fillStyle = inks.line ?? "";
      context.fillRect(x, MAP_HEIGHT, 1, AXIS);
      context.fillStyle = inks.dim ?? "";
      const text = tickLabel(at, step);
      if (x + 4 + text.length * 6 < width) context.fillText(text, x + 4, MAP_HEIGHT + AXIS / 2);
    }
    const label = `All of the trace; in sight is ${duration(view.from)} to ${duration(view.to)}. Arrows move, + and - zoom, 0 shows all.`;
    if (canvas.getAttribute("aria-label") !== label) canvas.setAttribute("aria-label", label);
  }
}
