// Rows and bars together: what is in sight, drawn once for each frame that changes it.

import { moved, whole, within, zoomed } from "../lib/axis.js";
import { places, shade } from "../lib/color.js";
import { h } from "../lib/dom.js";
import { errorOf, placeOf, visible } from "../lib/tree.js";
import { color, isDark } from "../ui/theme.js";
import { Bars } from "./bars.js";
import { MiniMap } from "./map.js";
import { MOST_ROWS, ROW_HEIGHT, Rows } from "./rows.js";

/** Browsers have a longest element; beyond it one turn of the wheel goes farther. */
const TALLEST = 8_000_000;

const INKS = ["line", "text", "dim", "page", "selected", "hover", "match", "critical", "failed", "gap", "whisker", "link", "veil", "accent"];

/** @typedef {import("../lib/shape.js").Trace} Trace */
/** @typedef {import("../lib/axis.js").Span} Span */

/** What is drawn. */
export class Stage {
  /**
   * @param {Trace} trace
   * @param {Uint16Array} points
   * @param {{ selected: (row: number) => void, moved: (view: Span) => void }} told
   */
  constructor(trace, points, told) {
    this.trace = trace;
    this.told = told;
    this.closed = new Uint8Array(trace.rows);
    this.shown = visible(trace, this.closed);
    /** @type {Span} */
    this.view = whole(trace.extent);
    this.selected = -1;
    this.hovered = -1;
    /** @type {Set<number>} */
    this.matches = new Set();
    this.errors = trace.processes.map(errorOf);
    this.services = places(trace.processes.map((process) => process.service));
    /** @type {import("../lib/color.js").Shade[]} */
    this.shades = [];
    /** @type {string[]} */
    this.colors = [];
    /** @type {Record<string, string>} */
    this.inks = {};
    this.frame = 0;
    this.width = 0;
    this.height = 0;
    this.map = new MiniMap(points, trace, (view) => this.look(view));
    this.canvas = h("canvas", { class: "bars", "aria-hidden": "true" });
    const context = this.canvas.getContext("2d");
    if (!context) throw new Error("This browser draws nothing.");
    this.context = context;
    this.bars = new Bars(context);
    this.rowsElement = h("div", { class: "rows", role: "rowgroup" });
    this.rows = new Rows(this.rowsElement);
    this.spacer = h("div", { class: "spacer", "aria-hidden": "true" });
    this.layer = h("div", { class: "layer", role: "presentation" }, this.rowsElement, this.canvas);
    this.scroller = h("div", { class: "scroller", role: "treegrid", tabindex: "0", "aria-label": "Spans of the trace", "aria-colcount": 2 }, this.layer, this.spacer);
    this.scroller.addEventListener("scroll", () => this.ask(), { passive: true });
    this.observer = new ResizeObserver(() => this.resized());
    this.observer.observe(this.scroller);
    this.observer.observe(this.canvas);
    this.recolored();
    this.sized();
  }

  recolored() {
    const dark = isDark();
    this.shades = this.trace.processes.map((process) => shade(this.services.get(process.service) ?? 0, dark));
    this.colors = this.shades.map(({ strong }) => strong);
    this.inks = Object.fromEntries(INKS.map((name) => [name, color(name)]));
    this.rows.forget();
    this.ask();
  }

  /** The height of everything, as long as a browser takes it. */
  get tall() {
    return this.shown.length * ROW_HEIGHT;
  }

  /** How far all of it is scrolled, in points of the rows. */
  get position() {
    const most = Math.max(0, this.tall - this.height);
    const real = Math.max(0, Math.min(this.tall, TALLEST) - this.height);
    return real > 0 ? Math.min(most, this.scroller.scrollTop * (most / real)) : 0;
  }

  /** @param {number} position */
  scrollTo(position) {
    const most = Math.max(0, this.tall - this.height);
    const real = Math.max(0, Math.min(this.tall, TALLEST) - this.height);
    this.scroller.scrollTop = most > 0 ? (Math.max(0, Math.min(most, position)) * real) / most : 0;
    this.ask();
  }

  sized() {
    const inside = Math.min(this.tall, TALLEST);
    this.spacer.style.height = `${Math.max(0, inside - this.height)}px`;
    this.scroller.setAttribute("aria-rowcount", String(this.shown.length));
    this.ask();
  }

  resized() {
    // The layer never has more rows than there may be.
    const wasUnknown = this.height === 0;
    this.height = Math.min(this.scroller.clientHeight, (MOST_ROWS - 1) * ROW_HEIGHT);
    this.layer.style.height = `${this.height}px`;
    this.width = this.canvas.clientWidth;
    const ratio = devicePixelRatio || 1;
    this.canvas.width = Math.max(1, Math.round(this.width * ratio));
    this.canvas.height = Math.max(1, Math.round(this.height * ratio));
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.sized();
    // Only now is it known where a row that was selected before is in sight.
    if (wasUnknown && this.selected >= 0) this.scrollTo(placeOf(this.shown, this.selected) * ROW_HEIGHT - this.height / 2);
    // What is drawn went with the old size: without this the next frame would be empty.
    cancelAnimationFrame(this.frame);
    this.draw();
  }

  /** Draws with the next frame, once however often it is asked. */
  ask() {
    if (this.frame === 0) this.frame = requestAnimationFrame(() => this.draw());
  }

  draw() {
    this.frame = 0;
    if (this.height === 0) return;
    const { position } = this;
    const first = Math.min(Math.floor(position / ROW_HEIGHT), Math.max(0, this.shown.length - 1));
    const amount = Math.ceil(this.height / ROW_HEIGHT) + 1;
    this.rows.show(this, first, amount, position);
    this.bars.draw(this, first, amount, position, this.width, this.height);
    this.map.draw(this.view, this.colors, this.inks, this.width);
    const active = this.selected >= 0 && document.getElementById(`row-${this.selected}`);
    if (active) this.scroller.setAttribute("aria-activedescendant", `row-${this.selected}`);
    else this.scroller.removeAttribute("aria-activedescendant");
  }

  /** @param {Span} view */
  look(view) {
    const from = Number.isFinite(view.from) ? view.from : 0;
    const to = Number.isFinite(view.to) ? view.to : this.trace.extent;
    this.view = view.from === from && view.to === to ? within(view, this.trace.extent) : whole(this.trace.extent);
    this.told.moved(this.view);
    this.ask();
  }

  /** @param {number} factor @param {number} [share] */
  zoom(factor, share = 0.5) {
    this.look(zoomed(this.view, factor, share, this.trace.extent));
  }

  /** @param {number} share of what is in sight */
  pan(share) {
    this.look(moved(this.view, share * (this.view.to - this.view.from), this.trace.extent));
  }

  /** Shows a span with some room around it. @param {number} row */
  fit(row) {
    const start = this.trace.start[row] ?? 0;
    const length = Math.max(this.trace.duration[row] ?? 0, 10);
    this.look(within({ from: start - length * 0.2, to: start + length * 1.2 }, this.trace.extent));
  }

  /** Rows were opened or closed; what is selected stays where it is. */
  folded() {
    const before = this.selected >= 0 ? placeOf(this.shown, this.selected) * ROW_HEIGHT - this.position : 0;
    this.shown = visible(this.trace, this.closed);
    this.sized();
    if (this.selected >= 0) this.scrollTo(placeOf(this.shown, this.selected) * ROW_HEIGHT - before);
  }

  /** @param {number} row @param {boolean} [isSilent] */
  select(row, isSilent = false) {
    this.selected = row;
    const place = placeOf(this.shown, row) * ROW_HEIGHT;
    const { position } = this;
    if (place < position) this.scrollTo(place);
    else if (place + ROW_HEIGHT > position + this.height) this.scrollTo(place + ROW_HEIGHT - this.height);
    this.ask();
    if (!isSilent) this.told.selected(row);
  }

  /** Brings a span into sight in time, too. @param {number} row */
  reach(row) {
    const start = this.trace.start[row] ?? 0;
    const end = start + (this.trace.duration[row] ?? 0);
    if (end >= this.view.from && start <= this.view.to) return;
    const half = (this.view.to - this.view.from) / 2;
    const middle = (start + end) / 2;
    this.look(within({ from: middle - half, to: middle + half }, this.trace.extent));
  }

  /** @param {number} y in the layer @returns {number} the row there, or -1 */
  rowAt(y) {
    const place = Math.floor((y + this.position) / ROW_HEIGHT);
    return place < this.shown.length ? this.shown[place] ?? -1 : -1;
  }

  end() {
    this.observer.disconnect();
    cancelAnimationFrame(this.frame);
  }
}
