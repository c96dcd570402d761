// When a span works itself: the parts of it in which none of its children lasts.

/**
 * Children stand behind their parent by their start, so one pass over each is enough.
 * @param {{ depth: Uint32Array, parent: Int32Array, start: Float64Array, duration: Float64Array }} rows
 * @returns {import("./shape.js").List}
 */
export function covered({ parent, start, duration }) {
  const rows = parent.length;
  const first = new Uint32Array(rows + 1);
  // How far the children of each row have covered it, and how many parts there are.
  const reached = Float64Array.from(start);
  const parts = new Uint32Array(rows);
  /** @param {(row: number, from: number, to: number) => void} found */
  const walk = (found) => {
    reached.set(start);
    for (let row = 0; row < rows; row += 1) {
      const above = parent[row] ?? -1;
      if (above < 0) continue;
      const begin = start[above] ?? 0;
      const end = begin + (duration[above] ?? 0);
      const from = Math.min(start[row] ?? 0, end);
      const done = reached[above] ?? 0;
      if (from > done) found(above, done, from);
      reached[above] = Math.max(done, Math.min(end, (start[row] ?? 0) + (duration[row] ?? 0)));
    }
    for (let row = 0; row < rows; row += 1) {
      const end = (start[row] ?? 0) + (duration[row] ?? 0);
      const done = reached[row] ?? 0;
      if (end > done) found(row, done, end);
    }
  };
  walk((row) => (parts[row] = (parts[row] ?? 0) + 1));
  for (let row = 0; row < rows; row += 1) first[row + 1] = (first[row] ?? 0) + (parts[row] ?? 0);
  const length = first[rows] ?? 0;
  const columns = { from: new Float64Array(length), to: new Float64Array(length) };
  const next = first.slice(0, rows);
  walk((row, from, to) => {
    const at = next[row] ?? 0;
    columns.from[at] = from;
    columns.to[at] = to;
    next[row] = at + 1;
  });
  return { first, columns };
}
