// What a benchmark file exports: `packages/<name>/bench/<topic>.bench.mjs` has an array of workloads as its default export.
// A workload either compares us with a peer on the same work, or measures one figure that has no peer.

/**
 * The bar that a ratio or a figure is held against; without one the number is only shown.
 *
 * @typedef {{ atMost?: number, atLeast?: number }} Target
 */

/**
 * `cpu` is our CPU time over the peer's, all threads (lower is better); `speedup` is the peer's wall time over ours (higher
 * is better); `memory` is our peak resident memory over the peer's, each in a process of its own (lower is better).
 *
 * @typedef {'cpu' | 'speedup' | 'memory'} Metric
 */

/**
 * One side of a comparison. `run` does the whole work once and gives a result that `check` can compare.
 *
 * @typedef {object} Side
 * @property {() => unknown} run may be asynchronous
 * @property {() => number} [childCpuMs] CPU time of child processes during the last run, in milliseconds
 */

/** @typedef {Side & { name: string, version: string, absent?: undefined }} PresentPeer */
/** @typedef {{ name: string, absent: string, version?: string }} AbsentPeer `absent` says why and what installs it */

/**
 * @typedef {object} Preparation
 * @property {Side} ours
 * @property {PresentPeer | AbsentPeer} peer
 * @property {(ours: unknown, peer: unknown) => string | Promise<string>} check throws when the results are not equal; says how
 *   equality was established. Called once, before anything is timed
 * @property {() => unknown} [dispose] may be asynchronous
 */

/**
 * @typedef {object} Comparison
 * @property {string} workload what is done, in a reader's words
 * @property {string} size how much of it
 * @property {Metric} metric
 * @property {Target} [target]
 * @property {(options: { quick: boolean }) => Preparation | Promise<Preparation>} prepare
 */

/** @typedef {{ value: number, checked: string }} Measurement `checked` says what the number was read from */

/**
 * @typedef {object} Figure
 * @property {string} workload
 * @property {string} size
 * @property {string} unit
 * @property {Target} [target]
 * @property {(options: { quick: boolean }) => Measurement | Promise<Measurement>} measure
 */

/** @typedef {Comparison | Figure} Workload */

const METRICS = ['cpu', 'speedup', 'memory'];

/**
 * Checks a benchmark file's default export at the border.
 *
 * @param {unknown} exported
 * @param {string} file named in the error
 * @returns {Workload[]}
 */
export function checkWorkloads(exported, file) {
  if (!Array.isArray(exported)) throw new TypeError(`${file}: the default export must be an array of workloads`);
  exported.forEach((workload, index) => {
    const problem = workloadProblem(workload ?? {});
    if (problem !== undefined)
      throw new TypeError(`${file}: workload ${index} (${workload?.workload ?? 'unnamed'}): ${problem}`);
  });
  return exported;
}

/** @param {Record<string, unknown>} workload */
function workloadProblem(workload) {
  if (typeof workload.workload !== 'string' || typeof workload.size !== 'string')
    return 'needs the texts `workload` and `size`';
  if (typeof workload.measure === 'function') {
    return typeof workload.unit === 'string' ? undefined : 'a figure needs the text `unit`';
  }
  if (typeof workload.prepare !== 'function') return 'needs `prepare` (a comparison) or `measure` (a figure)';
  return METRICS.includes(String(workload.metric)) ? undefined : `\`metric\` must be one of ${METRICS.join(', ')}`;
}

/**
 * Tells whether a number is within its bar; nothing when there is no bar.
 *
 * @param {number | undefined} value
 * @param {Target | undefined} target
 * @returns {boolean | undefined}
 */
export function holds(value, target) {
  if (value === undefined || target === undefined) return undefined;
  return value >= (target.atLeast ?? -Infinity) && value <= (target.atMost ?? Infinity);
}
