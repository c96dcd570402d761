// What stands where there is nothing yet: what to do next, with a line to paste.

import { announce, copyButton, h } from "../lib/dom.js";
import { ApiError, GoneError, known } from "../lib/api.js";
import { shown } from "../lib/format.js";

/**
 * @param {string} title
 * @param {string} text
 * @param {...(Node | false)} more
 */
export function empty(title, text, ...more) {
  return h("section", { class: "empty" }, h("h2", {}, title), h("p", {}, text), more);
}

/** A line to paste. @param {string} text @param {string} label */
export function paste(text, label) {
  return h("div", { class: "paste" }, h("div", { class: "paste-head" }, h("span", {}, label), copyButton(() => text)),
    h("pre", { tabindex: "0", "aria-label": label }, text));
}

/** How firmware comes to send something. */
export function firmware() {
  const frames = String(known()?.frames ?? "");
  const code = `use spandrel::{Clock, DeviceId, Recorder, SessionSource, Tracer, span};

static RECORDER: Recorder<1024> = Recorder::new();
static TRACER: Tracer = Tracer::new("sensor-node", &RECORDER, Clock::monotonic())
    .device_id(DeviceId(0x0012_3456))
    .session(SessionSource::process());

let span = span!(TRACER, "read", bus = 1, state = "idle");
span.finish();`;
  return h("div", {},
    paste('spandrel = { version = "0.1", features = ["enable"] }\nspandrel-transport = "0.1"', "In the firmware's Cargo.toml, under [dependencies]"),
    paste(code, "In the firmware"),
    frames
      ? h("p", {}, "A Reporter sends what is recorded to ", h("code", {}, frames), ".")
      : paste("spandrel serve --listen 0.0.0.0:7726", "This collector hears no frames; to hear boards on the network"));
}

/** Why something is not there. @param {unknown} error @param {() => void} again */
export function trouble(error, again) {
  if (error instanceof GoneError) {
    return empty("The collector is not there", "This page looks for it and goes on by itself once it is back. If it does not run:",
      paste("spandrel serve", "In a shell"));
  }
  const text = error instanceof Error ? error.message : String(error);
  const status = error instanceof ApiError ? error.status : 0;
  const title = status === 404 ? "It is not here" : status === 401 ? "You are not logged in" : "That did not work";
  const button = h("button", { type: "button", onclick: again }, "Try again");
  return h("section", { class: "empty", role: "alert" }, h("h2", {}, title), h("p", { class: "text" }, shown(text, 2000)), button);
}

/** What stands where something is asked for, and is said to who hears the page. @param {string} what */
export function waiting(what) {
  announce(what);
  return h("div", { class: "waiting", "aria-busy": "true" }, what);
}
