// A picture of a whole trace, small: which service is where.

export const MAP_WIDTH = 1024;
export const MAP_HEIGHT = 56;

/**
 * For each point of the picture 1 + the place of a process, or 0. Each point is written once, however
 * many spans there are.
 * @param {import("./shape.js").Trace} trace
 * @returns {Uint16Array}
 */
export function miniature(trace) {
  const points = new Uint16Array(MAP_WIDTH * MAP_HEIGHT);
  // The next free point of the same line, at or behind each.
  const free = new Uint16Array((MAP_WIDTH + 1) * MAP_HEIGHT);
  for (let line = 0; line < MAP_HEIGHT; line += 1) {
    for (let x = 0; x <= MAP_WIDTH; x += 1) free[line * (MAP_WIDTH + 1) + x] = x;
  }
  const scale = MAP_WIDTH / Math.max(trace.extent, 1);
  const height = Math.min(MAP_HEIGHT, Math.max(trace.rows, 1));
  for (let row = 0; row < trace.rows; row += 1) {
    const line = Math.floor((row * height) / trace.rows);
    const offset = line * (MAP_WIDTH + 1);
    const start = trace.start[row] ?? 0;
    const last = Math.min(MAP_WIDTH - 1, Math.floor((start + (trace.duration[row] ?? 0)) * scale));
    let x = Math.max(0, Math.min(MAP_WIDTH - 1, Math.floor(start * scale)));
    const begun = x;
    while ((x = free[offset + x] ?? MAP_WIDTH) <= last) {
      points[line * MAP_WIDTH + x] = (trace.process[row] ?? 0) + 1;
      free[offset + x] = x + 1;
    }
    // Whoever begins here jumps at once behind what is taken.
    free[offset + begun] = Math.max(free[offset + begun] ?? 0, x);
  }
  return points;
}
