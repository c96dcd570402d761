// Who calls whom, as a picture and as a table.

import { get } from "../lib/api.js";
import { h, replace, svg } from "../lib/dom.js";
import { count, percent, shown } from "../lib/format.js";
import { layered } from "../lib/layers.js";
import { link, one } from "../lib/url.js";
import { empty, paste, trouble, waiting } from "../ui/empty.js";
import { go } from "../ui/route.js";
import { View } from "../ui/view.js";

const MOST_NODES = 80;
const MOST_CALLS = 500;
const BOX = 160;
const GAP = 90;
const TALL = 34;
const STEP = 52;

const GRAPH_TIMES = { "-1h": "hour", "-24h": "day", "-168h": "week", "": "all" };

/** Shows dependencies. */
export class GraphView extends View {
  constructor() {
    super();
    this.time = h("select", { id: "graph-from" }, Object.entries(GRAPH_TIMES).map(([value, label]) => h("option", { value }, label)));
    this.time.addEventListener("change", () => go({ view: "graph", from: this.time.value }));
    this.results = h("div", {});
  }

  connectedCallback() {
    replace(this, h("h1", { class: "away" }, "Graph"), h("div", { class: "bar" }, h("label", { class: "inline", for: "graph-from" }, "The last ", this.time)), this.results);
  }

  /** @param {import("../ui/view.js").Place} place */
  show(place) {
    super.show(place);
    this.time.value = one(place.from);
    void this.load();
  }

  async load() {
    const signal = this.fresh();
    if (!this.results.firstChild) replace(this.results, waiting("Counting calls"));
    this.results.setAttribute("aria-busy", "true");
    try {
      const { dependencies } = await get("/dependencies", { from: this.place.from, to: this.place.to }, signal);
      this.fill(dependencies);
    } catch (error) {
      if (signal.aborted) return;
      replace(this.results, trouble(error, () => this.reload()));
    }
    this.results.removeAttribute("aria-busy");
  }

  /** @param {import("../lib/layers.js").Edge[]} all */
  fill(all) {
    if (all.length === 0) {
      replace(this.results, empty("No service has called another", "A call is seen where a span of one service is the parent of a span of another. Firmware passes the context on in its messages:",
        paste("use spandrel::carrier::binary;\n\n// 25 bytes that go with the request; the other side makes its span of binary::extract(&bytes).\nlet bytes = binary::inject(&span.context())?;", "In the firmware; docs/propagation.md has all forms")));
      return;
    }
    const { nodes, edges, left } = layered(all, MOST_NODES);
    const rows = [...all].sort((a, b) => b.calls - a.calls).slice(0, MOST_CALLS);
    replace(this.results, h("div", { class: "wide graph", tabindex: "0", role: "group", "aria-label": "Picture of the graph; the table below says the same" }, picture(nodes, edges)),
      left > 0 && h("p", { class: "dim" }, `${count(left)} more services are only in the table, since they have the fewest calls.`),
      h("div", { class: "wide", tabindex: "0", role: "region", "aria-label": "Calls" }, h("table", { class: "calls" },
        h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Caller"), h("th", { scope: "col" }, "Called"), h("th", { scope: "col", class: "number" }, "Calls"), h("th", { scope: "col", class: "number" }, "Failed"))),
        h("tbody", {}, rows.map(({ parent, child, calls, errors }) => h("tr", {}, h("td", {}, service(parent)), h("td", {}, service(child)), h("td", { class: "number" }, count(calls)),
          h("td", { class: errors > 0 ? "number failed" : "number" }, errors > 0 ? `${count(errors)} (${percent(errors / Math.max(1, calls))})` : "0")))))));
  }
}

/** @param {string} name */
function service(name) {
  return h("a", { href: link({ view: "traces", service: name }) }, h("bdi", {}, shown(name, 200)));
}

/** @param {import("../lib/layers.js").Node[]} nodes @param {import("../lib/layers.js").Edge[]} edges */
function picture(nodes, edges) {
  const layerOf = new Map(nodes.map(({ name, layer }) => [name, layer]));
  const leadsBack = (/** @type {import("../lib/layers.js").Edge} */ { parent, child }) => parent !== child && (layerOf.get(child) ?? 0) <= (layerOf.get(parent) ?? 0);
  const layers = Math.max(...nodes.map(({ layer }) => layer)) + 1;
  const sizes = Array.from({ length: layers }, (_, layer) => nodes.filter((node) => node.layer === layer).length);
  const tallest = Math.max(...sizes);
  const [width, height] = [layers * (BOX + GAP) - GAP + 80, tallest * STEP + 20 + (edges.some(leadsBack) ? 40 : 0)];
  /** @type {Map<string, { x: number, y: number }>} */
  const at = new Map(nodes.map(({ name, layer, place }) => [name, { x: 20 + layer * (BOX + GAP), y: 10 + ((tallest - (sizes[layer] ?? 0)) / 2 + place) * STEP + (STEP - TALL) / 2 }]));
  const most = Math.max(...edges.map(({ calls }) => calls), 1);
  const lines = edges.map((edge) => {
    const { parent, child, calls, errors } = edge;
    const [a, b] = [at.get(parent), at.get(child)];
    if (!a || !b) return null;
    const [x0, y0, x1, y1] = [a.x + BOX, a.y + TALL / 2, b.x - 5, b.y + TALL / 2];
    const bend = (x1 - x0) / 2;
    const low = Math.max(a.y, b.y) + TALL + 34;
    // What leads back goes below the boxes, so that it is told from what leads on.
    const path = parent === child
      ? `M${x0} ${y0 - 6}c30 -26 30 38 2 12`
      : leadsBack(edge)
        ? `M${a.x + BOX * 0.6} ${a.y + TALL}C${a.x + BOX * 0.5} ${low} ${b.x + BOX * 0.5} ${low} ${b.x + BOX * 0.4} ${b.y + TALL + 5}`
        : `M${x0} ${y0}C${x0 + bend} ${y0} ${x1 - bend} ${y1} ${x1} ${y1}`;
    return svg("path", { d: path, class: errors * 100 >= calls ? "edge failed" : "edge", "stroke-width": (1 + 3 * (Math.log1p(calls) / Math.log1p(most))).toFixed(2), "marker-end": "url(#arrow)" },
      svg("title", {}, `${shown(parent, 100)} calls ${shown(child, 100)}: ${count(calls)}, ${count(errors)} failed`));
  });
  const boxes = nodes.map(({ name, calls }) => {
    const place = at.get(name);
    return svg("g", { transform: `translate(${place?.x ?? 0} ${place?.y ?? 0})` }, svg("title", {}, `${shown(name, 300)}: ${count(calls)} calls`),
      svg("rect", { width: BOX, height: TALL, rx: 3, class: "node" }), svg("text", { x: 10, y: TALL / 2, "dominant-baseline": "central" }, shown(name, 20)));
  });
  return svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" },
    svg("defs", {}, svg("marker", { id: "arrow", viewBox: "0 0 6 6", refX: 5, refY: 3, markerWidth: 7, markerHeight: 7, markerUnits: "userSpaceOnUse", orient: "auto" }, svg("path", { d: "M0 0L6 3L0 6z", class: "arrow" }))), lines, boxes);
}
