// All devices in one table, of which only what is in sight is in the document.

import { get } from "../lib/api.js";
import { announce, h, replace } from "../lib/dom.js";
import { ago, count, duration, ns, percent, shown } from "../lib/format.js";
import { filtered, lossShare, lostOf, ringShare, sorted } from "../lib/fleet.js";
import { link, one } from "../lib/url.js";
import { empty, firmware, trouble, waiting } from "../ui/empty.js";
import { amend } from "../ui/route.js";
import { View } from "../ui/view.js";
import { DevicePage } from "./device.js";

const DEVICE_ROW_HEIGHT = 28;
const MOST_DEVICE_ROWS = 60;
const RELOAD_MS = 5000;

/** @typedef {import("../lib/fleet.js").Device} Device */

/** @type {[string, string, string][]} key, title, what it is */
const COLUMNS = [
  ["state", "State", "whether it was heard in the last ten seconds"],
  ["service", "Service", "the tracer's service"],
  ["id", "Device", "its id"],
  ["boot", "Boot", "number of its boot, and how many are known"],
  ["clock", "Clock ±", "by how much its times may be off"],
  ["drift", "Drift", "how much faster its counter is than it says"],
  ["loss", "Lost", "records that were lost, of all"],
  ["ring", "Ring", "how full its ring was at most"],
  ["sampled", "Sampled out", "spans that its sampler left out"],
  ["seen", "Heard", "when it was heard last"],
];

/** Shows devices, or one of them. */
export class DevicesView extends View {
  constructor() {
    super();
    /** @type {Device[]} */
    this.devices = [];
    /** @type {Device[]} those that are shown, in order */
    this.list = [];
    this.now = 0n;
    this.isLoaded = false;
    /** @type {AbortSignal | null} of what is asked for now */
    this.asking = null;
    this.timer = 0;
    this.frame = 0;
    /** @type {HTMLElement[]} */
    this.slots = [];
    this.filter = h("input", { type: "search", placeholder: "Filter by service, id, state, address, build", "aria-label": "Filter devices", autocomplete: "off", spellcheck: "false", maxlength: 200 });
    this.filter.addEventListener("input", () => {
      this.place = { ...this.place, filter: this.filter.value };
      amend(this.place);
      this.arrange();
    });
    this.summary = h("p", { class: "summary", role: "status" });
    // They stay the same elements, so that one that has the focus keeps it.
    this.titles = COLUMNS.map(([name, title, about]) => {
      const sign = h("span", { "aria-hidden": "true" });
      const sort = h("a", { title: about }, title, sign);
      return { name, sign, sort, cell: h("div", { role: "columnheader", class: `col-${name}` }, sort) };
    });
    this.heads = h("div", { role: "row", class: "device-row heads", "aria-rowindex": 1 }, this.titles.map(({ cell }) => cell));
    this.body = h("div", { class: "device-body", role: "rowgroup" });
    this.scroller = h("div", { class: "device-table", role: "table", "aria-label": "Devices", tabindex: "0" }, h("div", { role: "rowgroup", class: "device-head" }, this.heads), this.body);
    this.scroller.addEventListener("scroll", () => this.ask(), { passive: true });
    this.observer = new ResizeObserver(() => this.ask());
    this.page = new DevicePage();
  }

  connectedCallback() {
    this.timer = window.setInterval(() => {
      // Who has not been answered yet would never be, were it asked again and again.
      if (!document.hidden && !this.asking) void this.load(true);
    }, RELOAD_MS);
  }

  /** @param {import("../ui/view.js").Place} place */
  show(place) {
    const wasOne = one(this.place.device);
    super.show(place);
    this.filter.value = one(place.filter);
    const id = one(place.device);
    if (id !== "") {
      this.page.show(id);
      if (wasOne !== id || !this.firstChild) replace(this, this.page.element);
      void this.load(false);
    } else if (this.isLoaded) {
      this.frameUp();
      void this.load(true);
    } else {
      this.say(waiting("Asking for the devices"));
      void this.load(false);
    }
  }

  informed() {
    if (this.isLoaded && this.devices.length === 0) this.frameUp();
  }

  /** @param {boolean} isQuiet whether what is shown may stay if that fails */
  async load(isQuiet) {
    const signal = this.fresh();
    this.asking = signal;
    await (one(this.place.device) === "" ? this.loadAll(signal, isQuiet) : this.page.load(signal, isQuiet));
    if (this.asking === signal) this.asking = null;
  }

  /** @param {AbortSignal} signal @param {boolean} isQuiet */
  async loadAll(signal, isQuiet) {
    try {
      const answer = await get("/devices", {}, signal);
      this.devices = answer.devices;
      this.now = ns(answer.now_ns);
      this.isLoaded = true;
      this.frameUp();
    } catch (error) {
      if (!signal.aborted && !isQuiet) this.say(trouble(error, () => this.reload()));
    }
  }

  /** What stands in place of the table. @param {Node} what */
  say(what) {
    replace(this, h("h1", { class: "away" }, "Devices"), what);
  }

  frameUp() {
    if (this.devices.length === 0) {
      this.say(empty("No device has been heard since the collector started", "A device is here once its first frame comes. This is all that firmware needs:", firmware()));
      return;
    }
    if (!this.contains(this.scroller)) {
      replace(this, h("h1", { class: "away" }, "Devices"), h("div", { class: "bar" }, this.filter, this.summary), this.scroller);
      this.observer.observe(this.scroller);
    }
    this.arrange();
  }

  /** Filters and sorts, and shows the outcome. */
  arrange() {
    const key = one(this.place.sort) || "state";
    this.list = sorted(filtered(this.devices, one(this.place.filter)), key);
    for (const { name, sign, sort, cell } of this.titles) {
      const isThis = name === key.replace(/^-/, "");
      const isDown = key.startsWith("-");
      sort.href = link({ ...this.place, sort: isThis && !isDown ? `-${name}` : name });
      sign.textContent = !isThis ? "" : isDown ? " ↓" : " ↑";
      if (isThis) cell.setAttribute("aria-sort", isDown ? "descending" : "ascending");
      else cell.removeAttribute("aria-sort");
    }
    const live = this.devices.filter((device) => device.state === "live").length;
    this.summary.textContent = `${count(this.list.length)} of ${count(this.devices.length)} devices, ${count(live)} live`;
    if (this.list.length === 0) announce("No device is like that");
    this.scroller.setAttribute("aria-rowcount", String(this.list.length + 1));
    this.body.style.height = `${this.list.length * DEVICE_ROW_HEIGHT}px`;
    for (const slot of this.slots) slot.dataset.place = "";
    this.ask();
  }

  ask() {
    if (this.frame === 0) this.frame = requestAnimationFrame(() => this.draw());
  }

  draw() {
    this.frame = 0;
    const focused = document.activeElement;
    const held = focused && this.body.contains(focused) ? focused.getAttribute("href") : null;
    const first = Math.max(0, Math.floor(this.scroller.scrollTop / DEVICE_ROW_HEIGHT) - 2);
    const amount = Math.min(MOST_DEVICE_ROWS, Math.ceil(this.scroller.clientHeight / DEVICE_ROW_HEIGHT) + 4, this.list.length - first);
    while (this.slots.length < amount) {
      const slot = h("div", { role: "row", class: "device-row" });
      this.slots.push(slot);
      this.body.append(slot);
    }
    this.slots.forEach((slot, index) => {
      const device = index < amount ? this.list[first + index] : undefined;
      slot.hidden = !device;
      if (!device || slot.dataset.place === String(first + index)) return;
      slot.dataset.place = String(first + index);
      slot.style.transform = `translateY(${(first + index) * DEVICE_ROW_HEIGHT}px)`;
      slot.setAttribute("aria-rowindex", String(first + index + 2));
      replace(slot, cells(device, this.now));
    });
    // The device that had the focus has it again, wherever it is now.
    if (!held || this.body.contains(document.activeElement)) return;
    for (const device of this.body.querySelectorAll("a")) if (device.getAttribute("href") === held) device.focus({ preventScroll: true });
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearInterval(this.timer);
    cancelAnimationFrame(this.frame);
    this.observer.disconnect();
  }
}

/** @param {Device} device @param {bigint} now */
function cells(device, now) {
  const cell = (/** @type {string} */ name, /** @type {any} */ what) => h("div", { role: "cell", class: `col-${name}` }, what);
  const ring = ringShare(device);
  return [
    cell("state", h("span", { class: `light ${device.state}` }, device.state)),
    cell("service", h("bdi", {}, shown(device.service, 100))),
    cell("id", h("a", { href: link({ view: "devices", device: device.id }) }, device.id)),
    cell("boot", `${device.session}${device.boots > 1 ? ` (${count(device.boots)} known)` : ""}`),
    cell("clock", device.error_ns === null ? "–" : duration(Number(device.error_ns))),
    cell("drift", device.drift_ppm === null ? "–" : `${device.drift_ppm.toFixed(1)} ppm`),
    cell("loss", h("span", { class: lostOf(device) > 0 ? "warned" : "" }, lostOf(device) > 0 ? percent(lossShare(device)) : "0")),
    cell("ring", ring < 0 ? "–" : meter(ring)),
    cell("sampled", count(device.sampled_out)),
    cell("seen", ago(ns(device.last_ns), now)),
  ];
}

/** @param {number} share */
export function meter(share) {
  return h("span", { class: share > 0.9 ? "meter high" : "meter" }, h("span", { class: "meter-bar", "aria-hidden": "true", style: { width: `${share * 100}%` } }), h("span", { class: "meter-text" }, percent(share)));
}
