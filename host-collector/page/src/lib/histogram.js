// Histograms as the API gives them: four buckets for each doubling.

/** @param {number} bucket @returns {number} the shortest duration in it */
export function boundOf(bucket) {
  return 2 ** (bucket / 4);
}

/**
 * All buckets from the first to the last, empty ones too, at most so many: beyond that neighbours are joined.
 * @param {[number, number][][]} series
 * @param {number} most
 * @returns {{ from: number, to: number, counts: number[] }[]}
 */
export function bins(series, most) {
  const numbers = series.flat().map(([number]) => number);
  if (numbers.length === 0) return [];
  const first = Math.min(...numbers);
  const last = Math.max(...numbers);
  const joined = Math.max(1, Math.ceil((last - first + 1) / most));
  const length = Math.ceil((last - first + 1) / joined);
  const found = Array.from({ length }, (_, index) => ({
    from: boundOf(first + index * joined), to: boundOf(first + (index + 1) * joined), counts: series.map(() => 0),
  }));
  series.forEach((buckets, which) => {
    for (const [number, count] of buckets) {
      const counts = found[Math.floor((number - first) / joined)]?.counts;
      if (counts) counts[which] = (counts[which] ?? 0) + count;
    }
  });
  return found;
}
