// What all views have in common: they show a state, and load at most one thing at a time.

import { PageElement } from "./element.js";

/** @typedef {import("./route.js").Place} Place */

/** One view of the page. */
export class View extends PageElement {
  constructor() {
    super();
    /** @type {Place} */
    this.place = { view: "" };
    /** @type {AbortController | null} */
    this.loading = null;
  }

  /** Shows what the address says. @param {Place} place */
  show(place) {
    this.place = place;
  }

  /** Shows the same anew. */
  reload() {
    this.show(this.place);
  }

  /** Draws anew what was drawn with other colours. */
  paint() {}

  /** What the collector is has become known. */
  informed() {}

  /** What was asked before is no longer wanted. @returns {AbortSignal} of what is asked now */
  fresh() {
    this.loading?.abort();
    this.loading = new AbortController();
    return this.loading.signal;
  }

  disconnectedCallback() {
    this.loading?.abort();
  }
}
