// When traces began, beside how long they took: what is slow stands out.

import { h } from "../lib/dom.js";
import { clock, duration, ns, shown } from "../lib/format.js";
import { go } from "../ui/route.js";
import { color } from "../ui/theme.js";

const SCATTER_HEIGHT = 84;
const SCATTER_EDGE = 12;

/**
 * For the eye only: the list below says the same.
 * @param {any[]} traces
 * @returns {HTMLCanvasElement}
 */
export function scatter(traces) {
  const canvas = h("canvas", { class: "scatter", "aria-hidden": "true", height: SCATTER_HEIGHT });
  const starts = traces.map((trace) => ns(trace.start_ns));
  const first = starts.reduce((least, start) => (start < least ? start : least));
  const ages = starts.map((start) => Number(start - first));
  const widest = Math.max(...ages, 1);
  const lasts = traces.map((trace) => Math.max(Number(trace.duration_ns), 1));
  const [least, most] = [Math.log10(Math.min(...lasts)), Math.log10(Math.max(...lasts))];
  /** @type {{ x: number, y: number }[]} */
  let points = [];
  const paint = () => {
    const width = canvas.clientWidth;
    const ratio = devicePixelRatio || 1;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(SCATTER_HEIGHT * ratio);
    const context = canvas.getContext("2d");
    if (!context || width === 0) return;
    context.scale(ratio, ratio);
    const [ink, failed, text] = [color("accent"), color("failed"), color("dim")];
    points = traces.map((_, index) => ({
      x: SCATTER_EDGE + ((ages[index] ?? 0) / widest) * (width - 2 * SCATTER_EDGE),
      y: SCATTER_HEIGHT - SCATTER_EDGE - (most > least ? (Math.log10(lasts[index] ?? 1) - least) / (most - least) : 0.5) * (SCATTER_HEIGHT - 3 * SCATTER_EDGE) - 4,
    }));
    points.forEach(({ x, y }, index) => {
      context.fillStyle = traces[index].errors > 0 ? failed : ink;
      context.globalAlpha = 0.75;
      context.beginPath();
      context.arc(x, y, 3.5, 0, Math.PI * 2);
      context.fill();
    });
    context.globalAlpha = 1;
    context.fillStyle = text;
    context.font = "11px system-ui, sans-serif";
    context.fillText(duration(10 ** most), SCATTER_EDGE, 10);
    context.fillText(clock(first), SCATTER_EDGE, SCATTER_HEIGHT - 1);
    const last = clock(first + BigInt(Math.round(widest)));
    context.fillText(last, width - SCATTER_EDGE - context.measureText(last).width, SCATTER_HEIGHT - 1);
  };
  const nearest = (/** @type {MouseEvent} */ event) => {
    const distances = points.map(({ x, y }) => Math.hypot(x - event.offsetX, y - event.offsetY));
    const closest = distances.indexOf(Math.min(...distances));
    return (distances[closest] ?? 99) < 12 ? traces[closest] : undefined;
  };
  canvas.addEventListener("paint", paint);
  canvas.addEventListener("mousemove", (event) => {
    const trace = nearest(event);
    canvas.title = trace ? `${shown(trace.service, 80)} ${shown(trace.name, 120)}: ${duration(Number(trace.duration_ns))}` : "";
    canvas.classList.toggle("is-link", Boolean(trace));
  });
  canvas.addEventListener("click", (event) => {
    const trace = nearest(event);
    if (trace) go({ view: "trace", trace: trace.id });
  });
  new ResizeObserver(paint).observe(canvas);
  return canvas;
}
