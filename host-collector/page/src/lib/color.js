// Colours of services, which keep their contrast in light and in dark.

/** Hues, so that neighbours differ and none is that of a failure. */
const HUES = [250, 150, 300, 75, 195, 345, 115, 275, 55, 170, 320, 225];

/** @typedef {{ strong: string, soft: string }} Shade the first has a contrast of 3 at least */

/** @param {number} index @param {boolean} isDark @returns {Shade} */
export function shade(index, isDark) {
  const hue = HUES[index % HUES.length] ?? 0;
  return isDark
    ? { strong: `oklch(0.74 0.12 ${hue})`, soft: `oklch(0.42 0.07 ${hue})` }
    : { strong: `oklch(0.56 0.12 ${hue})`, soft: `oklch(0.86 0.055 ${hue})` };
}

/** Gives each service its place, in the order in which they come. @param {string[]} services @returns {Map<string, number>} */
export function places(services) {
  const found = new Map();
  for (const service of services) if (!found.has(service)) found.set(service, found.size);
  return found;
}
