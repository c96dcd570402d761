// What a trace is, in a few lines: how long, whose, how sure, and what is missing.

import { copyButton, h } from "../lib/dom.js";
import { count, duration, moment, shown } from "../lib/format.js";
import { sources } from "../lib/sources.js";
import { errorOf, FLAGS } from "../lib/tree.js";
import { link } from "../lib/url.js";
import { askToDelete } from "../ui/deleting.js";

/** More processes are in a list that opens. */
const MOST_CHIPS = 12;
/** And more than these are only in the rows. */
const MOST_PROCESSES = 500;

/** @param {import("../lib/shape.js").Trace} trace @param {string[]} colors @param {() => void} gone what follows once it is deleted */
export function head(trace, colors, gone) {
  const rootName = trace.rows > 0 ? trace.strings[trace.name[0] ?? 0] ?? "" : "";
  const rootService = trace.processes[trace.process[0] ?? 0]?.service ?? "";
  let failed = 0;
  let orphans = 0;
  for (const flags of trace.flags) {
    failed += flags & FLAGS.failed ? 1 : 0;
    orphans += flags & FLAGS.orphan ? 1 : 0;
  }
  const records = trace.gaps.columns.records?.reduce((sum, value) => sum + value, 0) ?? 0;
  const error = trace.processes.reduce((most, process) => Math.max(most, errorOf(process)), 0);
  const warnings = [...new Set(trace.processes.flatMap((process) => process.warnings.map((text) => `${process.service}: ${text}`)))];
  const all = sources(trace.processes);
  const chips = all.slice(0, MOST_PROCESSES).map((source) => chip(source, colors[source.process] ?? ""));
  return h("header", { class: "trace-head" },
    h("div", { class: "title" },
      h("h1", {}, h("bdi", { class: "service" }, shown(rootService, 200)), " ", h("bdi", {}, shown(rootName, 300))),
      h("div", { class: "actions" }, copyButton(() => trace.id, "Copy id"), h("a", { class: "small", href: link({ view: "compare", a: trace.id }) }, "Compare"),
        h("button", { type: "button", class: "small danger", onclick: () => askToDelete(trace, `${rootService} ${rootName}`.trim() || trace.id, gone) }, "Delete"))),
    h("p", { class: "summary" },
      [moment(trace.base), duration(trace.extent), `${count(trace.rows)} ${trace.rows === 1 ? "span" : "spans"}`,
        error > 0 ? `clocks within ± ${duration(error)}` : ""].filter(Boolean).join(" · "),
      failed > 0 && h("span", { class: "failed" }, ` · ${count(failed)} failed`),
      orphans > 0 && h("span", { class: "warned" }, ` · ${count(orphans)} without parent`),
      records > 0 && h("span", { class: "warned" }, ` · ${count(records)} records lost`)),
    h("div", { class: "chips" }, chips.slice(0, MOST_CHIPS)),
    chips.length > MOST_CHIPS && h("details", {}, h("summary", {}, `${count(all.length - MOST_CHIPS)} more processes`), h("div", { class: "chips" }, chips.slice(MOST_CHIPS))),
    warnings.length > 0 && h("details", { class: "warned" }, h("summary", {}, `${count(warnings.length)} ${warnings.length === 1 ? "warning" : "warnings"}`),
      h("ul", { class: "warnings" }, warnings.slice(0, 500).map((text) => h("li", {}, h("bdi", {}, shown(text, 1000)))))));
}

/** @param {import("../lib/sources.js").Source} source @param {string} color */
function chip({ service, device, error, sync, lost: amounts }, color) {
  const clock = error > 0 ? `± ${duration(error)}` : sync === "none" ? "own clock" : sync === "arrival" ? "by arrival" : "";
  const lost = [...amounts].map(([kind, amount]) => `${count(amount)} ${shown(kind, 30)}`);
  const inside = [h("span", { class: "swatch", "aria-hidden": "true", style: { "background-color": color } }), h("bdi", {}, shown(service, 80)),
    device && h("code", {}, shown(device.replace(/^0+(?=.)/, ""), 16)), clock && h("span", { class: "dim" }, clock),
    lost.length > 0 && h("span", { class: "warned" }, `lost ${lost.join(", ")}`)];
  return device ? h("a", { class: "chip", href: link({ view: "devices", device }) }, inside) : h("span", { class: "chip" }, inside);
}
