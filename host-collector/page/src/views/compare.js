// Two traces compared: what one has and the other has not, and where the time went.

import { announce, h, replace } from "../lib/dom.js";
import { count, duration, moment, percent, shown } from "../lib/format.js";
import { joined } from "../lib/paths.js";
import { link, one } from "../lib/url.js";
import { load } from "../timeline/load.js";
import { empty, trouble, waiting } from "../ui/empty.js";
import { go } from "../ui/route.js";
import { View } from "../ui/view.js";

const MOST_COMPARED = 1000;
const MOST_STEPS_IN = 16;

/** Compares. */
export class CompareView extends View {
  constructor() {
    super();
    const field = (/** @type {string} */ id) => h("input", { id, type: "text", class: "id", autocomplete: "off", spellcheck: "false", maxlength: 32, placeholder: "id of a trace" });
    this.a = field("compare-a");
    this.b = field("compare-b");
    const form = h("form", { class: "filters" }, h("label", { for: "compare-a" }, h("span", {}, "Trace"), this.a), h("label", { for: "compare-b" }, h("span", {}, "with"), this.b),
      h("button", { type: "submit" }, "Compare"), h("button", { type: "button", class: "quiet", onclick: () => go({ view: "compare", a: this.b.value.trim(), b: this.a.value.trim() }) }, "Swap"));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      go({ view: "compare", a: this.a.value.trim(), b: this.b.value.trim() });
    });
    this.form = form;
    this.results = h("div", {});
  }

  connectedCallback() {
    replace(this, h("h1", { class: "away" }, "Compare"), this.form, this.results);
  }

  /** @param {import("../ui/view.js").Place} place */
  show(place) {
    super.show(place);
    this.a.value = one(place.a);
    this.b.value = one(place.b);
    void this.load();
  }

  async load() {
    const signal = this.fresh();
    const ids = [one(this.place.a), one(this.place.b)].map((id) => id.toLowerCase());
    const isId = (/** @type {string} */ id) => /^[0-9a-f]{1,32}$/.test(id);
    if (!ids.every(isId)) {
      const isBegun = isId(ids[0] ?? "");
      replace(this.results, empty(isBegun ? "Now the other one" : "Choose two traces", "Paste two ids, such as one of a fast and one of a slow trace. Each trace in the list has a link that brings it here.",
        h("a", { href: "?" }, "To the traces")));
      if (isBegun) this.b.focus();
      return;
    }
    replace(this.results, waiting("Reading both traces"));
    try {
      const [a, b] = await Promise.all(ids.map((id) => load(id, () => {}, signal)));
      if (a && b && !signal.aborted) this.fill(a.trace, b.trace);
    } catch (error) {
      if (!signal.aborted) replace(this.results, trouble(error, () => this.reload()));
    }
  }

  /** @param {import("../lib/shape.js").Trace} a @param {import("../lib/shape.js").Trace} b */
  fill(a, b) {
    const { rows, left } = joined(a, b, MOST_COMPARED);
    const widest = Math.max(...rows.map((row) => Math.abs(row.b.total - row.a.total)), 1);
    const about = (/** @type {string} */ label, /** @type {import("../lib/shape.js").Trace} */ trace) =>
      h("p", {}, h("strong", {}, label), " ", h("a", { href: link({ view: "trace", trace: trace.id }) }, h("code", {}, trace.id)), ` ${moment(trace.base)} · ${count(trace.rows)} spans · ${duration(trace.extent)}`);
    replace(this.results, h("div", { class: "pair" }, about("A", a), about("B", b), h("p", {}, "B takes ", difference(b.extent, a.extent))),
      h("div", { class: "wide", tabindex: "0", role: "region", "aria-label": "Operations of both traces" }, h("table", { class: "compared" },
        h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Operation"), ["Spans A", "Spans B", "Time A", "Time B", "Difference", "Itself A", "Itself B"].map((title) => h("th", { scope: "col", class: "number" }, title)), h("td", {}))),
        h("tbody", {}, rows.map((row) => comparedRow(row, widest))))), left > 0 && h("p", { class: "dim" }, `${count(left)} more are not shown.`));
    announce(`${count(rows.length)} operations are compared`);
  }
}

/** @param {import("../lib/paths.js").Row} row @param {number} widest */
function comparedRow(row, widest) {
  const state = row.a.count === 0 ? "only-b" : row.b.count === 0 ? "only-a" : "";
  const long = (/** @type {import("../lib/paths.js").Sum} */ sum, /** @type {number} */ value) => h("td", { class: "number" }, sum.count === 0 ? "–" : duration(value));
  const change = row.b.total - row.a.total;
  const width = `${(Math.abs(change) / widest) * 50}%`;
  return h("tr", { class: state },
    h("th", { scope: "row", style: { "padding-left": `${Math.min(row.depth, MOST_STEPS_IN) * 12 + 8}px` } }, h("bdi", { class: "name" }, shown(row.name, 200) || "(no name)"), " ", h("bdi", { class: "service" }, shown(row.service, 80)),
      state !== "" && h("span", { class: "chip" }, state === "only-a" ? "only in A" : "only in B")),
    h("td", { class: row.a.count === row.b.count ? "number" : "number warned" }, count(row.a.count)), h("td", { class: row.a.count === row.b.count ? "number" : "number warned" }, count(row.b.count)),
    long(row.a, row.a.total), long(row.b, row.b.total), h("td", { class: "number" }, difference(row.b.total, row.a.total)), long(row.a, row.a.self), long(row.b, row.b.self),
    h("td", { class: "delta", "aria-hidden": "true" }, h("span", { class: change > 0 ? "more" : "less", style: { width } })));
}

/** @param {number} now @param {number} before */
function difference(now, before) {
  const change = now - before;
  if (change === 0) return "the same";
  const share = before > 0 && now > 0 ? ` (${change > 0 ? "+" : "−"}${percent(Math.abs(change) / before)})` : "";
  return `${change > 0 ? "+" : "−"}${duration(Math.abs(change))}${share}`;
}
