// Has a trace read by a thread of its own.

import { apiBase, ApiError, ask } from "../lib/api.js";
import { scriptUrl } from "../ui/script.js";

/** @typedef {{ trace: import("../lib/shape.js").Trace, map: Uint16Array }} Loaded */

/**
 * @param {string} id
 * @param {(done: number, all: number) => void} progress
 * @param {AbortSignal} signal
 * @returns {Promise<Loaded>}
 */
export async function load(id, progress, signal) {
  const worker = new Worker(scriptUrl());
  try {
    return await new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
      // Asked from here it is told whether the collector is there at all.
      const failed = (/** @type {string} */ why) => ask("").then(() => reject(new ApiError(0, why)), reject);
      worker.onmessage = ({ data }) => {
        if (data.trace) resolve(data);
        else if (data.error === undefined) progress(data.done, data.all);
        else if (data.status === -1) void failed("The answer was cut off.");
        else reject(new ApiError(data.status, data.error));
      };
      worker.onerror = (event) => {
        event.preventDefault();
        void failed(event.message || "The thread that reads traces could not start.");
      };
      worker.postMessage({ base: apiBase(document.baseURI), id });
    });
  } finally {
    worker.terminate();
  }
}
