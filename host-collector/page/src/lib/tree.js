// Which rows of a trace are in sight, what is around one, and which match.

/** @typedef {import("./shape.js").Trace} Trace */

export const FLAGS = { failed: 1, orphan: 2, ring: 4, made: 8, cut: 16, warned: 32, missing: 64, double: 128 };

/**
 * The rows that are not below a closed one.
 * @param {{ rows: number, end: Uint32Array }} trace
 * @param {Uint8Array} closed
 * @returns {Int32Array}
 */
export function visible(trace, closed) {
  const shown = new Int32Array(trace.rows);
  let length = 0;
  for (let row = 0; row < trace.rows; row = closed[row] ? trace.end[row] ?? trace.rows : row + 1) {
    shown[length] = row;
    length += 1;
  }
  return shown.subarray(0, length);
}

/**
 * Where a row is among those in sight, or the nearest above it that is.
 * @param {Int32Array} shown ascending
 * @param {number} row
 * @returns {number}
 */
export function placeOf(shown, row) {
  let low = 0;
  let high = shown.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((shown[middle] ?? 0) <= row) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}

/** @param {{ end: Uint32Array }} trace @param {number} row */
export function hasChildren(trace, row) {
  return (trace.end[row] ?? 0) > row + 1;
}

/** Opens all that is above a row. @param {{ parent: Int32Array }} trace @param {Uint8Array} closed @param {number} row */
export function reveal(trace, closed, row) {
  let above = trace.parent[row] ?? -1;
  while (above >= 0) {
    closed[above] = 0;
    above = trace.parent[above] ?? -1;
  }
}

/** Closes whatever is so deep. @param {Trace} trace @param {Uint8Array} closed @param {number} depth */
export function closeFrom(trace, closed, depth) {
  for (let row = 0; row < trace.rows; row += 1) {
    closed[row] = (trace.depth[row] ?? 0) >= depth && hasChildren(trace, row) ? 1 : 0;
  }
}

/** @param {Uint8Array} ids @param {number} row @returns {string} */
export function idOf(ids, row) {
  let id = "";
  for (let at = row * 8; at < row * 8 + 8; at += 1) id += (ids[at] ?? 0).toString(16).padStart(2, "0");
  return id;
}

/** @param {Trace} trace @param {string} id @returns {number} its row, or -1 */
export function rowOf(trace, id) {
  if (!/^[0-9a-f]{1,16}$/i.test(id)) return -1;
  const wanted = id.toLowerCase().padStart(16, "0");
  const bytes = [0, 2, 4, 6, 8, 10, 12, 14].map((at) => parseInt(wanted.slice(at, at + 2), 16));
  for (let row = 0; row < trace.rows; row += 1) {
    if (bytes.every((byte, index) => trace.ids[row * 8 + index] === byte)) return row;
  }
  return -1;
}

/**
 * Rows whose name, service, device or id has a text in it.
 * @param {Trace} trace
 * @param {string} text
 * @returns {Int32Array}
 */
export function matching(trace, text) {
  const wanted = text.trim().toLowerCase();
  if (wanted === "") return new Int32Array();
  const names = trace.strings.map((name) => name.toLowerCase().includes(wanted));
  const processes = trace.processes.map((process) =>
    process.service.toLowerCase().includes(wanted) || deviceOf(process).includes(wanted));
  const isId = /^[0-9a-f]{4,16}$/.test(wanted);
  const found = [];
  for (let row = 0; row < trace.rows; row += 1) {
    const is = names[trace.name[row] ?? 0] || processes[trace.process[row] ?? 0] || isId && idOf(trace.ids, row).startsWith(wanted);
    if (is) found.push(row);
  }
  return Int32Array.from(found);
}

/** @param {import("./shape.js").Process} process @param {string} key @returns {string} */
export function attribute(process, key) {
  return process.attributes.find(([name]) => name === key)?.[2] ?? "";
}

/** @param {import("./shape.js").Process} process @returns {string} */
export function deviceOf(process) {
  return attribute(process, "device.id");
}

/** By how many nanoseconds its times may be off. @param {import("./shape.js").Process} process @returns {number} */
export function errorOf(process) {
  const micros = Number(attribute(process, "clock.error_us"));
  return Number.isFinite(micros) && micros > 0 ? micros * 1000 : 0;
}
