// A thread that reads large traces, so that the page stays smooth meanwhile.

import { link } from "../lib/url.js";
import { miniature } from "../lib/minimap.js";
import { opened, Shape, transferables } from "../lib/shape.js";

/** How many pages are on their way at once. */
const AT_ONCE = 3;
/** A trace that grows all the time is begun anew so often. */
const MOST_TRIES = 4;

/** What is answered, with its status. */
class Refused extends Error {
  /** @param {number} status @param {string} text */
  constructor(status, text) {
    super(text);
    this.status = status;
  }
}

export function startReading() {
  const thread = /** @type {any} */ (self);
  thread.onmessage = async (/** @type {MessageEvent} */ event) => {
    const { base, id } = event.data;
    try {
      const trace = await read(base, id, (done, all) => thread.postMessage({ done, all }));
      const map = miniature(trace);
      thread.postMessage({ trace, map }, [...transferables(trace), map.buffer]);
    } catch (error) {
      const status = error instanceof Refused ? error.status : error instanceof TypeError ? -1 : 0;
      thread.postMessage({ status, error: error instanceof Error ? error.message : String(error) });
    }
  };
}

/**
 * @param {string} base
 * @param {string} id
 * @param {(done: number, all: number) => void} progress
 * @returns {Promise<import("../lib/shape.js").Trace>}
 */
async function read(base, id, progress) {
  for (let tries = 1; ; tries += 1) {
    try {
      return await attempt(base, id, progress);
    } catch (error) {
      if (!(error instanceof Refused) || error.status !== 409 || tries >= MOST_TRIES) throw error;
    }
  }
}

/**
 * @param {string} base
 * @param {string} id
 * @param {(done: number, all: number) => void} progress
 */
async function attempt(base, id, progress) {
  const begin = opened(await page(base, id, { page: "0" }));
  const { pages, revision } = begin.head;
  const shape = new Shape(begin.head);
  shape.take(begin.head, begin.columns);
  /** @type {Promise<ArrayBuffer>[]} */
  const coming = [];
  let next = 1;
  for (let done = 1; done < pages; done += 1) {
    progress(done, pages);
    while (next < pages && coming.length < AT_ONCE) {
      const asked = page(base, id, { page: String(next), revision });
      // Should an earlier one fail, this one has nobody who waits for it.
      asked.catch(() => {});
      coming.push(asked);
      next += 1;
    }
    const { head, columns } = opened(await /** @type {Promise<ArrayBuffer>} */ (coming.shift()));
    shape.take(head, columns);
  }
  return shape.finish();
}

/**
 * @param {string} base
 * @param {string} id
 * @param {import("../lib/url.js").State} params
 * @returns {Promise<ArrayBuffer>}
 */
async function page(base, id, params) {
  const response = await fetch(`${base}/traces/${encodeURIComponent(id)}${link(params)}`, { credentials: "same-origin" });
  if (response.ok) {
    return response.arrayBuffer().catch(() => {
      throw new Refused(0, "The answer was cut off.");
    });
  }
  const text = await response.text().catch(() => "");
  let why = text;
  try {
    why = JSON.parse(text).error;
  } catch {
    // It is text of a door.
  }
  throw new Refused(response.status, why || `The collector answered ${response.status}.`);
}
