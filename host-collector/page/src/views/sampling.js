// Tells devices how much to record.

import { get, post } from "../lib/api.js";
import { announce, h, replace } from "../lib/dom.js";
import { count, shown } from "../lib/format.js";
import { order } from "../lib/order.js";

/** A form, and what it did. */
export class SamplingForm {
  constructor() {
    this.offered = "";
    this.service = h("input", { id: "order-service", type: "text", placeholder: "all services", autocomplete: "off", spellcheck: "false", maxlength: 200 });
    this.kind = h("select", { id: "order-kind" },
      h("option", { value: "share" }, "a share of traces"), h("option", { value: "rate" }, "so many traces a second"),
      h("option", { value: "always" }, "all traces"), h("option", { value: "never" }, "no trace"), h("option", { value: "budget" }, "at most so many bytes a second"));
    this.value = h("input", { id: "order-value", type: "text", inputmode: "decimal", value: "0.1", autocomplete: "off", maxlength: 20 });
    this.outcome = h("p", { class: "outcome", role: "status" });
    this.standing = h("ul", { class: "orders" });
    this.told = h("div", { hidden: true }, h("h3", {}, "What devices are told now"), this.standing);
    const form = h("form", {}, h("label", { for: "order-service" }, h("span", {}, "Devices of"), this.service),
      h("label", { for: "order-kind" }, h("span", {}, "record"), this.kind), h("label", { for: "order-value" }, h("span", {}, "Value"), this.value),
      h("button", { type: "submit" }, "Tell them"));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.send();
    });
    this.kind.addEventListener("change", () => {
      const isPlain = this.kind.value === "always" || this.kind.value === "never";
      this.value.disabled = isPlain;
      this.value.value = { share: "0.1", rate: "5", budget: "20000" }[this.kind.value] ?? "";
    });
    this.element = h("section", { class: "sampling", "aria-labelledby": "sampling-title" }, h("h2", { id: "sampling-title" }, "Sampling"), form, this.outcome, this.told,
      h("p", { class: "dim note" }, "A device obeys if its firmware has the feature ", h("code", {}, "control"), ". An order stands until the collector ends; ", h("code", {}, "spandrel serve --tell"), " gives it at each start."));
  }

  /** @param {string} service */
  offer(service) {
    if (this.offered === service) return;
    this.offered = service;
    this.service.value = service;
    void this.list();
  }

  async list() {
    try {
      const { orders } = await get("/orders");
      this.told.hidden = orders.length === 0;
      replace(this.standing, orders.slice(0, 100).map((/** @type {string} */ text) => h("li", {}, h("code", {}, h("bdi", {}, shown(text, 300))))));
    } catch {
      // The form says what is wrong once it is used.
      this.told.hidden = true;
    }
  }

  async send() {
    const made = order(this.service.value, this.kind.value, this.value.value);
    if ("error" in made) {
      this.say(made.error, true);
      this.value.focus();
      return;
    }
    this.say("Telling them", false);
    try {
      const { told } = await post("/orders", { order: made.order });
      const whom = told === 0 ? "no device is known that it is for; those that come later are told" : `${count(told)} ${told === 1 ? "device is" : "devices are"} told, and those that come later`;
      this.say(`${made.order}: ${whom}.`, false);
      await this.list();
    } catch (error) {
      this.say(error instanceof Error ? error.message : String(error), true);
    }
  }

  /** @param {string} text @param {boolean} isBad */
  say(text, isBad) {
    this.outcome.textContent = shown(text, 500);
    this.outcome.classList.toggle("failed", isBad);
    announce(this.outcome.textContent);
  }
}
