// Spans as they come.

import { ask } from "../lib/api.js";
import { h, replace } from "../lib/dom.js";
import { clock, count, duration, shown } from "../lib/format.js";
import { conditions, link } from "../lib/url.js";
import { empty, firmware } from "../ui/empty.js";
import { Filters } from "../ui/filters.js";
import { amend } from "../ui/route.js";
import { View } from "../ui/view.js";
import { tail } from "./tail.js";

/** So many lines are kept. */
const MOST_LINES = 500;
/** So many of them are new in one frame at most: nobody reads faster. */
const MOST_AT_ONCE = 200;
const MOST_TAGS = 6;

const NAMES = ["service", "operation", "peer", "kind", "tag", "min", "max", "failed"];

/** Shows the stream. */
export class LiveView extends View {
  constructor() {
    super();
    /** @type {ReturnType<typeof tail> | null} */
    this.tail = null;
    /** @type {any[]} spans that wait to be shown, the oldest first */
    this.waiting = [];
    this.isPaused = false;
    this.frame = 0;
    this.seen = 0;
    this.left = 0;
    this.streaming = "closed";
    this.filters = new Filters({ hasTime: false, changed: (state) => this.typed(state) });
    this.pause = h("button", { type: "button", "aria-pressed": "false", onclick: () => this.toggle() }, "Pause");
    this.state = h("p", { class: "summary", role: "status" }, "Connecting");
    this.lines = h("ol", { class: "lines", "aria-label": "Spans, the newest first" });
    this.none = h("div", {});
  }

  connectedCallback() {
    replace(this, h("h1", { class: "away" }, "Live"), this.filters.form, h("div", { class: "bar" }, this.state,
      h("div", { class: "actions" }, this.pause, h("button", { type: "button", class: "quiet", onclick: () => this.clear() }, "Empty the list"))), this.lines, this.none);
  }

  /** @param {import("../lib/url.js").State} state */
  typed(state) {
    const next = { view: "live", ...conditions(state, NAMES) };
    amend(next);
    this.show(next);
  }

  /** @param {import("../ui/view.js").Place} place */
  show(place) {
    const before = link(conditions(this.place, NAMES));
    super.show(place);
    this.filters.show(place);
    const query = conditions(place, NAMES);
    if (!this.tail) {
      this.tail = tail(query, (message) => this.heard(message));
      this.welcome();
    } else if (link(query) !== before) {
      this.clear();
      this.tail.want(query);
    }
  }

  reload() {
    this.tail?.want(conditions(this.place, NAMES));
  }

  informed() {
    this.welcome();
  }

  welcome() {
    if (this.seen > 0) return;
    const isAll = Object.keys(conditions(this.place, NAMES)).length === 0;
    replace(this.none, isAll
      ? empty("Nothing has come since this page listens", "Spans appear here the moment they come. Let a device do something, or add this to its firmware:", firmware())
      : empty("Nothing like that has come yet", "Spans appear here the moment they come, if they are as the conditions say.",
        h("button", { type: "button", onclick: () => this.filters.clear() }, "Show whatever comes")));
  }

  clear() {
    this.waiting = [];
    this.seen = 0;
    this.left = 0;
    replace(this.lines);
    this.said();
    this.welcome();
  }

  toggle() {
    this.isPaused = !this.isPaused;
    this.pause.textContent = this.isPaused ? "Go on" : "Pause";
    this.pause.setAttribute("aria-pressed", String(this.isPaused));
    this.said();
    if (!this.isPaused) this.ask();
  }

  /** @param {any} message */
  heard(message) {
    if (message.type === "state") {
      // Asked once more, it is known whether the collector is there at all.
      if (message.state === "lost") ask("").catch(() => {});
      this.streaming = message.state;
    } else if (message.type === "skipped") this.left += message.spans;
    else if (message.type === "spans") {
      this.waiting.push(...message.spans.slice(-MOST_LINES));
      if (this.waiting.length > MOST_LINES) {
        this.left += this.waiting.length - MOST_LINES;
        this.waiting.splice(0, this.waiting.length - MOST_LINES);
      }
      this.seen += message.spans.length;
      if (!this.isPaused) this.ask();
    }
    this.said();
  }

  said() {
    const streaming = this.streaming === "lost" ? "The stream broke off and is opened again" : this.streaming === "open" ? "Listening" : "Connecting";
    const parts = [this.isPaused ? "Paused" : streaming];
    if (this.seen > 0) parts.push(`${count(this.seen)} spans`);
    if (this.isPaused && this.waiting.length > 0) parts.push(`${count(this.waiting.length)} wait`);
    if (this.left > 0) parts.push(`${count(this.left)} left out, since they came faster than they are shown`);
    this.state.textContent = parts.join(" · ");
  }

  ask() {
    if (this.frame === 0) this.frame = requestAnimationFrame(() => this.draw());
  }

  draw() {
    this.frame = 0;
    if (this.waiting.length === 0) return;
    replace(this.none);
    const spans = this.waiting.splice(0, MOST_AT_ONCE);
    this.lines.prepend(...spans.reverse().map((span) => liveLine(span)));
    while (this.lines.childElementCount > MOST_LINES) this.lines.lastElementChild?.remove();
    if (this.waiting.length > 0) this.ask();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    cancelAnimationFrame(this.frame);
    this.tail?.close();
    this.tail = null;
  }
}

/** @param {any} span */
function liveLine(span) {
  const tags = span.attributes.slice(0, MOST_TAGS).map((/** @type {[string, string, string]} */ [key, , value]) =>
    h("span", { class: "tag" }, h("bdi", {}, `${shown(key, 60)}=${shown(value, 80)}`)));
  return h("li", {}, h("a", { class: span.failed ? "line failed" : span.made ? "line made" : "line", href: link({ view: "trace", trace: span.trace, span: span.id }) },
    h("time", {}, clock(span.start_ns)), h("span", { class: "long" }, duration(Number(span.duration_ns))),
    h("bdi", { class: "service" }, shown(span.service, 80)), h("bdi", { class: "name" }, shown(span.name, 200)),
    h("span", { class: "tags-line" }, span.failed && h("span", { class: "failed" }, "failed"), span.warnings > 0 && h("span", { class: "warned" }, `${count(span.warnings)} ${span.warnings === 1 ? "warning" : "warnings"}`), tags)));
}
