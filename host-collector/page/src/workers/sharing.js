// The thread that all tabs of a browser share, with one stream for them.

import { Hub } from "../lib/hub.js";
import { openStream } from "../lib/stream.js";

export function startSharing() {
  const hub = new Hub(openStream);
  const thread = /** @type {any} */ (self);
  thread.onconnect = (/** @type {MessageEvent} */ event) => {
    const port = event.ports[0];
    if (!port) return;
    port.onmessage = ({ data }) => hub.hear(port, (message) => port.postMessage(message), data, Date.now());
  };
  setInterval(() => hub.tidy(Date.now()), 10_000);
}
