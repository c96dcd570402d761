// One stream for all tabs of a browser: open while somebody looks, and closed otherwise.

import { link } from "./url.js";
import { wants } from "./match.js";

/** A tab that was closed without a word is forgotten after so long. */
const SILENT_MS = 30_000;

/**
 * @typedef {object} Tab
 * @property {(message: any) => void} post
 * @property {import("./url.js").State} query
 * @property {boolean} isVisible
 * @property {number} heard when it said something last
 */

/** @typedef {{ close: () => void }} Stream */

/** Knows who looks, and gives each what it wants. */
export class Hub {
  /** @param {(base: string, query: string, hub: Hub) => Stream} open */
  constructor(open) {
    this.open = open;
    /** @type {Map<unknown, Tab>} */
    this.tabs = new Map();
    /** @type {Stream | null} */
    this.stream = null;
    this.query = "";
    this.state = "closed";
  }

  /**
   * @param {unknown} key
   * @param {(message: any) => void} post
   * @param {any} message
   * @param {number} now
   */
  hear(key, post, message, now) {
    if (message.type === "bye") this.tabs.delete(key);
    else if (message.type === "want") {
      this.base = String(message.base);
      this.tabs.set(key, { post, query: message.query, isVisible: message.isVisible, heard: now });
      post({ type: "state", state: this.state });
    } else {
      const tab = this.tabs.get(key);
      if (tab) tab.heard = now;
    }
    this.tidy(now);
  }

  /** Forgets who is gone, and opens or closes what is no longer or not yet as it must be. @param {number} now */
  tidy(now) {
    for (const [key, tab] of this.tabs) if (now - tab.heard > SILENT_MS) this.tabs.delete(key);
    const queries = new Set([...this.tabs.values()].filter((tab) => tab.isVisible).map((tab) => link(tab.query)));
    if (queries.size === 0) {
      this.stream?.close();
      this.stream = null;
      this.state = "closed";
      return;
    }
    // Where tabs want different things all comes, and each gets what it wants.
    const [only] = queries;
    const query = queries.size === 1 && only ? only : "?";
    if (this.stream && this.query === query) return;
    this.stream?.close();
    this.query = query;
    this.stream = this.open(this.base ?? "", query, this);
  }

  /** @param {any[]} spans */
  spans(spans) {
    for (const tab of this.tabs.values()) {
      if (!tab.isVisible) continue;
      const wanted = this.query === link(tab.query) ? spans : spans.filter((span) => wants(tab.query, span));
      if (wanted.length > 0) tab.post({ type: "spans", spans: wanted });
    }
  }

  /** @param {number} spans */
  skipped(spans) {
    for (const tab of this.tabs.values()) if (tab.isVisible) tab.post({ type: "skipped", spans });
  }

  /** @param {string} state */
  became(state) {
    this.state = state;
    for (const tab of this.tabs.values()) tab.post({ type: "state", state });
  }
}
