// The part of time that is in sight, and where its marks are.

/** @typedef {{ from: number, to: number }} Span nanoseconds after the base */

/** Nothing shorter is shown. */
const SHORTEST = 10;

/** @type {[string, number][]} */
const TICK_UNITS = [["d", 86400e9], ["h", 3600e9], ["min", 60e9], ["s", 1e9], ["ms", 1e6], ["µs", 1e3], ["ns", 1]];

/** @param {number} extent @returns {Span} all of a trace, with a little room at both ends */
export function whole(extent) {
  const room = Math.max(extent, SHORTEST) * 0.01;
  return { from: -room, to: Math.max(extent, SHORTEST) + room };
}

/**
 * Nearer or farther, so that what is at `share` of the width stays there.
 * @param {Span} span
 * @param {number} factor below 1 is nearer
 * @param {number} share
 * @param {number} extent
 * @returns {Span}
 */
export function zoomed(span, factor, share, extent) {
  const all = whole(extent);
  const length = Math.min(Math.max((span.to - span.from) * factor, SHORTEST), all.to - all.from);
  const at = span.from + (span.to - span.from) * share;
  return within({ from: at - length * share, to: at + length * (1 - share) }, extent);
}

/** @param {Span} span @param {number} by nanoseconds @param {number} extent @returns {Span} */
export function moved(span, by, extent) {
  return within({ from: span.from + by, to: span.to + by }, extent);
}

/** The same, moved into the trace. @param {Span} span @param {number} extent @returns {Span} */
export function within(span, extent) {
  const all = whole(extent);
  const length = Math.min(Math.max(span.to - span.from, SHORTEST), all.to - all.from);
  const from = Math.min(Math.max(span.from, all.from), all.to - length);
  return { from, to: from + length };
}

/**
 * Round moments, at most so many.
 * @param {Span} span
 * @param {number} most
 * @returns {number[]}
 */
export function ticks(span, most) {
  const least = (span.to - span.from) / Math.max(most, 1);
  const step = roundStep(least);
  const found = [];
  for (let at = Math.ceil(span.from / step); at * step <= span.to && found.length <= most; at += 1) found.push(at * step + 0);
  return found;
}

/**
 * What stands at a mark: as many digits as tell it from its neighbours.
 * @param {number} at
 * @param {number} step
 * @returns {string}
 */
export function tickLabel(at, step) {
  if (at === 0) return "0";
  const [unit, worth] = TICK_UNITS.find(([, least]) => Math.abs(at) >= least) ?? ["ns", 1];
  const digits = Math.max(0, Math.ceil(-Math.log10(step / worth) - 1e-9));
  return `${(at / worth).toFixed(Math.min(digits, 9))} ${unit}`;
}

/** @param {number} least @returns {number} */
function roundStep(least) {
  const long = [60, 120, 300, 600, 1800, 3600, 7200, 21600, 43200, 86400, 604800, 2592000, 31536000];
  if (least > 30e9) {
    const found = long.find((seconds) => seconds * 1e9 >= least);
    if (found) return found * 1e9;
  }
  const power = 10 ** Math.floor(Math.log10(least));
  return power * (([1, 2, 5].find((factor) => factor * power >= least)) ?? 10);
}
