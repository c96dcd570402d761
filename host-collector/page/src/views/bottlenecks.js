// Where time is spent: operations by what they take themselves.

import { get } from "../lib/api.js";
import { announce, h, replace } from "../lib/dom.js";
import { count, duration, percent, shown } from "../lib/format.js";
import { conditions, link, one } from "../lib/url.js";
import { empty, paste, trouble, waiting } from "../ui/empty.js";
import { Filters } from "../ui/filters.js";
import { amend } from "../ui/route.js";
import { View } from "../ui/view.js";
import { histogram } from "./histogram.js";

const STATISTICS_QUIET_MS = 250;
const MOST_OPERATIONS = 100;

/** Shows statistics. */
export class BottlenecksView extends View {
  constructor() {
    super();
    this.timer = 0;
    this.most = MOST_OPERATIONS;
    this.filters = new Filters({ hasTime: true, changed: (state, isDone) => this.typed(state, isDone) });
    this.at = h("input", { id: "moment", type: "datetime-local", step: 1 });
    this.sample = h("select", { id: "sample" }, [50, 200, 1000, 2000].map((value) => h("option", { value }, `${count(value)} traces`)));
    this.at.addEventListener("change", () => this.typed(conditions(this.place), true));
    this.sample.addEventListener("change", () => this.typed(conditions(this.place), true));
    this.summary = h("p", { class: "summary", role: "status" });
    this.results = h("div", {});
  }

  connectedCallback() {
    replace(this, h("h1", { class: "away" }, "Bottlenecks"), this.filters.form,
      h("div", { class: "bar" }, this.summary, h("label", { class: "inline", for: "moment" }, "before and after ", this.at), h("label", { class: "inline", for: "sample" }, "the newest ", this.sample)), this.results);
  }

  /** @param {import("../lib/url.js").State} state @param {boolean} isDone */
  typed(state, isDone) {
    const at = this.at.value === "" ? "" : String(BigInt(new Date(this.at.value).getTime()) * 1000000n);
    const next = { ...state, view: "bottlenecks", at, sample: this.sample.value === "200" ? "" : this.sample.value };
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => {
      amend(next);
      this.show(next);
    }, isDone ? 0 : STATISTICS_QUIET_MS);
  }

  /** @param {import("../ui/view.js").Place} place */
  show(place) {
    super.show(place);
    this.filters.show(place);
    this.sample.value = one(place.sample) || "200";
    const at = Number(one(place.at)) / 1e6;
    if (document.activeElement !== this.at) {
      const local = at > 0 ? new Date(at - new Date(at).getTimezoneOffset() * 60000) : null;
      this.at.value = local && !Number.isNaN(local.getTime()) ? local.toISOString().slice(0, 19) : "";
    }
    void this.load();
  }

  async load() {
    const signal = this.fresh();
    if (!this.results.firstChild) replace(this.results, waiting("Reading traces"));
    this.results.setAttribute("aria-busy", "true");
    try {
      this.fill(await get("/statistics", { ...conditions(this.place), at: this.place.at, sample: this.place.sample }, signal));
    } catch (error) {
      if (signal.aborted) return;
      this.summary.textContent = "";
      replace(this.results, trouble(error, () => this.reload()));
    }
    this.results.removeAttribute("aria-busy");
  }

  /** @param {any} answer */
  fill(answer) {
    const { operations } = answer;
    if (operations.length === 0) {
      this.summary.textContent = "";
      replace(this.results, Object.keys(conditions(this.place)).length > 0
        ? empty("No span is like that", "Take a condition away, or look further back.", h("button", { type: "button", onclick: () => this.filters.clear() }, "All spans"))
        : empty("There is nothing to count yet", "Operations appear here once traces are stored. To keep them over a restart:", paste("spandrel serve", "In a shell, without --memory")));
      return;
    }
    this.summary.textContent = `${count(answer.spans)} spans of ${answer.is_all ? "all" : "the newest"} ${count(answer.traces)} traces`;
    announce(this.summary.textContent);
    const all = operations.reduce((/** @type {number} */ sum, /** @type {any} */ operation) => sum + Number(operation.all.self_ns), 0) || 1;
    const hasBoth = one(this.place.at) !== "";
    const heads = ["Operation", "Self time", "", "Calls", "Failed", "p50", "p90", "p99", "Longest", ...(hasBoth ? ["p50 before", "p50 after", ""] : [])];
    const rows = operations.slice(0, this.most).flatMap((/** @type {any} */ operation, /** @type {number} */ index) => operationRow(operation, index, all, heads.length, hasBoth));
    replace(this.results, h("div", { class: "wide", tabindex: "0", role: "region", "aria-label": "Operations" }, h("table", { class: "operations" },
      h("thead", {}, h("tr", {}, heads.map((title, index) => h(title ? "th" : "td", title ? { scope: "col", class: index === 0 ? "" : "number" } : {}, title)))), h("tbody", {}, rows))),
    operations.length > this.most && h("button", { type: "button", onclick: () => {
      this.most += 500;
      this.fill(answer);
    } }, `More of ${count(operations.length)}`));
  }
}

/** @param {any} operation @param {number} index @param {number} all @param {number} columns @param {boolean} hasBoth */
function operationRow(operation, index, all, columns, hasBoth) {
  const { all: figures } = operation;
  const share = Number(figures.self_ns) / all;
  const long = (/** @type {string} */ text) => h("td", { class: "number" }, duration(Number(text)));
  const more = h("tr", { class: "more", hidden: true, id: `operation-${index}` }, h("td", { colspan: columns }));
  const toggle = h("button", { type: "button", class: "link opens", "aria-expanded": "false", "aria-controls": `operation-${index}` },
    h("bdi", { class: "name" }, shown(operation.name, 200) || "(no name)"), " ", h("bdi", { class: "service" }, shown(operation.service, 100)));
  toggle.addEventListener("click", () => {
    more.hidden = !more.hidden;
    toggle.setAttribute("aria-expanded", String(!more.hidden));
    const cell = more.firstElementChild;
    if (cell && !cell.firstChild) replace(cell, details(operation, hasBoth));
  });
  return [h("tr", {}, h("th", { scope: "row" }, toggle), long(figures.self_ns),
    h("td", { class: "share" }, h("span", { class: "meter" }, h("span", { class: "meter-bar", "aria-hidden": "true", style: { width: `${share * 100}%` } }), h("span", { class: "meter-text" }, percent(share)))),
    h("td", { class: "number" }, count(figures.count)), h("td", { class: figures.errors > 0 ? "number failed" : "number" }, count(figures.errors)),
    long(figures.p50_ns), long(figures.p90_ns), long(figures.p99_ns), long(figures.max_ns), hasBoth && compared(operation)), more];
}

/** @param {any} operation */
function compared({ before, after }) {
  const cell = (/** @type {any} */ figures) => h("td", { class: "number" }, figures?.count ? duration(Number(figures.p50_ns)) : "–");
  const change = before?.count && after?.count ? Number(after.p50_ns) / Math.max(1, Number(before.p50_ns)) - 1 : NaN;
  const text = Number.isNaN(change) ? "" : `${change >= 0 ? "+" : "−"}${percent(Math.abs(change))}`;
  return [cell(before), cell(after), h("td", { class: change > 0.1 ? "number warned" : "number" }, text)];
}

/** @param {any} operation @param {boolean} hasBoth */
function details(operation, hasBoth) {
  const series = hasBoth ? [operation.before?.buckets ?? [], operation.after?.buckets ?? []] : [operation.all.buckets];
  return h("div", { class: "operation" }, histogram(series, hasBoth ? ["before", "after"] : ["spans"]),
    h("div", {}, h("h3", {}, "Slowest"), h("ol", {}, operation.slowest.map((/** @type {any} */ slow) =>
      h("li", {}, h("a", { href: link({ view: "trace", trace: slow.trace, span: slow.span }) }, duration(Number(slow.duration_ns)), " ", h("code", {}, slow.trace.slice(0, 8)))))),
    h("p", {}, h("a", { href: link({ view: "traces", service: operation.service, operation: operation.name }) }, "Traces with it"))));
}
