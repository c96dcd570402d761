// What is shown stands in the address, so that it can be kept, sent and gone back to.

/** @typedef {Record<string, string | string[] | undefined>} State what stands behind the `?` */

export const VIEWS = ["traces", "trace", "live", "devices", "bottlenecks", "graph", "compare"];

/** What may stand there more than once. */
const MANY = ["tag"];

/**
 * @param {string} search with or without its `?`
 * @returns {State & { view: string }}
 */
export function parse(search) {
  /** @type {State} */
  const state = {};
  for (const [name, value] of new URLSearchParams(search)) {
    if (MANY.includes(name)) state[name] = [...many(state[name]), value];
    else if (state[name] === undefined) state[name] = value;
  }
  const view = one(state.view);
  return { ...state, view: VIEWS.includes(view) ? view : view === "" ? "traces" : "" };
}

/**
 * The address of a state. What is empty is left out.
 * @param {State} state
 * @returns {string}
 */
export function link(state) {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(state)) {
    for (const item of many(value)) if (item !== "") search.append(name, item);
  }
  return `?${search}`;
}

/** @param {string | string[] | undefined} value @returns {string} */
export function one(value) {
  return (Array.isArray(value) ? value[0] : value) ?? "";
}

/** @param {string | string[] | undefined} value @returns {string[]} */
export function many(value) {
  return value === undefined ? [] : Array.isArray(value) ? value : [value];
}

/** What a search asks for. */
export const CONDITIONS = ["service", "operation", "peer", "kind", "tag", "min", "max", "from", "to", "failed"];

/**
 * The conditions of a state, as the API takes them.
 * @param {State} state
 * @param {string[]} [names]
 * @returns {State}
 */
export function conditions(state, names = CONDITIONS) {
  return Object.fromEntries(names.filter((name) => many(state[name]).some(Boolean)).map((name) => [name, state[name]]));
}
