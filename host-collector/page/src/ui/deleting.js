// Deletes a trace, once it is said that it is meant.

import { remove } from "../lib/api.js";
import { announce, h } from "../lib/dom.js";
import { count, shown } from "../lib/format.js";

/**
 * Asks whether a trace is to be deleted, and does it.
 * @param {import("../lib/shape.js").Trace} trace
 * @param {string} name what to call it
 * @param {() => void} gone
 */
export function askToDelete(trace, name, gone) {
  const outcome = h("p", { class: "outcome", role: "status" });
  const yes = h("button", { type: "button", class: "danger" }, "Delete it");
  const no = h("button", { type: "button", autofocus: true }, "Keep it");
  const dialog = h("dialog", { "aria-labelledby": "delete-title" }, h("h2", { id: "delete-title" }, "Delete this trace?"),
    h("p", {}, h("bdi", {}, shown(name, 200)), ` and its ${count(trace.rows)} ${trace.rows === 1 ? "span" : "spans"} are gone for all who look here, from the archive, too. What was sent on to others stays there.`),
    outcome, h("div", { class: "actions" }, yes, no));
  no.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  yes.addEventListener("click", async () => {
    yes.disabled = true;
    try {
      await remove(`/traces/${trace.id}`);
      dialog.close();
      gone();
      announce("The trace is deleted");
    } catch (error) {
      outcome.classList.add("failed");
      outcome.textContent = shown(error instanceof Error ? error.message : String(error), 500);
      yes.disabled = false;
    }
  });
  document.body.append(dialog);
  dialog.showModal();
}
