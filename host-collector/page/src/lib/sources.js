// Whose spans a trace has: a device is one, however often what is known of it changed meanwhile.

import { attribute, deviceOf, errorOf } from "./tree.js";

/**
 * @typedef {object} Source
 * @property {number} process the first that is of it
 * @property {string} service
 * @property {string} device empty where it is none
 * @property {number} error by how many nanoseconds its times may be off, at worst
 * @property {string} sync of the first
 * @property {Map<string, number>} lost by kind, at the latest
 */

/** @param {import("./shape.js").Process[]} processes @returns {Source[]} in the order in which they come */
export function sources(processes) {
  /** @type {Map<string, Source>} */
  const known = new Map();
  processes.forEach((process, index) => {
    const device = deviceOf(process);
    const key = JSON.stringify([process.service, device]);
    const source = known.get(key) ?? { process: index, service: process.service, device, error: 0, sync: attribute(process, "clock.sync"), lost: new Map() };
    known.set(key, source);
    source.error = Math.max(source.error, errorOf(process));
    for (const [name, , amount] of process.attributes) {
      if (!name.startsWith("lost.") || !(Number(amount) > 0)) continue;
      const kind = name.slice("lost.".length);
      source.lost.set(kind, Math.max(source.lost.get(kind) ?? 0, Number(amount)));
    }
  });
  return [...known.values()];
}
