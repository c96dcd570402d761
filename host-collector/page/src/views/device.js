// One device: its boots, its clock over time, what it lost, and what it is told.

import { get } from "../lib/api.js";
import { h, replace } from "../lib/dom.js";
import { ago, count, duration, moment, ns, percent, shown } from "../lib/format.js";
import { linkLoss, lossShare, lostOf, ringShare } from "../lib/fleet.js";
import { link } from "../lib/url.js";
import { trouble, waiting } from "../ui/empty.js";
import { chart } from "./chart.js";
import { SamplingForm } from "./sampling.js";

/** @typedef {import("../lib/fleet.js").Device} Device */

/** More boots are shown if somebody wants them. */
const MOST_BOOTS = 20;

/** What is shown of one device. */
export class DevicePage {
  constructor() {
    this.id = "";
    this.said = "";
    this.boots = MOST_BOOTS;
    this.form = new SamplingForm();
    this.facts = h("div", { class: "device" });
    this.element = h("div", {}, h("p", {}, h("a", { href: link({ view: "devices" }) }, "All devices")), this.facts, this.form.element);
    this.form.element.hidden = true;
  }

  /** @param {string} id */
  show(id) {
    if (id === this.id) return;
    this.id = id;
    this.boots = MOST_BOOTS;
    this.form.element.hidden = true;
    this.say(waiting("Asking for the device"));
  }

  /** @param {AbortSignal} signal @param {boolean} isQuiet */
  async load(signal, isQuiet) {
    try {
      const device = await get(`/devices/${encodeURIComponent(this.id)}`, {}, signal);
      // Who reads a table that has not changed keeps the selection.
      const said = JSON.stringify([device.boots[0]?.last_ns, device.boots.length, this.boots]);
      if (isQuiet && said === this.said) return;
      this.said = said;
      this.form.offer(device.service);
      this.form.element.hidden = false;
      this.fill(device);
    } catch (error) {
      if (!signal.aborted && !isQuiet) this.say(trouble(error, () => void this.load(new AbortController().signal, false)));
    }
  }

  /** What stands in place of the device. @param {Node} what */
  say(what) {
    replace(this.facts, h("h1", { class: "away" }, "Device"), what);
  }

  /** @param {any} device */
  fill(device) {
    const now = ns(device.now_ns);
    const boots = /** @type {Device[]} */ (device.boots);
    const latest = boots[0];
    replace(this.facts,
      h("h1", {}, h("bdi", {}, shown(device.service, 200)), " ", h("code", {}, device.id)),
      latest && this.latest(latest, now),
      latest && warnings(latest),
      h("h2", {}, `Boots (${count(boots.length)})`),
      h("div", { class: "wide", tabindex: "0", role: "region", "aria-label": "Boots" }, h("table", { class: "boots" },
        h("thead", {}, h("tr", {}, ["Boot", "State", "From", "Heard", "Clock ±", "Drift", "Records", "Lost", "Ring", "Sampled out", "Build"].map((title) => h("th", { scope: "col" }, title)))),
        h("tbody", {}, boots.slice(0, this.boots).map((boot) => bootRow(boot, now))))),
      boots.length > this.boots && h("button", { type: "button", class: "quiet", onclick: () => {
        this.boots = Infinity;
        this.fill(device);
      } }, "All boots"));
  }

  /** @param {Device} boot @param {bigint} now */
  latest(boot, now) {
    const history = /** @type {[string, string | null, number | null, number, number][]} */ (boot.history);
    const at = (/** @type {string} */ time) => Number(ns(time) - ns(boot.first_ns)) / 1e9;
    const ring = ringShare(boot);
    const fact = (/** @type {string} */ name, /** @type {any} */ what) => [h("dt", {}, name), h("dd", {}, what)];
    const lost = Object.entries(boot.lost ?? {});
    const shares = history.map(([time, , , records, gone]) => /** @type {[number, number]} */ ([at(time), gone + records > 0 ? gone / (gone + records) : 0]));
    return h("div", { class: "latest" },
      h("dl", { class: "facts" },
        fact("state", h("span", { class: `light ${boot.state}` }, boot.state)), fact("boot", boot.session), fact("heard", ago(ns(boot.last_ns), now)),
        fact("from", h("bdi", {}, shown(boot.peer, 100))),
        fact("link", linkLoss(boot) === 0 ? "all that was sent came" : h("span", { class: "warned" }, `${percent(linkLoss(boot))} of records lost on the way`)),
        fact("clock", boot.error_ns === null ? `nothing bounds it (${shown(boot.sync, 20)})` : `± ${duration(Number(boot.error_ns))} by ${shown(boot.sync, 20)}`),
        fact("drift", boot.drift_ppm === null ? "not known" : `${boot.drift_ppm.toFixed(2)} ppm`),
        typeof boot.frames === "number" && fact("frames", count(boot.frames)), fact("records", count(boot.records)),
        fact("lost", lost.length === 0 ? "nothing" : lost.map(([kind, amount]) => h("span", { class: "chip warned" }, `${shown(kind, 40)} ${count(Number(amount))}`))),
        fact("ring", ring < 0 ? "the device does not count it: turn on the feature stats" : `${count(boot.ring_most)} of ${count(boot.ring_words)} words at most (${percent(ring)})`),
        fact("sampled out", count(boot.sampled_out)), fact("build", h("code", {}, shown(boot.build, 64) || "–")),
        fact("traces", h("a", { href: link({ view: "traces", service: boot.service }) }, "of its service"))),
      h("div", { class: "charts" },
        chart("Clock ±", history.map(([time, error]) => [at(time), error === null ? null : Number(error)]), duration),
        chart("Drift", history.map(([time, , drift]) => [at(time), drift]), (value) => `${value.toFixed(2)} ppm`),
        chart("Lost", shares, percent)),
      h("details", {}, h("summary", {}, "What the process says of itself"),
        h("table", { class: "tags" }, h("tbody", {}, boot.attributes.map((/** @type {[string, string, string]} */ [key, , value]) =>
          h("tr", {}, h("th", { scope: "row" }, h("bdi", {}, shown(key, 200))), h("td", {}, h("bdi", {}, shown(value, 500)))))))));
  }
}

/** @param {Device} boot */
function warnings(boot) {
  return boot.warnings.length > 0 && h("ul", { class: "warnings" }, boot.warnings.slice(0, 100).map((/** @type {string} */ text) => h("li", {}, h("bdi", {}, shown(text, 1000)))));
}

/** @param {Device} boot @param {bigint} now */
function bootRow(boot, now) {
  const ring = ringShare(boot);
  return h("tr", {}, h("th", { scope: "row" }, boot.session), h("td", {}, h("span", { class: `light ${boot.state}` }, boot.state)), h("td", {}, moment(boot.first_ns).slice(0, 19)),
    h("td", {}, ago(ns(boot.last_ns), now)), h("td", {}, boot.error_ns === null ? "–" : duration(Number(boot.error_ns))), h("td", {}, boot.drift_ppm === null ? "–" : `${boot.drift_ppm.toFixed(1)} ppm`),
    h("td", {}, count(boot.records)), h("td", { class: lostOf(boot) > 0 ? "warned" : "" }, lostOf(boot) > 0 ? `${count(lostOf(boot))} (${percent(lossShare(boot))})` : "0"),
    h("td", {}, ring < 0 ? "–" : percent(ring)), h("td", {}, count(boot.sampled_out)), h("td", {}, h("code", {}, shown(boot.build, 12))));
}
