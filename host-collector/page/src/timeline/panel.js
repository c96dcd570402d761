// Everything that is known of one span.

import { get } from "../lib/api.js";
import { copyButton, h, replace } from "../lib/dom.js";
import { count, duration, moment, ns, shown } from "../lib/format.js";
import { idOf } from "../lib/tree.js";
import { link } from "../lib/url.js";
import { trouble, waiting } from "../ui/empty.js";
import { markNames } from "./rows.js";

/** Longer values are cut until somebody wants all of them. */
const MOST_VALUE_LETTERS = 400;
/** So many events and links are shown until somebody wants all of them. */
const MOST_ENTRIES = 50;

/** So long a row is selected before its span is asked for. */
const QUIET_KEY_MS = 40;

/** @typedef {[string, string, string]} Attribute */

/** Beside the timeline. */
export class Panel {
  /** @param {{ closed: () => void, picked: (id: string) => void }} told */
  constructor(told) {
    this.told = told;
    this.element = h("aside", { class: "panel", "aria-label": "The selected span", tabindex: "-1", hidden: true });
    /** @type {AbortController | null} */
    this.loading = null;
    this.element.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.close();
    });
  }

  close() {
    this.loading?.abort();
    this.element.hidden = true;
    this.told.closed();
  }

  /** @param {import("../lib/shape.js").Trace} trace @param {number} row */
  async show(trace, row) {
    this.loading?.abort();
    const loading = new AbortController();
    this.loading = loading;
    const id = idOf(trace.ids, row);
    // Who runs through the rows does not ask for each of them.
    await new Promise((resolve) => setTimeout(resolve, QUIET_KEY_MS));
    if (loading.signal.aborted) return;
    const wasHidden = this.element.hidden;
    this.element.hidden = false;
    if (wasHidden || !this.element.firstChild) replace(this.element, waiting("Asking for the span"));
    try {
      const { spans } = await get(`/traces/${trace.id}/spans/${id}`, {}, loading.signal);
      replace(this.element, this.head(trace, row, id, spans), spans.map((/** @type {any} */ span) => this.body(trace, row, span)));
    } catch (error) {
      if (!loading.signal.aborted) replace(this.element, this.closing(), trouble(error, () => void this.show(trace, row)));
    }
  }

  closing() {
    return h("button", { type: "button", class: "quiet close", "aria-label": "Close the span", onclick: () => this.close() }, "✕");
  }

  /** @param {import("../lib/shape.js").Trace} trace @param {number} row @param {string} id @param {any[]} spans */
  head(trace, row, id, spans) {
    const span = spans[0] ?? {};
    const address = link({ view: "trace", trace: trace.id, span: id });
    const marks = markNames(trace.flags[row] ?? 0);
    return h("header", {}, this.closing(),
      h("h2", {}, h("bdi", {}, value(span.name) ?? "(no name)")),
      h("p", { class: "dim" }, h("bdi", {}, shown(span.process?.service, 200)), span.kind && ` · ${span.kind}`),
      marks.length > 0 && h("ul", { class: "marks" }, marks.map(([sign, text]) => h("li", {}, `${sign} ${text}`))),
      spans.length > 1 && h("p", { class: "warned" }, `${count(spans.length)} spans have this id.`),
      h("div", { class: "actions" }, copyButton(() => JSON.stringify(spans.length === 1 ? span : spans, null, 2), "Copy as JSON"),
        copyButton(() => new URL(address, document.baseURI).href, "Copy link")));
  }

  /** @param {import("../lib/shape.js").Trace} trace @param {number} row @param {any} span */
  body(trace, row, span) {
    const attributes = /** @type {Attribute[]} */ (span.attributes);
    const start = ns(span.start_ns);
    const end = start + ns(span.duration_ns);
    const ticks = (/** @type {string} */ key) => attributes.find(([name]) => name === key)?.[2] ?? "";
    const error = span.process.attributes.find((/** @type {Attribute} */ [name]) => name === "clock.error_us")?.[2];
    const offset = (/** @type {bigint} */ at) => duration(Number(at - ns(trace.base)));
    const times = h("table", { class: "times" },
      h("thead", {}, h("tr", {}, h("td", {}), ["aligned", "in the trace", "ticks"].map((title) => h("th", { scope: "col" }, title)))),
      h("tbody", {},
        h("tr", {}, h("th", { scope: "row" }, "start"), h("td", { title: moment(start) }, moment(start).slice(11)), h("td", {}, offset(start)), h("td", {}, shown(ticks("clock.ticks"), 40) || "–")),
        h("tr", {}, h("th", { scope: "row" }, "end"), h("td", { title: moment(end) }, moment(end).slice(11)), h("td", {}, offset(end)), h("td", {}, shown(ticks("clock.end_ticks"), 40) || "–"))));
    const missing = Object.entries(span.missing ?? {}).filter(([, amount]) => Number(amount) > 0);
    return h("div", {},
      h("dl", { class: "facts" },
        fact("duration", duration(Number(span.duration_ns))), fact("itself", duration(trace.self[row] ?? 0)),
        error && fact("clock", `± ${duration(Number(error) * 1000)}`),
        fact("status", span.status === "error" ? h("span", { class: "failed" }, `error ${shown(span.message, 1000)}`) : span.status),
        span.parent && fact("parent", h("button", { type: "button", class: "link", onclick: () => this.told.picked(span.parent) }, span.parent)),
        fact("id", h("code", {}, span.id))),
      times,
      !ticks("clock.ticks") && h("p", { class: "dim note" }, "Ticks are kept where the collector runs with ", h("code", {}, "--raw-ticks"), "."),
      span.warnings.length > 0 && part("Warnings", h("ul", { class: "warnings" }, span.warnings.map((/** @type {string} */ text) => h("li", {}, value(text) ?? "")))),
      missing.length > 0 && part("Known to be missing", h("ul", {}, missing.map(([what, amount]) => h("li", {}, `${count(Number(amount))} ${what}`)))),
      attributes.length > 0 && part("Tags and baggage", table(attributes)),
      span.events.length > 0 && part("Logs", events(span.events, ns(span.start_ns))),
      span.links.length > 0 && part("References", references(span.links, trace.id, this.told.picked)),
      part("Process", table([["service.name", "string", span.process.service], ...span.process.attributes])),
      span.process.warnings.length > 0 && h("ul", { class: "warnings" }, span.process.warnings.map((/** @type {string} */ text) => h("li", {}, value(text) ?? ""))));
  }
}

/** @param {string} name @param {any} what */
function fact(name, what) {
  return [h("dt", {}, name), h("dd", {}, what)];
}

/** @param {string} title @param {Node} what */
function part(title, what) {
  return h("section", {}, h("h3", {}, title), what);
}

/** Text that is cut until somebody wants all of it. @param {string} text @returns {Node | null} */
function value(text) {
  if (!text) return null;
  if (text.length <= MOST_VALUE_LETTERS) return h("bdi", { class: "text" }, shown(text));
  const whole = h("bdi", { class: "text" }, shown(text, MOST_VALUE_LETTERS));
  const more = h("button", { type: "button", class: "link" }, ` all ${count(text.length)} letters`);
  more.addEventListener("click", () => {
    whole.textContent = shown(text);
    more.remove();
  });
  return h("span", {}, whole, more);
}

/** @param {Attribute[]} attributes */
function table(attributes) {
  return h("table", { class: "tags" }, h("tbody", {}, attributes.map(([key, type, text]) =>
    h("tr", {}, h("th", { scope: "row" }, h("bdi", {}, shown(key, 300))), h("td", { class: `type-${type}`, title: type }, value(text) ?? h("span", { class: "dim" }, "empty"))))));
}

/** @param {any[]} all @param {(count: number) => Node[]} make */
function capped(all, make) {
  const list = h("ol", { class: "entries" }, make(MOST_ENTRIES));
  if (all.length <= MOST_ENTRIES) return list;
  const more = h("button", { type: "button", class: "link" }, `all ${count(all.length)}`);
  more.addEventListener("click", () => {
    replace(list, make(all.length));
    more.remove();
  });
  return h("div", {}, list, more);
}

/** @param {any[]} all @param {bigint} start */
function events(all, start) {
  return capped(all, (most) => all.slice(0, most).map((event) =>
    h("li", {}, h("p", {}, h("span", { class: "at" }, `+${duration(Number(ns(event.time_ns) - start))}`), " ", value(event.name)),
      event.attributes.length > 0 && table(event.attributes))));
}

/** @param {any[]} all @param {string} trace @param {(id: string) => void} picked */
function references(all, trace, picked) {
  return capped(all, (most) => all.slice(0, most).map((reference) =>
    h("li", {}, reference.trace === trace
      ? h("button", { type: "button", class: "link", onclick: () => picked(reference.span) }, `span ${reference.span}`)
      : h("a", { href: link({ view: "trace", trace: reference.trace, span: reference.span }) }, `span ${reference.span} of trace ${reference.trace.slice(0, 8)}…`),
    reference.attributes.length > 0 && table(reference.attributes))));
}
