// The shape of a trace, put together from its pages into arrays. No row is an object.

import { Numbers, ShapeError } from "./varint.js";
import { covered } from "./covered.js";

/** @typedef {{ service: string, attributes: [string, string, string][], warnings: string[] }} Process */

/**
 * Things of rows, those of row `i` from `first[i]` to `first[i + 1]`.
 * @typedef {{ first: Uint32Array, columns: Record<string, Float64Array> }} List
 */

/**
 * @typedef {object} Trace
 * @property {string} id
 * @property {string} revision
 * @property {string} base when it begins, in nanoseconds since 1970
 * @property {number} extent how long it lasts
 * @property {number} rows
 * @property {Uint8Array} ids eight bytes each
 * @property {Uint32Array} depth
 * @property {Int32Array} parent its row, or -1
 * @property {Uint32Array} end the first row behind it that is not below it
 * @property {Float64Array} start after the base
 * @property {Float64Array} duration
 * @property {Float64Array} self
 * @property {Uint32Array} name
 * @property {Uint32Array} process
 * @property {Uint8Array} kind
 * @property {Uint8Array} flags
 * @property {string[]} strings
 * @property {Process[]} processes
 * @property {List} own when no child lasts: `from` and `to`
 * @property {List} critical `from` and `to`
 * @property {List} events `at` and `name`
 * @property {List} links `to`, `type`, `trace`, `span`
 * @property {List} gaps `from`, `to`, `records`
 */

/** What a trace may have at most, so that a wrong head asks for no room without end. */
const MOST_SPANS = 20_000_000;

/** @type {Record<string, { columns: string[], signed: string[], strings: string[] }>} */
const LISTS = {
  critical: { columns: ["from", "duration"], signed: [], strings: [] },
  event: { columns: ["at", "name"], signed: ["at"], strings: ["name"] },
  link: { columns: ["to", "type", "trace", "span"], signed: [], strings: ["type", "trace", "span"] },
  gap: { columns: ["from", "to", "records"], signed: ["from", "to"], strings: [] },
};

/** @typedef {{ rows: number[], columns: Record<string, number[]> }} Entries */

/**
 * The head of a page, and its columns.
 * @param {ArrayBuffer} buffer
 * @returns {{ head: any, columns: Map<string, Uint8Array> }}
 */
export function opened(buffer) {
  if (buffer.byteLength < 4) throw new ShapeError("the page is cut off");
  const length = new DataView(buffer).getUint32(0, true);
  if (4 + length > buffer.byteLength) throw new ShapeError("the head is cut off");
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  if (head.version !== 1) throw new ShapeError(`a shape of version ${head.version} is not known: load the page again`);
  const columns = new Map();
  let at = 4 + length;
  for (const [name, size] of head.columns) {
    if (!(size >= 0) || at + size > buffer.byteLength) throw new ShapeError(`the column ${name} is cut off`);
    columns.set(name, new Uint8Array(buffer, at, size));
    at += size;
  }
  return { head, columns };
}

/** Takes pages in their order. */
export class Shape {
  /** @param {any} head of the first page */
  constructor(head) {
    const rows = Number(head.spans);
    if (!Number.isInteger(rows) || rows < 0 || rows > MOST_SPANS) throw new ShapeError("it has too many spans to be shown");
    this.head = head;
    this.taken = 0;
    /** @type {Map<string, number>} */
    this.known = new Map();
    /** @type {Map<string, number>} */
    this.knownProcesses = new Map();
    /** @type {string[]} */
    this.strings = [];
    /** @type {Process[]} */
    this.processes = [];
    /** @type {number[]} the last row of each depth */
    this.open = [];
    this.ids = new Uint8Array(rows * 8);
    this.depth = new Uint32Array(rows);
    this.parent = new Int32Array(rows);
    this.end = new Uint32Array(rows);
    this.start = new Float64Array(rows);
    this.duration = new Float64Array(rows);
    this.self = new Float64Array(rows);
    this.name = new Uint32Array(rows);
    this.process = new Uint32Array(rows);
    this.kind = new Uint8Array(rows);
    this.flags = new Uint8Array(rows);
    /** @type {Record<string, Entries>} */
    this.lists = {};
    for (const [name, { columns }] of Object.entries(LISTS)) {
      this.lists[name] = { rows: [], columns: Object.fromEntries(columns.map((column) => [column, []])) };
    }
  }

  /** @param {any} head @param {Map<string, Uint8Array>} columns */
  take(head, columns) {
    const { first, rows } = head;
    if (first !== this.taken || first + rows > this.depth.length) throw new ShapeError("pages do not go on where they ended");
    const strings = head.strings.map((/** @type {string} */ text) => place(this.known, this.strings, text, text));
    const processes = head.processes.map((/** @type {Process} */ process) =>
      place(this.knownProcesses, this.processes, JSON.stringify(process), process));
    const column = (/** @type {string} */ name) => new Numbers(columns.get(name) ?? new Uint8Array());
    const ids = columns.get("id") ?? new Uint8Array();
    if (ids.length !== rows * 8) throw new ShapeError("the column id is cut off");
    this.ids.set(ids, first * 8);
    const [depth, start, duration, self] = [column("depth"), column("start"), column("duration"), column("self")];
    const [name, process, kind, flags] = [column("name"), column("process"), column("kind"), column("flags")];
    for (let row = first; row < first + rows; row += 1) {
      const level = depth.next();
      if (level > this.open.length) throw new ShapeError("a row is deeper than its parent allows");
      const parent = level === 0 ? -1 : this.open[level - 1] ?? -1;
      while (this.open.length > level) this.end[this.open.pop() ?? 0] = row;
      this.open.push(row);
      this.depth[row] = level;
      this.parent[row] = parent;
      this.start[row] = (parent < 0 ? 0 : this.start[parent] ?? 0) + start.signed();
      this.duration[row] = duration.next();
      this.self[row] = self.next();
      this.name[row] = strings[name.next()] ?? 0;
      this.process[row] = processes[process.next()] ?? 0;
      this.kind[row] = kind.next();
      this.flags[row] = flags.next();
    }
    this.taken += rows;
    for (const list of Object.keys(LISTS)) this.takeList(list, column, strings);
  }

  /**
   * @param {string} list
   * @param {(name: string) => Numbers} column
   * @param {number[]} strings
   */
  takeList(list, column, strings) {
    const kind = LISTS[list];
    const entries = this.lists[list];
    if (!kind || !entries) return;
    const rows = column(`${list}.row`);
    const readers = kind.columns.map((name) => column(`${list}.${name}`));
    let row = 0;
    while (!rows.isOver) {
      row += rows.next();
      entries.rows.push(row);
      kind.columns.forEach((name, index) => {
        const reader = readers[index];
        if (!reader) return;
        let value = kind.signed.includes(name) ? reader.signed() : reader.next();
        if (kind.strings.includes(name)) value = strings[value] ?? 0;
        entries.columns[name]?.push(value);
      });
    }
  }

  /** The trace, once all pages are in. @returns {Trace} */
  finish() {
    const rows = this.depth.length;
    if (this.taken !== rows) throw new ShapeError("pages are missing");
    for (const row of this.open) this.end[row] = rows;
    const { ids, depth, parent, end, start, duration, self, name, process, kind, flags, strings, processes } = this;
    const critical = this.list("critical");
    const lasts = critical.columns.duration ?? new Float64Array();
    critical.columns.to = lasts.map((value, index) => value + (critical.columns.from?.[index] ?? 0));
    return {
      id: this.head.trace, revision: this.head.revision, base: this.head.base_ns, extent: Number(this.head.extent_ns), rows,
      ids, depth, parent, end, start, duration, self, name, process, kind, flags, strings, processes,
      own: covered(this), critical, events: this.list("event"), links: this.list("link"), gaps: this.list("gap"),
    };
  }

  /** @param {string} name @returns {List} */
  list(name) {
    const entries = this.lists[name] ?? { rows: [], columns: {} };
    const first = new Uint32Array(this.depth.length + 1);
    for (const row of entries.rows) if (row < this.depth.length) first[row + 1] = (first[row + 1] ?? 0) + 1;
    for (let row = 0; row < this.depth.length; row += 1) first[row + 1] = (first[row + 1] ?? 0) + (first[row] ?? 0);
    const columns = Object.entries(entries.columns).map(([column, values]) => [column, Float64Array.from(values)]);
    return { first, columns: Object.fromEntries(columns) };
  }
}

/**
 * @template T
 * @param {Map<string, number>} known
 * @param {T[]} all
 * @param {string} key
 * @param {T} value
 * @returns {number}
 */
function place(known, all, key, value) {
  let index = known.get(key);
  if (index === undefined) {
    index = all.length;
    all.push(value);
    known.set(key, index);
  }
  return index;
}

/** @param {Trace} trace @returns {Transferable[]} what moves to another thread instead of being copied */
export function transferables(trace) {
  const lists = [trace.own, trace.critical, trace.events, trace.links, trace.gaps];
  const arrays = [trace.ids, trace.depth, trace.parent, trace.end, trace.start, trace.duration, trace.self, trace.name,
    trace.process, trace.kind, trace.flags, ...lists.flatMap((list) => [list.first, ...Object.values(list.columns)])];
  return [...new Set(arrays.map((array) => array.buffer))];
}
