// Draws the bars of the rows in sight. What it costs depends on those rows alone.

import { ticks } from "../lib/axis.js";
import { duration } from "../lib/format.js";
import { FLAGS } from "../lib/tree.js";
import { ROW_HEIGHT } from "./rows.js";

/** @typedef {import("../lib/shape.js").Trace} Trace */
/** @typedef {import("../lib/shape.js").List} List */

/**
 * @typedef {object} Scene
 * @property {Trace} trace
 * @property {Int32Array} shown
 * @property {Uint8Array} closed
 * @property {import("../lib/axis.js").Span} view
 * @property {number} selected
 * @property {number} hovered
 * @property {Set<number>} matches
 * @property {string[]} colors of each process
 * @property {import("../lib/color.js").Shade[]} shades of each process
 * @property {number[]} errors of each process, in nanoseconds
 * @property {Record<string, string>} inks
 */

const TOP = 5;
const THICK = 14;

/** One frame. */
export class Bars {
  /** @param {CanvasRenderingContext2D} context */
  constructor(context) {
    this.context = context;
    /** @type {{ ink: string, pattern: CanvasPattern | null }} */
    this.hatch = { ink: "", pattern: null };
  }

  /**
   * @param {Scene} scene
   * @param {number} first
   * @param {number} amount
   * @param {number} position
   * @param {number} width
   * @param {number} height
   */
  draw(scene, first, amount, position, width, height) {
    const { context } = this;
    const { trace, view, shown, inks } = scene;
    const scale = width / (view.to - view.from);
    context.clearRect(0, 0, width, height);
    context.fillStyle = inks.line ?? "";
    for (const at of ticks(view, Math.max(2, width / 110))) {
      context.fillRect(Math.round((at - view.from) * scale), 0, 1, height);
    }
    context.font = "11px system-ui, sans-serif";
    context.textBaseline = "middle";
    const last = Math.min(first + amount, shown.length);
    for (let place = first; place < last; place += 1) {
      const row = shown[place] ?? 0;
      const y = place * ROW_HEIGHT - position;
      if (row === scene.selected || row === scene.hovered || scene.matches.has(row)) {
        context.fillStyle = (row === scene.selected ? inks.selected : scene.matches.has(row) ? inks.match : inks.hover) ?? "";
        context.fillRect(0, y, width, ROW_HEIGHT);
      }
      this.row(scene, row, y, scale, width);
    }
    for (let place = first; place < last; place += 1) {
      const row = shown[place] ?? 0;
      if ((trace.links.first[row] ?? 0) < (trace.links.first[row + 1] ?? 0)) this.links(scene, row, place, first, last, position, scale, width, height);
    }
  }

  /** @param {Scene} scene @param {number} row @param {number} y @param {number} scale @param {number} width */
  row(scene, row, y, scale, width) {
    const { context } = this;
    const { trace, view, inks } = scene;
    const process = trace.process[row] ?? 0;
    const shade = scene.shades[process];
    const flags = trace.flags[row] ?? 0;
    const start = trace.start[row] ?? 0;
    const end = start + (trace.duration[row] ?? 0);
    const x0 = Math.max(-4, Math.min(width + 4, (start - view.from) * scale));
    const x1 = Math.max(-4, Math.min(width + 4, (end - view.from) * scale));
    const wide = Math.max(x1 - x0, 2);
    if (!shade) return;
    this.gaps(scene, row, y, scale, width);
    if (x1 < 0 || x0 > width) {
      context.fillStyle = shade.strong;
      context.beginPath();
      const [tip, back] = x1 < 0 ? [2, 8] : [width - 2, width - 8];
      context.moveTo(tip, y + 12);
      context.lineTo(back, y + 8);
      context.lineTo(back, y + 16);
      context.fill();
      return;
    }
    if (flags & FLAGS.made) {
      context.setLineDash([3, 2]);
      context.strokeStyle = shade.strong;
      context.strokeRect(x0 + 0.5, y + TOP + 0.5, Math.max(wide - 1, 2), THICK - 1);
      context.setLineDash([]);
    } else {
      context.fillStyle = shade.soft;
      context.fillRect(x0, y + TOP, wide, THICK);
      context.fillStyle = shade.strong;
      this.parts(trace.own, row, view, scale, width, (from, to) => context.fillRect(from, y + TOP, to - from, THICK));
      if (wide > 3) {
        context.strokeStyle = shade.strong;
        context.strokeRect(x0 + 0.5, y + TOP + 0.5, wide - 1, THICK - 1);
      }
    }
    context.fillStyle = inks.critical ?? "";
    this.parts(trace.critical, row, view, scale, width, (from, to) => context.fillRect(from, y + TOP + THICK + 1, to - from, 2));
    this.events(scene, row, start, y, scale, width);
    if (flags & FLAGS.failed) {
      context.fillStyle = inks.failed ?? "";
      context.fillRect(x0, y + TOP - 2, wide, 2);
    }
    if (flags & FLAGS.cut && x1 <= width) this.jag(x1, y, inks.failed ?? "", inks.page ?? "");
    this.whiskers(scene.errors[process] ?? 0, x0, x1, y, scale, width, inks.whisker ?? "");
    // What the collector made in place of something lost took no time of its own.
    if (!(flags & FLAGS.made)) this.label(duration(trace.duration[row] ?? 0), x0, x0 + wide, y, width, inks);
  }

  /**
   * Parts of a row, those that fall on the same points drawn as one.
   * @param {List} list @param {number} row @param {import("../lib/axis.js").Span} view @param {number} scale @param {number} width
   * @param {(from: number, to: number) => void} draw
   */
  parts(list, row, view, scale, width, draw) {
    const { from, to } = list.columns;
    const begin = list.first[row] ?? 0;
    const end = list.first[row + 1] ?? 0;
    if (!from || !to || begin === end) return;
    let low = begin;
    let high = end;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((to[middle] ?? 0) < view.from) low = middle + 1;
      else high = middle;
    }
    let open = -1;
    let reach = -1;
    for (let at = low; at < end; at += 1) {
      const a = ((from[at] ?? 0) - view.from) * scale;
      if (a > width) break;
      const left = Math.max(-4, a);
      const right = Math.min(width + 4, Math.max(((to[at] ?? 0) - view.from) * scale, left + 1));
      if (reach < left - 0.5) {
        if (reach > -1) draw(open, reach);
        open = left;
      }
      reach = Math.max(reach, right);
    }
    if (reach > -1) draw(open, reach);
  }

  /** @param {Scene} scene @param {number} row @param {number} start @param {number} y @param {number} scale @param {number} width */
  events({ trace, view, inks }, row, start, y, scale, width) {
    const { context } = this;
    const at = trace.events.columns.at;
    let before = -9;
    context.fillStyle = inks.text ?? "";
    for (let index = trace.events.first[row] ?? 0; index < (trace.events.first[row + 1] ?? 0); index += 1) {
      const x = Math.round((start + (at?.[index] ?? 0) - view.from) * scale);
      if (x < -4 || x > width + 4 || x === before) continue;
      before = x;
      context.fillRect(x, y + TOP - 3, 1, THICK + 4);
      context.fillRect(x - 1, y + TOP - 3, 3, 3);
    }
  }

  /** @param {Scene} scene @param {number} row @param {number} y @param {number} scale @param {number} width */
  gaps({ trace, view, inks }, row, y, scale, width) {
    const { from, to } = trace.gaps.columns;
    for (let index = trace.gaps.first[row] ?? 0; index < (trace.gaps.first[row + 1] ?? 0); index += 1) {
      const left = Math.max(0, ((from?.[index] ?? 0) - view.from) * scale);
      const right = Math.min(width, ((to?.[index] ?? 0) - view.from) * scale);
      if (right < 0 || left > width) continue;
      this.context.fillStyle = this.hatched(inks.gap ?? "") ?? inks.gap ?? "";
      this.context.fillRect(left, y + 2, Math.max(right - left, 3), ROW_HEIGHT - 4);
    }
  }

  /** @param {string} ink @returns {CanvasPattern | null} */
  hatched(ink) {
    if (this.hatch.ink === ink) return this.hatch.pattern;
    const tile = document.createElement("canvas");
    tile.width = 6;
    tile.height = 6;
    const context = tile.getContext("2d");
    if (!context) return null;
    context.strokeStyle = ink;
    context.lineWidth = 1.5;
    context.beginPath();
    for (const shift of [-6, 0, 6]) {
      context.moveTo(shift, 6);
      context.lineTo(shift + 6, 0);
    }
    context.stroke();
    this.hatch = { ink, pattern: this.context.createPattern(tile, "repeat") };
    return this.hatch.pattern;
  }

  /** The end of what a reset cut off. @param {number} x @param {number} y @param {string} ink @param {string} page */
  jag(x, y, ink, page) {
    const { context } = this;
    context.beginPath();
    context.moveTo(x + 3, y + TOP - 2);
    for (let tooth = 0; tooth <= 4; tooth += 1) context.lineTo(x + (tooth % 2 ? -4 : 1), y + TOP - 1 + (tooth * (THICK + 2)) / 4);
    context.lineTo(x + 3, y + TOP + THICK + 2);
    context.fillStyle = page;
    context.fill();
    context.strokeStyle = ink;
    context.lineWidth = 1.5;
    context.stroke();
    context.lineWidth = 1;
  }

  /** How sure both ends are. @param {number} error @param {number} x0 @param {number} x1 @param {number} y @param {number} scale @param {number} width @param {string} ink */
  whiskers(error, x0, x1, y, scale, width, ink) {
    const half = error * scale;
    if (half < 1.5) return;
    const { context } = this;
    context.fillStyle = ink;
    // Below the text, which stands in the middle.
    const middle = y + TOP + THICK - 2;
    for (const x of [x0, x1]) {
      const left = Math.max(-4, x - half);
      const right = Math.min(width + 4, x + half);
      context.fillRect(left, middle, right - left, 1);
      context.fillRect(left, middle - 3, 1, 7);
      context.fillRect(right - 1, middle - 3, 1, 7);
    }
  }

  /** @param {string} text @param {number} x0 @param {number} x1 @param {number} y @param {number} width @param {Record<string, string>} inks */
  label(text, x0, x1, y, width, inks) {
    const room = text.length * 6.2 + 8;
    const at = x1 + room < width ? x1 + 6 : x0 - room > 0 ? x0 - room + 2 : -1;
    if (at < 0) return;
    this.context.fillStyle = inks.dim ?? "";
    this.context.fillText(text, at, y + TOP + THICK / 2 + 0.5);
  }

  /**
   * Arrows to what a row refers to.
   * @param {Scene} scene @param {number} row @param {number} place @param {number} first @param {number} last
   * @param {number} position @param {number} scale @param {number} width @param {number} height
   */
  links({ trace, view, shown, inks }, row, place, first, last, position, scale, width, height) {
    const { context } = this;
    const to = trace.links.columns.to;
    const x = ((trace.start[row] ?? 0) - view.from) * scale;
    const y = place * ROW_HEIGHT - position + TOP + THICK / 2;
    context.strokeStyle = inks.link ?? "";
    context.fillStyle = inks.link ?? "";
    const begin = trace.links.first[row] ?? 0;
    for (let index = begin; index < Math.min(trace.links.first[row + 1] ?? 0, begin + 64); index += 1) {
      const target = (to?.[index] ?? 0) - 1;
      const clipped = Math.max(-20, Math.min(width + 20, x));
      if (target < 0) {
        // It is in another trace.
        context.fillText("↗", Math.max(0, clipped - 12), y);
        continue;
      }
      let other = target < (shown[first] ?? 0) ? -8 : height + 8;
      for (let candidate = first; candidate < last; candidate += 1) {
        if (shown[candidate] === target) other = candidate * ROW_HEIGHT - position + TOP + THICK / 2;
      }
      const end = ((trace.start[target] ?? 0) + (trace.duration[target] ?? 0) - view.from) * scale;
      const from = Math.max(-20, Math.min(width + 20, end));
      context.beginPath();
      context.moveTo(from, other);
      context.bezierCurveTo(from + 24, other, clipped - 24, y, clipped, y);
      context.stroke();
      context.beginPath();
      context.moveTo(clipped, y);
      context.lineTo(clipped - 6, y - 3.5);
      context.lineTo(clipped - 6, y + 3.5);
      context.fill();
    }
  }
}
