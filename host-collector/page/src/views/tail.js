// This tab's part of the stream that all tabs share.

import { apiBase } from "../lib/api.js";
import { Hub } from "../lib/hub.js";
import { openStream } from "../lib/stream.js";
import { scriptUrl } from "../ui/script.js";

const ALIVE_MS = 10_000;

/**
 * @param {import("../lib/url.js").State} query
 * @param {(message: any) => void} heard
 * @returns {{ want: (query: import("../lib/url.js").State) => void, close: () => void }}
 */
export function tail(query, heard) {
  const say = shared(heard) ?? own(heard);
  let wanted = query;
  const want = () => say({ type: "want", base: apiBase(document.baseURI), query: wanted, isVisible: !document.hidden });
  const bye = () => say({ type: "bye" });
  const timer = setInterval(() => say({ type: "alive" }), ALIVE_MS);
  document.addEventListener("visibilitychange", want);
  addEventListener("pagehide", bye);
  addEventListener("pageshow", want);
  want();
  return {
    want: (next) => {
      wanted = next;
      want();
    },
    close: () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", want);
      removeEventListener("pagehide", bye);
      removeEventListener("pageshow", want);
      bye();
    },
  };
}

/** @param {(message: any) => void} heard @returns {((message: any) => void) | null} */
function shared(heard) {
  if (typeof SharedWorker === "undefined") return null;
  try {
    const { port } = new SharedWorker(scriptUrl());
    port.onmessage = ({ data }) => heard(data);
    return (message) => port.postMessage(message);
  } catch {
    return null;
  }
}

/** Where nothing is shared a tab has a stream of its own. @param {(message: any) => void} heard */
function own(heard) {
  const hub = new Hub(openStream);
  return (/** @type {any} */ message) => hub.hear(hub, heard, message, Date.now());
}
