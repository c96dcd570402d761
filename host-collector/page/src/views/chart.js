// A small line over time, for the eye; the figures stand beside it.

import { h, svg } from "../lib/dom.js";

const CHART_WIDTH = 320;
const CHART_HEIGHT = 64;
const CHART_EDGE = 4;

/**
 * @param {string} title
 * @param {[number, number | null][]} points time and value, ascending
 * @param {(value: number) => string} format
 */
export function chart(title, points, format) {
  const known = /** @type {[number, number][]} */ (points.filter(([, value]) => value !== null && Number.isFinite(value)));
  const last = known.at(-1);
  if (!last) return h("figure", { class: "chart" }, h("figcaption", {}, title, h("span", { class: "dim" }, " nothing is known yet")));
  const values = known.map(([, value]) => value);
  let [least, most] = [Math.min(...values), Math.max(...values)];
  if (least === most) [least, most] = [least - Math.abs(least || 1) * 0.1, most + Math.abs(most || 1) * 0.1];
  const first = known[0]?.[0] ?? 0;
  const span = Math.max(last[0] - first, 1);
  const x = (/** @type {number} */ at) => CHART_EDGE + ((at - first) / span) * (CHART_WIDTH - 2 * CHART_EDGE);
  const y = (/** @type {number} */ value) => CHART_HEIGHT - CHART_EDGE - ((value - least) / (most - least)) * (CHART_HEIGHT - 2 * CHART_EDGE);
  // Where nothing was known the line has a gap.
  let path = "";
  let isOpen = false;
  for (const [at, value] of points) {
    if (value === null || !Number.isFinite(value)) {
      isOpen = false;
      continue;
    }
    path += `${isOpen ? "L" : "M"}${x(at).toFixed(1)} ${y(value).toFixed(1)}`;
    isOpen = true;
  }
  const range = `${format(Math.min(...values))} to ${format(Math.max(...values))}, now ${format(last[1])}`;
  return h("figure", { class: "chart" },
    h("figcaption", {}, title, h("span", { class: "now" }, ` ${format(last[1])}`)),
    svg("svg", { viewBox: `0 0 ${CHART_WIDTH} ${CHART_HEIGHT}`, role: "img", "aria-label": `${title}: ${range}`, preserveAspectRatio: "none" },
      svg("path", { d: `M0 ${CHART_HEIGHT - 0.5}H${CHART_WIDTH}`, class: "ground" }),
      svg("path", { d: path, class: "line" }),
      svg("path", { d: `M${x(last[0]).toFixed(1)} ${y(last[1]).toFixed(1)}h0.01`, class: "dot" })),
    h("p", { class: "dim" }, range));
}
