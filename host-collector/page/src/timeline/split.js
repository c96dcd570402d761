// Where rows end and bars begin.

import { h } from "../lib/dom.js";

const LEAST_NAMES = 15;
const MOST_NAMES = 80;
const KEY_STEP = 2;

/** Moves the border between names and bars, in hundredths of the width that rows have. */
export function splitter() {
  const split = h("div", { class: "split", role: "separator", tabindex: "0", "aria-orientation": "vertical", "aria-label": "Width of the names", "aria-valuemin": LEAST_NAMES, "aria-valuemax": MOST_NAMES, "aria-valuenow": 38 });
  const say = (/** @type {number} */ share) => split.setAttribute("aria-valuenow", String(share));
  const set = (/** @type {number} */ share) => {
    const value = Math.round(Math.max(LEAST_NAMES, Math.min(MOST_NAMES, share)));
    say(value);
    /** @type {HTMLElement | null} */ (split.closest(".timeline"))?.style.setProperty("--names", `${value}%`);
  };
  split.addEventListener("keydown", (event) => {
    const now = Number(split.getAttribute("aria-valuenow"));
    const next = { ArrowLeft: now - KEY_STEP, ArrowRight: now + KEY_STEP, Home: LEAST_NAMES, End: MOST_NAMES }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    set(next);
  });
  split.addEventListener("pointerdown", (event) => {
    split.setPointerCapture(event.pointerId);
    split.onpointermove = (now) => {
      const guide = split.parentElement;
      if (guide) set(((now.clientX - guide.getBoundingClientRect().left) / Math.max(guide.clientWidth, 1)) * 100);
    };
    split.onpointerup = split.onpointercancel = () => (split.onpointermove = null);
  });
  // What it is until somebody moves it hangs on the width of the screen.
  new ResizeObserver(() => say(parseInt(getComputedStyle(split).getPropertyValue("--names"), 10) || 38)).observe(split);
  return split;
}
