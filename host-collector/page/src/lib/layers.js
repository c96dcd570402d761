// Puts services in layers: who calls stands left of whom it calls.

/** @typedef {{ parent: string, child: string, calls: number, errors: number }} Edge */
/** @typedef {{ name: string, layer: number, place: number, calls: number }} Node */

/**
 * @param {Edge[]} edges
 * @param {number} most nodes; those with the most calls stay
 * @returns {{ nodes: Node[], edges: Edge[], left: number }}
 */
export function layered(edges, most) {
  /** @type {Map<string, number>} */
  const calls = new Map();
  for (const { parent, child, calls: amount } of edges) {
    calls.set(parent, (calls.get(parent) ?? 0) + amount);
    calls.set(child, (calls.get(child) ?? 0) + amount);
  }
  const names = [...calls.keys()].sort((a, b) => (calls.get(b) ?? 0) - (calls.get(a) ?? 0) || (a < b ? -1 : 1));
  const kept = new Set(names.slice(0, most));
  const inside = edges.filter(({ parent, child }) => kept.has(parent) && kept.has(child));
  const layers = layersOf([...kept], inside);
  const columns = ordered(layers, inside);
  const nodes = columns.flatMap((column, layer) => column.map((name, place) => ({ name, layer, place, calls: calls.get(name) ?? 0 })));
  return { nodes, edges: inside, left: names.length - kept.size };
}

/**
 * The longest way to each, where ways that lead back do not count.
 * @param {string[]} names
 * @param {Edge[]} edges
 * @returns {Map<string, number>}
 */
function layersOf(names, edges) {
  /** @type {Map<string, string[]>} */
  const below = new Map(names.map((name) => [name, []]));
  const entered = new Set();
  for (const { parent, child } of edges) {
    if (parent === child) continue;
    below.get(parent)?.push(child);
    entered.add(child);
  }
  /** @type {Map<string, "open" | "done">} */
  const state = new Map();
  /** @type {string[]} those without callers first */
  const order = [];
  const starts = [...names.filter((name) => !entered.has(name)), ...names];
  for (const start of starts) {
    /** @type {{ name: string, next: number }[]} */
    const stack = state.has(start) ? [] : [{ name: start, next: 0 }];
    state.set(start, state.get(start) ?? "open");
    while (stack.length > 0) {
      const top = stack[stack.length - 1];
      if (!top) break;
      const children = below.get(top.name) ?? [];
      const child = children[top.next];
      top.next += 1;
      if (child === undefined) {
        state.set(top.name, "done");
        order.unshift(top.name);
        stack.pop();
      } else if (!state.has(child)) {
        state.set(child, "open");
        stack.push({ name: child, next: 0 });
      }
    }
  }
  const position = new Map(order.map((name, index) => [name, index]));
  const layers = new Map(names.map((name) => [name, 0]));
  for (const name of order) {
    for (const child of below.get(name) ?? []) {
      const isForward = (position.get(child) ?? 0) > (position.get(name) ?? 0);
      if (isForward) layers.set(child, Math.max(layers.get(child) ?? 0, (layers.get(name) ?? 0) + 1));
    }
  }
  return layers;
}

/** Each beside those that it has to do with. @param {Map<string, number>} layers @param {Edge[]} edges @returns {string[][]} */
function ordered(layers, edges) {
  /** @type {string[][]} */
  const columns = Array.from({ length: Math.max(0, ...layers.values()) + (layers.size > 0 ? 1 : 0) }, () => []);
  for (const [name, layer] of layers) columns[layer]?.push(name);
  /** @type {Map<string, string[]>} */
  const near = new Map([...layers.keys()].map((name) => [name, []]));
  for (const { parent, child } of edges) {
    near.get(parent)?.push(child);
    near.get(child)?.push(parent);
  }
  /** @type {Map<string, number>} */
  const places = new Map();
  const placed = (/** @type {string[]} */ column) => column.forEach((name, index) => places.set(name, (index + 0.5) / column.length));
  columns.forEach(placed);
  for (let turn = 0; turn < 4; turn += 1) {
    for (const column of turn % 2 === 0 ? columns : [...columns].reverse()) {
      const middles = new Map(column.map((name) => {
        const around = (near.get(name) ?? []).map((other) => places.get(other) ?? 0.5);
        return [name, around.length > 0 ? around.reduce((sum, value) => sum + value, 0) / around.length : places.get(name) ?? 0.5];
      }));
      column.sort((a, b) => (middles.get(a) ?? 0) - (middles.get(b) ?? 0));
      placed(column);
    }
  }
  return columns;
}
