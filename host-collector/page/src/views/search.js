// Traces that were asked for, as they are typed.

import { get } from "../lib/api.js";
import { announce, h, replace } from "../lib/dom.js";
import { count, duration, moment, shown } from "../lib/format.js";
import { conditions, link, one } from "../lib/url.js";
import { empty, firmware, trouble, waiting } from "../ui/empty.js";
import { Filters } from "../ui/filters.js";
import { amend, go } from "../ui/route.js";
import { View } from "../ui/view.js";
import { scatter } from "./scatter.js";

/** Until so long after the last letter nothing is asked. */
const QUIET_MS = 150;

/** Searches. */
export class SearchView extends View {
  constructor() {
    super();
    this.timer = 0;
    this.shownFor = "";
    this.filters = new Filters({ hasTime: true, changed: (state, isDone) => this.typed(state, isDone) });
    this.limit = h("select", { "aria-label": "How many traces" }, [20, 100, 500, 1000].map((value) => h("option", { value }, count(value))));
    this.limit.addEventListener("change", () => go({ ...this.place, limit: this.limit.value === "20" ? "" : this.limit.value }));
    this.summary = h("p", { class: "summary" });
    this.results = h("div", { class: "results" });
  }

  connectedCallback() {
    replace(this, h("h1", { class: "away" }, "Traces"), this.filters.form,
      h("div", { class: "bar" }, this.summary, h("label", { class: "inline" }, "at most ", this.limit)), this.results);
  }

  /** @param {import("../lib/url.js").State} state @param {boolean} isDone */
  typed(state, isDone) {
    const next = { view: "traces", limit: this.place.limit, ...state };
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => {
      // What is typed is one step, however many letters it has.
      amend(next);
      this.show(next);
    }, isDone ? 0 : QUIET_MS);
  }

  /** @param {import("../ui/view.js").Place} place */
  show(place) {
    super.show(place);
    this.filters.show(place);
    this.limit.value = one(place.limit) || "20";
    const asked = link({ ...conditions(place), limit: place.limit });
    if (asked === this.shownFor && this.results.firstChild) return;
    this.shownFor = asked;
    void this.load();
  }

  reload() {
    this.shownFor = "";
    this.show(this.place);
  }

  paint() {
    for (const canvas of this.querySelectorAll("canvas")) canvas.dispatchEvent(new Event("paint"));
  }

  async load() {
    const signal = this.fresh();
    if (!this.results.firstChild) replace(this.results, waiting("Asking the collector"));
    this.results.setAttribute("aria-busy", "true");
    try {
      const { traces } = await get("/traces", { ...conditions(this.place), limit: this.place.limit }, signal);
      this.filled(traces);
    } catch (error) {
      if (signal.aborted) return;
      this.shownFor = "";
      this.summary.textContent = "";
      replace(this.results, trouble(error, () => this.reload()));
    }
    this.results.removeAttribute("aria-busy");
  }

  informed() {
    if (this.results.querySelector(".empty.first")) this.reload();
  }

  /** @param {any[]} traces */
  filled(traces) {
    const isAll = Object.keys(conditions(this.place)).length === 0;
    this.summary.textContent = traces.length === 0 ? "" : `${count(traces.length)} ${traces.length === 1 ? "trace" : "traces"}, the newest first`;
    if (traces.length === 0) {
      const none = isAll
        ? empty("No trace has come yet", "Traces appear here once a device sends some. This is all that firmware needs:", firmware())
        : empty("No trace is like that", "Every condition must hold for one span of the trace. Take one away, or look further back.",
          h("button", { type: "button", onclick: () => this.filters.clear() }, "Show all traces"));
      if (isAll) none.classList.add("first");
      replace(this.results, none);
      announce("No trace was found");
      return;
    }
    announce(this.summary.textContent ?? "");
    const longest = Math.max(...traces.map((trace) => Number(trace.duration_ns)), 1);
    replace(this.results, traces.length > 1 && scatter(traces), h("ol", { class: "traces" }, traces.map((trace) => this.row(trace, longest))));
  }

  /** @param {any} trace @param {number} longest */
  row(trace, longest) {
    const services = trace.services.slice(0, 6).map((/** @type {any} */ service) =>
      h("span", { class: service.errors ? "chip failed" : "chip" }, h("bdi", {}, shown(service.name, 60)), ` ${count(service.spans)}`));
    const more = trace.services.length - services.length;
    const name = trace.name || trace.service ? [h("bdi", { class: "service" }, shown(trace.service, 200)), " ", h("bdi", { class: "name" }, shown(trace.name, 300))] : h("span", { class: "name dim" }, "its root has not come");
    const width = `${Math.max(0.5, (Number(trace.duration_ns) / longest) * 100)}%`;
    return h("li", {},
      h("a", { class: "trace", href: link({ view: "trace", trace: trace.id }) },
        h("span", { class: "what" }, name),
        h("span", { class: "long" }, duration(Number(trace.duration_ns))),
        h("span", { class: "bar-line" }, h("span", { style: { width } })),
        h("span", { class: "about" },
          h("time", {}, moment(trace.start_ns)), h("span", {}, `${count(trace.spans)} ${trace.spans === 1 ? "span" : "spans"}`),
          trace.errors > 0 && h("span", { class: "failed" }, `${count(trace.errors)} failed`),
          trace.orphans > 0 && h("span", { class: "warned" }, `${count(trace.orphans)} without parent`),
          services, more > 0 && h("span", { class: "dim" }, `and ${count(more)} more`))),
      h("a", { class: "small quiet", href: link({ view: "compare", a: trace.id }), "aria-label": `Compare trace ${trace.id.slice(0, 8)}`, title: "Compare with another" }, "compare"));
  }
}

