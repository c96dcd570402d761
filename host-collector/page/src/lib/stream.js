// The stream of what comes, opened again whenever it breaks.

const OPEN_AGAIN_MS = 2000;

/**
 * @param {string} base
 * @param {string} query
 * @param {import("./hub.js").Hub} hub
 * @returns {import("./hub.js").Stream}
 */
export function openStream(base, query, hub) {
  let timer = 0;
  /** @type {EventSource | null} */
  let source = null;
  const open = () => {
    source = new EventSource(`${base}/live${query === "?" ? "" : query}`);
    source.onopen = () => hub.became("open");
    source.onerror = () => {
      hub.became("lost");
      // A browser tries again by itself, but not behind an answer that is an error.
      if (source?.readyState === EventSource.CLOSED) timer = Number(setTimeout(open, OPEN_AGAIN_MS));
    };
    source.addEventListener("spans", (event) => hub.spans(JSON.parse(event.data)));
    source.addEventListener("skipped", (event) => hub.skipped(Number(JSON.parse(event.data).spans)));
  };
  open();
  return {
    close: () => {
      clearTimeout(timer);
      source?.close();
    },
  };
}
