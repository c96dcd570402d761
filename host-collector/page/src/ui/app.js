// The frame around all views: where one goes, how it looks, and whether the collector is there.

import { collector, connection, retry, watch } from "../lib/api.js";
import { create, h, replace } from "../lib/dom.js";
import { shown } from "../lib/format.js";
import { link } from "../lib/url.js";
import { PageElement } from "./element.js";
import { empty } from "./empty.js";
import { follow, here, routes } from "./route.js";
import { isDark, startTheme, themes, toggleTheme } from "./theme.js";
import { rememberScript } from "./script.js";
import { View } from "./view.js";
import { SearchView } from "../views/search.js";
import { LiveView } from "../views/live.js";
import { DevicesView } from "../views/devices.js";
import { BottlenecksView } from "../views/bottlenecks.js";
import { GraphView } from "../views/graph.js";
import { CompareView } from "../views/compare.js";
import { TimelineView } from "../timeline/timeline.js";

/** @typedef {{ tag: string, type: new () => View, title: string, inNav: boolean }} Entry */

/** @type {Record<string, Entry>} */
const ENTRIES = {
  traces: { tag: "trace-search", type: SearchView, title: "Traces", inNav: true },
  live: { tag: "live-tail", type: LiveView, title: "Live", inNav: true },
  devices: { tag: "device-list", type: DevicesView, title: "Devices", inNav: true },
  bottlenecks: { tag: "bottleneck-list", type: BottlenecksView, title: "Bottlenecks", inNav: true },
  graph: { tag: "dependency-graph", type: GraphView, title: "Graph", inNav: true },
  compare: { tag: "trace-compare", type: CompareView, title: "Compare", inNav: true },
  trace: { tag: "trace-timeline", type: TimelineView, title: "Trace", inNav: false },
};

/** The whole page. */
class App extends PageElement {
  constructor() {
    super();
    /** @type {View | null} */
    this.view = null;
    this.main = h("main", { id: "main", tabindex: "-1" });
    this.banner = h("div", { class: "banner", role: "alert", hidden: true });
    this.state = h("span", { class: "state", role: "status" }, "connecting");
    this.nav = h("nav", { "aria-label": "Views" });
  }

  connectedCallback() {
    const theme = h("button", { type: "button", class: "quiet", onclick: toggleTheme }, "");
    const named = () => {
      theme.textContent = isDark() ? "Light" : "Dark";
      theme.setAttribute("aria-label", isDark() ? "Use light colours" : "Use dark colours");
    };
    named();
    themes.addEventListener("change", () => {
      named();
      this.view?.paint();
    });
    this.append(
      h("a", { class: "skip", href: "#main" }, "Skip to the content"),
      h("header", { class: "top" }, h("a", { class: "brand", href: "?" }, "Spandrel"), this.nav, h("div", { class: "side" }, this.state, theme)),
      this.banner,
      this.main,
      h("div", { id: "announced", class: "away", "aria-live": "polite" }),
    );
    this.querySelector(".skip")?.addEventListener("click", (event) => {
      // The address says what is shown, not where the focus is.
      event.preventDefault();
      this.main.focus();
    });
    connection.addEventListener("gone", () => this.gone());
    connection.addEventListener("back", () => this.back());
    routes.addEventListener("route", () => this.show(true));
    follow();
    watch();
    this.show(false);
    void this.greet();
  }

  async greet() {
    try {
      const info = await collector();
      this.state.textContent = `${shown(info.name, 40)} ${shown(info.version, 20)}`;
      this.state.title = info.keeps ? "Traces are kept on the disk." : "Traces are in memory only.";
      this.view?.informed();
    } catch {
      this.state.textContent = "not connected";
    }
  }

  gone() {
    this.state.textContent = "not connected";
    this.classList.add("is-gone");
    replace(this.banner, "The collector is not there. This page goes on by itself once it is back. ",
      h("button", { type: "button", class: "small", onclick: () => void retry() }, "Look now"));
    this.banner.hidden = false;
  }

  back() {
    this.classList.remove("is-gone");
    this.banner.hidden = true;
    void this.greet();
    this.view?.reload();
  }

  /** @param {boolean} isStep whether somebody went there */
  show(isStep) {
    const place = here();
    const entry = ENTRIES[place.view];
    const links = Object.entries(ENTRIES).filter(([, { inNav }]) => inNav).map(([name, { title }]) =>
      h("a", { href: link({ view: name }), "aria-current": name === place.view ? "page" : null }, title));
    replace(this.nav, links);
    if (!entry) {
      this.view = null;
      document.title = "Spandrel";
      replace(this.main, h("h1", { class: "away" }, "Spandrel"), empty("There is no such view", `This page has none that is called ${shown(new URLSearchParams(location.search).get("view"), 60)}.`,
        h("a", { href: "?" }, "To the traces")));
      return;
    }
    document.title = `${entry.title} – Spandrel`;
    const isOther = !(this.view instanceof entry.type);
    if (isOther) {
      this.view = create(entry.tag, entry.type);
      replace(this.main, this.view);
      scrollTo(0, 0);
    }
    this.view?.show(place);
    // A view that knows where one goes on has put the focus there.
    if (isOther && isStep && !this.view?.contains(document.activeElement)) this.main.focus({ preventScroll: true });
  }
}

export function startPage() {
  rememberScript();
  startTheme();
  for (const { tag, type } of Object.values(ENTRIES)) customElements.define(tag, type);
  customElements.define("spandrel-app", App);
  document.body.append(document.createElement("spandrel-app"));
}
