// Numbers of repeated runs: the median, since one slow run must not move it, and the range as its spread.

/** @typedef {{ median: number, min: number, max: number }} Spread */

/**
 * @param {readonly number[]} samples at least one
 * @returns {Spread}
 */
export function spread(samples) {
  if (samples.length === 0) throw new RangeError('no samples: a spread needs at least one');
  const sorted = [...samples].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = /** @type {number} */ (sorted[middle]);
  const lower = /** @type {number} */ (sorted[sorted.length % 2 === 0 ? middle - 1 : middle]);
  return { median: (lower + upper) / 2, min: Number(sorted[0]), max: Number(sorted.at(-1)) };
}
