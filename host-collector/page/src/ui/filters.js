// The fields of a search, with what the collector knows as suggestions.

import { get } from "../lib/api.js";
import { h, replace } from "../lib/dom.js";
import { askedDuration } from "../lib/format.js";
import { many, one } from "../lib/url.js";

/** @typedef {import("../lib/url.js").State} State */

/** How many suggestions a list has: a browser is slow with more. */
const MOST_SUGGESTIONS = 200;

/** @type {Record<string, [string, string, string]>} label, placeholder, width */
const FIELDS = {
  service: ["Service", "any", "10rem"],
  operation: ["Operation", "any", "10rem"],
  tag: ["Tags", "bus=1, state=idle", "12rem"],
  min: ["Longer than", "1.5ms", "6.5rem"],
  max: ["Shorter than", "2s", "6.5rem"],
};

const TIMES = { "-5m": "5 minutes", "-1h": "hour", "-6h": "6 hours", "-24h": "day", "-168h": "week", "": "all" };

/** A form whose state is that of the address. */
export class Filters {
  /**
   * @param {{ hasTime: boolean, changed: (state: State, isDone: boolean) => void }} options
   */
  constructor(options) {
    this.options = options;
    /** @type {Record<string, HTMLInputElement>} */
    this.inputs = {};
    /** @type {Record<string, HTMLDataListElement>} */
    this.lists = {};
    /** @type {Record<string, string>} what suggestions were asked for last */
    this.asked = {};
    /** @type {Record<string, string[]>} what was answered */
    this.found = {};
    const fields = Object.entries(FIELDS).map(([name, field]) => this.field(name, field));
    this.failed = h("select", { id: "filter-failed" }, h("option", { value: "" }, "any"), h("option", { value: "true" }, "failed"), h("option", { value: "false" }, "not failed"));
    this.time = h("select", { id: "filter-from" }, Object.entries(TIMES).map(([value, label]) => h("option", { value }, label)));
    this.form = h("form", { class: "filters", role: "search", "aria-label": "Conditions" }, fields,
      h("label", { for: "filter-failed" }, h("span", {}, "Outcome"), this.failed),
      options.hasTime && h("label", { for: "filter-from" }, h("span", {}, "The last"), this.time),
      h("button", { type: "button", class: "quiet", onclick: () => this.clear() }, "Clear"));
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.changed(true);
    });
    this.form.addEventListener("input", () => this.changed(false));
    this.form.addEventListener("change", () => this.changed(true));
  }

  /** @param {string} name @param {[string, string, string]} field */
  field(name, [label, placeholder, width]) {
    const id = `filter-${name}`;
    const input = h("input", { id, name, type: "search", placeholder, autocomplete: "off", spellcheck: "false", maxlength: 2000, style: { width } });
    this.inputs[name] = input;
    if (name === "service" || name === "operation" || name === "tag") {
      const list = h("datalist", { id: `${id}-list` });
      this.lists[name] = list;
      input.setAttribute("list", list.id);
      input.addEventListener("focus", () => void this.suggest(name));
      input.addEventListener("input", () => void this.suggest(name));
      return h("label", { for: id }, h("span", {}, label), input, list);
    }
    return h("label", { for: id }, h("span", {}, label), input);
  }

  /** @param {string} name */
  async suggest(name) {
    const list = this.lists[name];
    if (!list) return;
    const service = this.inputs.service?.value ?? "";
    const text = this.inputs[name]?.value ?? "";
    const before = text.slice(0, text.lastIndexOf(",") + 1);
    const [key] = text.slice(before.length).trim().split("=");
    const wanted = name === "operation" ? service : name === "tag" ? `${before}|${text.includes("=") ? key : ""}` : "";
    if (this.asked[name] === wanted) {
      this.offer(name, text);
      return;
    }
    this.asked[name] = wanted;
    try {
      let found = [];
      if (name === "service") found = (await get("/services")).services;
      else if (name === "operation") found = service ? (await get("/operations", { service })).operations.map((/** @type {any} */ entry) => entry.name) : [];
      else if (text.includes("=") && key) found = (await get("/values", { tag: key })).values.map((/** @type {string} */ value) => `${before}${key}=${value}`);
      this.found[name] = [...new Set(found)];
      this.offer(name, this.inputs[name]?.value ?? "");
    } catch {
      // Without suggestions it can be typed still; it is asked again.
      delete this.asked[name];
    }
  }

  /** Of what is known that which has the text in it. @param {string} name @param {string} text */
  offer(name, text) {
    const list = this.lists[name];
    const wanted = text.trim().toLowerCase();
    const fitting = (this.found[name] ?? []).filter((value) => value.toLowerCase().includes(wanted));
    if (list) replace(list, fitting.slice(0, MOST_SUGGESTIONS).map((value) => h("option", { value })));
  }

  /** Shows a state, but does not take from under the fingers what is typed. @param {State} state */
  show(state) {
    for (const [name, input] of Object.entries(this.inputs)) {
      const value = name === "tag" ? many(state.tag).join(", ") : one(state[name]);
      if (document.activeElement !== input) input.value = value;
    }
    this.failed.value = one(state.failed);
    const from = one(state.from);
    if (![...this.time.options].some((option) => option.value === from)) this.time.append(h("option", { value: from }, from));
    this.time.value = from;
  }

  clear() {
    for (const input of Object.values(this.inputs)) {
      input.value = "";
      input.setCustomValidity("");
    }
    this.failed.value = "";
    this.time.value = "";
    this.changed(true);
  }

  /** @param {boolean} isDone */
  changed(isDone) {
    /** @type {State} */
    const state = { failed: this.failed.value, from: this.options.hasTime ? this.time.value : "" };
    for (const [name, input] of Object.entries(this.inputs)) {
      const value = input.value.trim();
      if (name === "min" || name === "max") {
        const asked = askedDuration(value);
        input.setCustomValidity(asked === null ? "Write a duration, as 1.5ms or 2s" : "");
        if (asked === null && isDone) input.reportValidity();
        if (asked) state[name] = asked;
      } else if (name === "tag") {
        state.tag = value.split(",").map((tag) => tag.trim()).filter(Boolean);
      } else state[name] = value;
    }
    this.options.changed(state, isDone);
  }
}
