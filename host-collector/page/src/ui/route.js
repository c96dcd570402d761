// Steps from one state of the page to the next, by links and by what is typed.

import { link, parse } from "../lib/url.js";

/** @typedef {import("../lib/url.js").State & { view: string }} Place */

/** Tells of `route`. */
export const routes = new EventTarget();

/** @returns {Place} */
export function here() {
  return parse(location.search);
}

/** A step, which can be taken back. @param {import("../lib/url.js").State} state */
export function go(state) {
  history.pushState(null, "", link(state));
  routes.dispatchEvent(new Event("route"));
}

/** A change of what is shown, which is no step. @param {import("../lib/url.js").State} state */
export function amend(state) {
  const next = link(state);
  if (next !== location.search) history.replaceState(null, "", next);
}

/** Makes links of the page steps, unless they are to open elsewhere. */
export function follow() {
  addEventListener("popstate", () => routes.dispatchEvent(new Event("route")));
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const target = event.target instanceof Element ? event.target.closest("a") : null;
    const href = target?.getAttribute("href") ?? "";
    if (!target || target.target || !href.startsWith("?") || href === "?list") return;
    event.preventDefault();
    history.pushState(null, "", href);
    routes.dispatchEvent(new Event("route"));
  });
}
