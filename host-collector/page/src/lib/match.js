// Whether a span that has just come is one of those that a tab wants to see.

import { many, one } from "./url.js";

/** @type {Record<string, number>} */
const DURATION_UNITS = { ns: 1, us: 1e3, ms: 1e6, s: 1e9, m: 60e9, min: 60e9, h: 3600e9, d: 86400e9 };

/**
 * @param {string} text as `1h30m`
 * @returns {number} nanoseconds; not a number if it is no duration
 */
export function nanoseconds(text) {
  const parts = [...text.matchAll(/([0-9]+(?:\.[0-9]+)?)(ns|us|ms|min|s|m|h|d)/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join("") !== text) return NaN;
  return parts.reduce((sum, [, value, unit]) => sum + Number(value) * (DURATION_UNITS[unit ?? ""] ?? NaN), 0);
}

/**
 * @param {import("./url.js").State} query
 * @param {any} span
 * @returns {boolean}
 */
export function wants(query, span) {
  const is = (/** @type {string} */ name, /** @type {unknown} */ value) => one(query[name]) === "" || one(query[name]) === String(value);
  if (!is("service", span.service) || !is("operation", span.name) || !is("kind", span.kind) || !is("failed", span.failed)) return false;
  const lasts = Number(span.duration_ns);
  if (one(query.min) !== "" && !(lasts >= nanoseconds(one(query.min)))) return false;
  if (one(query.max) !== "" && !(lasts <= nanoseconds(one(query.max)))) return false;
  const has = (/** @type {string} */ key, /** @type {string | null} */ value) =>
    span.attributes.some((/** @type {[string, string, string]} */ [name, , text]) => name === key && (value === null || text === value));
  if (one(query.peer) !== "" && !has("peer.service", one(query.peer))) return false;
  return many(query.tag).every((tag) => {
    const at = tag.indexOf("=");
    return at < 0 ? has(tag, null) : has(tag.slice(0, at), tag.slice(at + 1));
  });
}
