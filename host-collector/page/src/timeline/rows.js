// The rows that are in sight: few elements, which are given other spans as one scrolls.

import { h } from "../lib/dom.js";
import { duration, shown } from "../lib/format.js";
import { deviceOf, FLAGS, hasChildren } from "../lib/tree.js";

export const ROW_HEIGHT = 24;
/** So many are in the document at most. */
export const MOST_ROWS = 60;
/** Where rows are deeper than this they begin farther left, and a number says how deep each is. */
const MOST_INDENTS = 16;
const INDENT = 12;
/** Longer names are whole in the panel only. */
const MOST_LETTERS = 160;

/** @typedef {import("../lib/shape.js").Trace} Trace */

/** One element, and what it shows. */
class Slot {
  constructor() {
    this.row = -1;
    this.state = "";
    this.twisty = h("span", { class: "twisty", "aria-hidden": "true" });
    this.depth = h("span", { class: "depth", hidden: true });
    this.swatch = h("span", { class: "swatch", "aria-hidden": "true" });
    this.service = h("bdi", { class: "service" });
    this.name = h("bdi", { class: "name" });
    this.marks = h("span", { class: "marks" });
    this.last = h("div", { role: "gridcell", class: "row-time" });
    this.cell = h("div", { role: "gridcell", class: "row-name" }, this.twisty, this.depth, this.swatch, this.name, " ", this.service, this.marks);
    this.element = h("div", { role: "row", class: "row" }, this.cell, this.last);
  }
}

/** All of them. */
export class Rows {
  /** @param {HTMLElement} parent */
  constructor(parent) {
    this.parent = parent;
    /** @type {Slot[]} */
    this.slots = [];
  }

  /** What they show is no longer true. */
  forget() {
    for (const slot of this.slots) slot.row = -1;
  }

  /**
   * @param {{ trace: Trace, shown: Int32Array, closed: Uint8Array, colors: string[], selected: number, matches: Set<number> }} scene
   * @param {number} first
   * @param {number} amount
   * @param {number} position how far it is scrolled
   */
  show(scene, first, amount, position) {
    const { shown: rows } = scene;
    const wanted = Math.min(amount, MOST_ROWS, rows.length - first);
    const depths = rows.subarray(first, first + Math.max(wanted, 0));
    const [least, most] = depths.reduce(([low, high], row) => {
      const depth = scene.trace.depth[row] ?? 0;
      return [Math.min(low, depth), Math.max(high, depth)];
    }, [Infinity, 0]);
    const base = most > MOST_INDENTS ? Math.max(0, least - 1) : 0;
    while (this.slots.length < wanted) {
      const slot = new Slot();
      this.slots.push(slot);
      this.parent.append(slot.element);
    }
    this.slots.forEach((slot, index) => {
      const isUsed = index < wanted;
      if (slot.element.hidden === isUsed) slot.element.hidden = !isUsed;
      if (!isUsed) {
        slot.element.id = "";
        return;
      }
      const place = first + index;
      slot.element.style.transform = `translateY(${place * ROW_HEIGHT - position}px)`;
      const row = rows[place] ?? 0;
      const state = `${scene.closed[row]}${row === scene.selected}${scene.matches.has(row)}${place}/${base}`;
      if (slot.row === row && slot.state === state) return;
      if (slot.row !== row) this.fill(slot, scene, row);
      slot.row = row;
      slot.state = state;
      const depth = scene.trace.depth[row] ?? 0;
      // However deep it is, some of the name is in sight.
      slot.cell.style.paddingLeft = `min(${Math.min(depth - base, MOST_INDENTS) * INDENT}px, 45%)`;
      slot.depth.hidden = most <= MOST_INDENTS;
      slot.depth.textContent = String(depth + 1);
      const { element, twisty } = slot;
      element.id = `row-${row}`;
      element.setAttribute("aria-rowindex", String(place + 1));
      element.setAttribute("aria-selected", String(row === scene.selected));
      element.classList.toggle("match", scene.matches.has(row));
      if (hasChildren(scene.trace, row)) {
        element.setAttribute("aria-expanded", scene.closed[row] ? "false" : "true");
        twisty.textContent = scene.closed[row] ? "▸" : "▾";
      } else {
        element.removeAttribute("aria-expanded");
        twisty.textContent = "";
      }
    });
  }

  /** @param {Slot} slot @param {{ trace: Trace, colors: string[] }} scene @param {number} row */
  fill(slot, { trace, colors }, row) {
    const depth = trace.depth[row] ?? 0;
    const process = trace.processes[trace.process[row] ?? 0];
    const name = shown(trace.strings[trace.name[row] ?? 0], MOST_LETTERS);
    const device = process ? deviceOf(process) : "";
    slot.swatch.style.backgroundColor = colors[trace.process[row] ?? 0] ?? "";
    slot.name.textContent = name === "" ? "(no name)" : name;
    slot.service.textContent = `${shown(process?.service, 80)}${device ? ` ${shortened(device)}` : ""}`;
    slot.last.textContent = duration(trace.duration[row] ?? 0);
    const flags = trace.flags[row] ?? 0;
    const marks = markNames(flags);
    slot.marks.textContent = marks.map(([sign]) => sign).join("");
    slot.marks.setAttribute("title", marks.map(([, text]) => text).join(", "));
    slot.element.classList.toggle("failed", (flags & FLAGS.failed) !== 0);
    slot.element.classList.toggle("made", (flags & FLAGS.made) !== 0);
    slot.element.setAttribute("aria-level", String(depth + 1));
    slot.element.setAttribute("aria-label", `${name}, ${shown(process?.service, 80)}, ${duration(trace.duration[row] ?? 0)}${marks.map(([, text]) => `, ${text}`).join("")}`);
  }
}

/** @param {string} device @returns {string} the digits that differ */
function shortened(device) {
  return shown(device.replace(/^0+(?=.)/, ""), 16);
}

/** @param {number} flags @returns {[string, string][]} a sign, and what it means */
export function markNames(flags) {
  /** @type {[number, string, string][]} */
  const all = [
    [FLAGS.failed, "✕", "failed"],
    [FLAGS.orphan, "⤴", "its parent is not there"],
    [FLAGS.ring, "↻", "its parent is below it"],
    [FLAGS.made, "◌", "made by the collector"],
    [FLAGS.cut, "⚡", "cut off by a reset"],
    [FLAGS.warned, "!", "has warnings"],
    [FLAGS.missing, "…", "parts of it are missing"],
    [FLAGS.double, "=", "another span has the same id"],
  ];
  return all.filter(([bit]) => (flags & bit) !== 0).map(([, sign, text]) => [sign, text]);
}
