// A trace: its head, the timeline, and the span that is selected.

import { announce, h, replace } from "../lib/dom.js";
import { count, duration } from "../lib/format.js";
import { closeFrom, idOf, matching, reveal, rowOf } from "../lib/tree.js";
import { one } from "../lib/url.js";
import { ApiError, get } from "../lib/api.js";
import { empty, trouble, waiting } from "../ui/empty.js";
import { amend, routes } from "../ui/route.js";
import { View } from "../ui/view.js";
import { head } from "./head.js";
import { load } from "./load.js";
import { Panel } from "./panel.js";
import { ROW_HEIGHT } from "./rows.js";
import { splitter } from "./split.js";
import { Stage } from "./stage.js";
import { startTouch, timeKey } from "./touch.js";

/** Who types pauses so long. */
const ASK_AFTER_MS = 250;

/** Shows a trace. */
export class TimelineView extends View {
  constructor() {
    super();
    /** @type {Stage | null} */
    this.stage = null;
    this.shownId = "";
    /** @type {Int32Array} */
    this.found = new Int32Array();
    this.timer = 0;
    this.asking = 0;
    /** @type {AbortController | null} */
    this.finding = null;
    this.panel = new Panel({
      closed: () => {
        this.note({ span: "" });
        this.stage?.scroller.focus({ preventScroll: true });
      },
      picked: (id) => this.pick(id),
    });
    this.finder = h("input", { type: "search", placeholder: "Find in the trace", "aria-label": "Find a name, service, device, tag, log or id in the trace", autocomplete: "off", spellcheck: "false", maxlength: 500 });
    this.finder.addEventListener("input", () => this.find());
    this.finder.addEventListener("keydown", (event) => {
      if (event.key === "Enter") this.next(event.shiftKey ? -1 : 1);
    });
    this.matched = h("span", { class: "dim", role: "status" });
  }

  /** @param {import("../ui/view.js").Place} place */
  show(place) {
    super.show(place);
    const id = one(place.trace).toLowerCase();
    if (this.stage && id === this.shownId) {
      this.placed();
      return;
    }
    this.shownId = id;
    void this.load(id);
  }

  reload() {
    this.shownId = "";
    this.show(this.place);
  }

  paint() {
    const { stage } = this;
    if (!stage) return;
    stage.recolored();
    this.querySelector(".trace-head")?.replaceWith(head(stage.trace, stage.colors, leave));
  }

  /** @param {string} id */
  async load(id) {
    const signal = this.fresh();
    this.stage?.end();
    this.stage = null;
    if (!/^[0-9a-f]{1,32}$/.test(id)) {
      this.say(empty("That is no trace", "A trace has up to 32 hexadecimal digits.", h("a", { href: "?" }, "To the traces")));
      return;
    }
    const wait = waiting("Asking for the trace");
    this.say(wait);
    try {
      const { trace, map } = await load(id, (done, all) => {
        if (!signal.aborted) wait.textContent = `Reading: ${count(done)} of ${count(all)} parts`;
      }, signal);
      if (signal.aborted) return;
      this.laid(trace, map);
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ApiError && error.status === 404) {
        this.say(empty("This trace is not here", "It has not come yet, or it was so old that it had to make room. The store keeps as much as it was told to.",
          h("div", { class: "actions" }, h("button", { type: "button", onclick: () => this.reload() }, "Look again"), h("a", { href: "?" }, "To the traces"))));
      } else this.say(trouble(error, () => this.reload()));
    }
  }

  /** What stands in place of a trace. @param {Node} what */
  say(what) {
    replace(this, h("h1", { class: "away" }, "Trace"), what);
  }

  /** @param {import("../lib/shape.js").Trace} trace @param {Uint16Array} map */
  laid(trace, map) {
    const stage = new Stage(trace, map, { selected: (row) => this.selected(row), moved: (view) => this.moved(view) });
    this.stage = stage;
    startTouch(stage, { open: (row) => void this.opened(row) });
    const button = (/** @type {string} */ label, /** @type {string} */ name, /** @type {() => void} */ onclick) =>
      h("button", { type: "button", class: "small", "aria-label": name, title: name, onclick }, label);
    const tools = h("div", { class: "tools" },
      h("div", { class: "find" }, this.finder, button("↑", "The match before", () => this.next(-1)), button("↓", "The next match", () => this.next(1)), this.matched),
      h("div", { class: "zoom" },
        button("+", "Zoom in", () => stage.zoom(0.6)), button("−", "Zoom out", () => stage.zoom(1 / 0.6)), button("All", "All of the time", () => stage.look({ from: -Infinity, to: Infinity })),
        button("Close all", "Close all rows", () => this.fold(1)), button("Open all", "Open all rows", () => this.fold(Infinity))));
    const split = splitter();
    const timeline = h("div", { class: "timeline", style: { "--tall": `${trace.rows * ROW_HEIGHT}px` } }, h("div", { class: "upper" }, tools, stage.map.canvas), stage.scroller, h("div", { class: "guide" }, split));
    timeline.addEventListener("keydown", (event) => {
      if (event.target instanceof HTMLInputElement || event.target === split) return;
      if (timeKey(stage, event)) return;
      if (event.key === "/") {
        event.preventDefault();
        this.finder.focus();
      } else if (event.key === "n" || event.key === "N") this.next(event.key === "n" ? 1 : -1);
    });
    replace(this, head(trace, stage.colors, leave), h("div", { class: "stage" }, timeline, this.panel.element), legend());
    this.finder.value = one(this.place.find);
    if (this.finder.value) this.find();
    this.placed();
    const title = trace.strings[trace.name[0] ?? 0] ?? "";
    document.title = `${title.slice(0, 80)} – Spandrel`;
    announce(`The trace has ${count(trace.rows)} spans and lasts ${duration(trace.extent)}`);
  }

  /** Goes to what the address says. */
  placed() {
    const { stage } = this;
    if (!stage) return;
    const [from, to] = [Number(one(this.place.from)), Number(one(this.place.to))];
    stage.look(to > from ? { from, to } : { from: -Infinity, to: Infinity });
    const id = one(this.place.span);
    const row = id === "" ? -1 : rowOf(stage.trace, id);
    if (row >= 0) {
      reveal(stage.trace, stage.closed, row);
      stage.folded();
      stage.select(row, true);
      if (!(to > from)) stage.reach(row);
      void this.panel.show(stage.trace, row);
    } else {
      stage.selected = -1;
      this.panel.element.hidden = true;
      if (id !== "") announce("The span of the address is not in this trace");
    }
    stage.ask();
  }

  /** What the address says from now on. @param {import("../lib/url.js").State} change */
  note(change) {
    this.place = { ...this.place, ...change };
    clearTimeout(this.timer);
    // A browser allows only so many changes a second.
    this.timer = window.setTimeout(() => {
      if (this.isConnected) amend(this.place);
    }, 150);
  }

  /** @param {import("../lib/axis.js").Span} view */
  moved(view) {
    const isAll = this.stage && view.to - view.from >= this.stage.trace.extent;
    this.note(isAll ? { from: "", to: "" } : { from: String(Math.round(view.from)), to: String(Math.round(view.to)) });
  }

  /** @param {number} row */
  selected(row) {
    const { stage } = this;
    if (!stage) return;
    this.note({ span: idOf(stage.trace.ids, row) });
    void this.panel.show(stage.trace, row);
  }

  /** @param {number} row */
  async opened(row) {
    if (!this.stage) return;
    await this.panel.show(this.stage.trace, row);
    this.panel.element.focus();
  }

  /** @param {string} id */
  pick(id) {
    const { stage } = this;
    if (!stage) return;
    const row = rowOf(stage.trace, id);
    if (row < 0) {
      announce("That span is not in this trace");
      return;
    }
    reveal(stage.trace, stage.closed, row);
    stage.folded();
    stage.select(row);
    stage.reach(row);
  }

  /** @param {number} depth from which rows are closed */
  fold(depth) {
    const { stage } = this;
    if (!stage) return;
    closeFrom(stage.trace, stage.closed, depth);
    stage.folded();
  }

  find() {
    const { stage } = this;
    if (!stage) return;
    const text = this.finder.value;
    this.found = matching(stage.trace, text);
    stage.matches = new Set(this.found);
    this.matched.textContent = text.trim() === "" ? "" : count(this.found.length);
    this.note({ find: text.trim() });
    stage.ask();
    clearTimeout(this.asking);
    this.finding?.abort();
    // What is in tags and logs only the collector has.
    if (text.trim() !== "") this.asking = window.setTimeout(() => void this.findMore(stage, text), ASK_AFTER_MS);
  }

  /** @param {Stage} stage @param {string} text */
  async findMore(stage, text) {
    this.finding = new AbortController();
    const { id, revision } = stage.trace;
    try {
      const { rows } = await get(`/traces/${id}/find`, { text, revision }, this.finding.signal);
      if (this.stage !== stage || this.finder.value !== text) return;
      this.found = Int32Array.from(new Set([...this.found, ...rows])).sort();
      stage.matches = new Set(this.found);
      this.matched.textContent = count(this.found.length);
      stage.ask();
    } catch {
      // What is found by names is shown; a trace that has grown, or a collector that has gone, is said elsewhere.
    }
  }

  /** @param {number} by */
  next(by) {
    const { stage, found } = this;
    if (!stage || found.length === 0) return;
    const after = found.findIndex((row) => row > stage.selected);
    const behind = after < 0 ? found.length : after;
    const isOn = found[behind - 1] === stage.selected;
    const index = by > 0 ? behind : isOn ? behind - 2 : behind - 1;
    const row = found[(index + found.length) % found.length] ?? 0;
    reveal(stage.trace, stage.closed, row);
    stage.folded();
    stage.select(row);
    stage.reach(row);
    this.matched.textContent = `${count(((index + found.length) % found.length) + 1)} of ${count(found.length)}`;
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearTimeout(this.timer);
    clearTimeout(this.asking);
    this.finding?.abort();
    this.stage?.end();
    this.panel.loading?.abort();
  }
}

/** Goes to the traces from one that is no more, so that the way back does not lead to it. */
function leave() {
  amend({ view: "traces" });
  routes.dispatchEvent(new Event("route"));
}

/** What the drawing means. */
function legend() {
  const entry = (/** @type {string} */ sign, /** @type {string} */ text) => h("li", {}, h("span", { class: `sign ${sign}`, "aria-hidden": "true" }), text);
  return h("details", { class: "legend" }, h("summary", {}, "Signs and keys"),
    h("ul", { class: "signs" }, entry("own", "works itself"), entry("child", "a child works"), entry("critical", "critical path"), entry("whisker", "how sure the clock is"), entry("gap", "records were lost in here"), entry("cut", "cut off by a reset"), entry("made", "made by the collector"), entry("log", "log")),
    h("p", {}, "Arrows go through the rows, left and right close and open; Enter goes to the span, Escape back. + and − zoom, 0 shows all, f fits the span, Shift with arrows moves in time; / finds, n and N go to the next and the one before. With a mouse: drag moves, Ctrl with the wheel zooms, a drag over the small picture chooses."));
}
