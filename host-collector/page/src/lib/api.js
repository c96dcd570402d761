// Asks the collector, and knows whether it is there.

import { link } from "./url.js";

/** What the collector refused, or a cut answer. */
export class ApiError extends Error {
  /** @param {number} status 0 where there was no whole answer @param {string} text */
  constructor(status, text) {
    super(text);
    this.status = status;
  }
}

/** The collector is not there. */
export class GoneError extends Error {}

/** @param {string} base address of the page @returns {string} */
export function apiBase(base) {
  return new URL("api/spandrel/v1", base).href;
}

/** Tells of `gone` and `back`. */
export const connection = new EventTarget();

/** @type {{ isGone: boolean, info: Record<string, any> | null, wait: number, timer: number, heard: number }} */
const now = { isGone: false, info: null, wait: 0, timer: 0, heard: 0 };

/** After so long without an answer somebody who looks at a quiet page wants to know. */
const UNHEARD_MS = 10_000;

/** @returns {string} */
function base() {
  return apiBase(document.baseURI);
}

/**
 * @param {string} path below the API, with its `/`
 * @param {import("./url.js").State} [params]
 * @param {RequestInit} [init]
 * @returns {Promise<Response>}
 */
export async function ask(path, params = {}, init = {}) {
  const query = link(params);
  let response;
  try {
    response = await fetch(base() + path + (query === "?" ? "" : query), { credentials: "same-origin", ...init });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    lost();
    throw new GoneError("The collector is not there.");
  }
  now.heard = performance.now();
  if (response.ok) return response;
  const body = await response.text().catch(() => "");
  const isBusy = response.status === 503 || response.status === 502;
  throw new ApiError(response.status, reason(body) || (isBusy ? "The collector is busy: try again." : `The collector answered ${response.status}.`));
}

/** @param {string} body @returns {string} */
function reason(body) {
  try {
    const { error } = JSON.parse(body);
    if (typeof error === "string") return error;
  } catch {
    // It is text of a door.
  }
  return body.slice(0, 500).trim();
}

/**
 * @param {string} path
 * @param {import("./url.js").State} [params]
 * @param {AbortSignal} [signal]
 * @returns {Promise<any>}
 */
export async function get(path, params = {}, signal) {
  const response = await ask(path, params, { signal: signal ?? null });
  try {
    return await response.json();
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0, "The answer was cut off.");
  }
}

/** @param {string} path @param {unknown} body @returns {Promise<any>} */
export function post(path, body) {
  return change(path, { method: "POST", body: JSON.stringify(body) }, { "content-type": "application/json" });
}

/** @param {string} path of what is deleted @returns {Promise<any>} */
export function remove(path) {
  return change(path, { method: "DELETE" }, {});
}

/** @param {string} path @param {RequestInit} init @param {Record<string, string>} more headers @returns {Promise<any>} */
async function change(path, init, more) {
  const sent = async (/** @type {Record<string, any>} */ info) => {
    const headers = { ...more, "x-spandrel-csrf": String(info.csrf ?? "") };
    const response = await ask(path, {}, { ...init, headers });
    return response.json();
  };
  try {
    return await sent(now.info ?? (await collector()));
  } catch (error) {
    // A collector that was started again may know no cookie of before: it gives another one.
    if (!(error instanceof ApiError) || error.status !== 403) throw error;
    return sent(await collector());
  }
}

/** What the collector says of itself. @returns {Promise<Record<string, any>>} */
export async function collector() {
  now.info = await get("");
  return now.info ?? {};
}

/** What it said last. @returns {Record<string, any> | null} */
export function known() {
  return now.info;
}

/** Looks now and then whether the collector is there, as long as somebody may see the page and nothing else asks it. */
export function watch() {
  setInterval(() => {
    const isUnheard = performance.now() - now.heard > UNHEARD_MS;
    // What it refuses it answers, and that is all that is asked here.
    if (isUnheard && !now.isGone && document.visibilityState === "visible") ask("").catch(() => {});
  }, UNHEARD_MS / 2);
}

function lost() {
  if (now.isGone) return;
  now.isGone = true;
  now.wait = 500;
  connection.dispatchEvent(new Event("gone"));
  now.timer = window.setTimeout(retry, now.wait);
}

/** Looks whether it is back, at once. */
export async function retry() {
  clearTimeout(now.timer);
  try {
    const response = await fetch(base(), { credentials: "same-origin", cache: "no-store" });
    now.info = await response.json();
    now.isGone = false;
    connection.dispatchEvent(new Event("back"));
  } catch {
    // Tabs that lost it together come back one after another.
    now.wait = Math.min(now.wait * 1.7, 8000);
    now.timer = window.setTimeout(retry, now.wait * (0.75 + Math.random() / 2));
  }
}
