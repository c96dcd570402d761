// How often an operation took how long.

import { h, svg } from "../lib/dom.js";
import { count, duration } from "../lib/format.js";
import { bins } from "../lib/histogram.js";

const HISTOGRAM_WIDTH = 480;
const HISTOGRAM_HEIGHT = 96;
const MOST_BINS = 60;

/**
 * @param {[number, number][][]} series one, or before and after
 * @param {string[]} names
 */
export function histogram(series, names) {
  const found = bins(series, MOST_BINS);
  // Before and after are compared by their shares: one has more spans than the other.
  const sums = series.map((buckets) => Math.max(1, buckets.reduce((sum, [, amount]) => sum + amount, 0)));
  const shares = found.map(({ counts }) => counts.map((amount, which) => amount / (sums[which] ?? 1)));
  const most = Math.max(...shares.flat(), 1e-9);
  const width = HISTOGRAM_WIDTH / Math.max(found.length, 1);
  const bars = found.flatMap(({ from, to, counts }, index) => counts.map((amount, which) => {
    const height = ((shares[index]?.[which] ?? 0) / most) * (HISTOGRAM_HEIGHT - 2);
    const part = width / series.length;
    return svg("rect", { x: (index * width + which * part + 0.5).toFixed(2), y: (HISTOGRAM_HEIGHT - height).toFixed(2), width: Math.max(part - 1, 0.5).toFixed(2), height: height.toFixed(2), class: `series-${which}` },
      svg("title", {}, `${names[which]}: ${count(amount)} from ${duration(from)} to ${duration(to)}`));
  }));
  const [first, last] = [found[0], found.at(-1)];
  const label = `How long it took, from ${duration(first?.from ?? 0)} to ${duration(last?.to ?? 0)}`;
  return h("figure", { class: "histogram" },
    series.length > 1 && h("ul", { class: "key" }, names.map((name, which) => h("li", {}, h("span", { class: `sign series-${which}`, "aria-hidden": "true" }), name))),
    svg("svg", { viewBox: `0 0 ${HISTOGRAM_WIDTH} ${HISTOGRAM_HEIGHT}`, role: "img", "aria-label": label, preserveAspectRatio: "none" }, bars),
    h("figcaption", {}, h("span", {}, duration(first?.from ?? 0)), h("span", {}, duration(last?.to ?? 0))));
}
