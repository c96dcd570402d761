// Two traces beside each other, joined by the way that leads to each operation.

/** @typedef {{ count: number, total: number, self: number, failed: number }} Sum */
/** @typedef {{ service: string, name: string, depth: number, a: Sum, b: Sum }} Row */

/** Deeper ways are counted with those above them. */
const DEEPEST = 200;

class Step {
  /** @param {string} service @param {string} name @param {number} depth */
  constructor(service, name, depth) {
    this.service = service;
    this.name = name;
    this.depth = depth;
    /** @type {Map<string, Step>} */
    this.below = new Map();
    this.sums = [{ count: 0, total: 0, self: 0, failed: 0 }, { count: 0, total: 0, self: 0, failed: 0 }];
  }
}

/**
 * @param {import("./shape.js").Trace} a
 * @param {import("./shape.js").Trace} b
 * @param {number} most rows
 * @returns {{ rows: Row[], left: number }}
 */
export function joined(a, b, most) {
  const root = new Step("", "", -1);
  [a, b].forEach((trace, which) => add(root, trace, which));
  /** @type {Row[]} */
  const rows = [];
  let left = 0;
  const stack = [...root.below.values()].reverse();
  for (let step = stack.pop(); step; step = stack.pop()) {
    const [first, second] = step.sums;
    if (rows.length < most && first && second) rows.push({ service: step.service, name: step.name, depth: step.depth, a: first, b: second });
    else left += 1;
    stack.push(...[...step.below.values()].reverse());
  }
  return { rows, left };
}

/** @param {Step} root @param {import("./shape.js").Trace} trace @param {number} which */
function add(root, trace, which) {
  /** @type {Step[]} the step of the last row of each depth */
  const open = [];
  for (let row = 0; row < trace.rows; row += 1) {
    const depth = Math.min(trace.depth[row] ?? 0, DEEPEST);
    open.length = Math.min(open.length, depth);
    const above = open[depth - 1] ?? root;
    const service = trace.processes[trace.process[row] ?? 0]?.service ?? "";
    const name = trace.strings[trace.name[row] ?? 0] ?? "";
    const key = JSON.stringify([service, name]);
    let step = above.below.get(key);
    if (!step) {
      step = new Step(service, name, above.depth + 1);
      above.below.set(key, step);
    }
    open[depth] = step;
    const sum = step.sums[which];
    if (!sum) continue;
    sum.count += 1;
    sum.total += trace.duration[row] ?? 0;
    sum.self += trace.self[row] ?? 0;
    sum.failed += (trace.flags[row] ?? 0) & 1;
  }
}
