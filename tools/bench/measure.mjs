// Measures one workload: equality of results first, then both sides in turn (ours, peer, peer, ours, …), so that a machine that
// slows down slows both. CPU time is the process's, all threads; medians are reported with their range.
import { spread } from './statistics.mjs';
import { holds } from './workload.mjs';

/** @typedef {import('./statistics.mjs').Spread} Spread */
/** @typedef {import('./workload.mjs').Side} Side */
/** @typedef {{ cpuMs: number, wallMs: number, peakRssMb: number }} Sample */
/** @typedef {{ cpuMs: Spread, wallMs: Spread, peakRssMb: Spread }} SideSpreads */

/**
 * What a run is measured with; a test gives its own.
 *
 * @typedef {object} Meter
 * @property {() => number} cpuMs of this process so far
 * @property {() => number} wallMs
 * @property {() => void} settle collects garbage and forgets the memory peak
 * @property {() => number} peakRssMb since the last `settle`
 */

/** @typedef {{ budgetMs: number, fewest: number, most: number }} Effort how long and how often one comparison runs */

/** @type {Effort} */
const FULL_EFFORT = { budgetMs: 20_000, fewest: 5, most: 21 };
/** @type {Effort} */
const QUICK_EFFORT = { budgetMs: 1_500, fewest: 3, most: 7 };

/** Part of the budget that goes into warming up, and the most warm-up pairs. */
const WARM_UP = { share: 0.15, most: 10 };

/**
 * @typedef {object} ComparisonRow
 * @property {string} workload
 * @property {string} size
 * @property {import('./workload.mjs').Metric} metric
 * @property {SideSpreads} ours
 * @property {{ name: string, version?: string, absent: string } | { name: string, version: string, absent?: undefined } & SideSpreads} peer
 * @property {number | undefined} ratio
 * @property {import('./workload.mjs').Target | undefined} target
 * @property {boolean | undefined} holds
 * @property {string} checked
 */

/**
 * @typedef {object} FigureRow
 * @property {string} workload
 * @property {string} size
 * @property {string} unit
 * @property {number} value
 * @property {import('./workload.mjs').Target | undefined} target
 * @property {boolean | undefined} holds
 * @property {string} checked
 */

/** @typedef {{ workload: string, size: string, error: string }} FailedRow */
/** @typedef {ComparisonRow | FigureRow | FailedRow} Row */

/**
 * Peak memory of each side in processes of their own, for `metric: 'memory'`.
 *
 * @typedef {(side: 'ours' | 'peer') => Promise<number[]>} MeasureMemoryApart
 */

/**
 * @param {import('./workload.mjs').Figure} figure
 * @param {boolean} quick
 * @returns {Promise<FigureRow>}
 */
export async function measureFigure({ workload, size, unit, target, measure }, quick) {
  const { value, checked } = await measure({ quick });
  if (!Number.isFinite(value)) throw new TypeError(`\`measure\` must give a finite number, not ${value}`);
  return { workload, size, unit, value, target, holds: holds(value, target), checked };
}

/**
 * @param {import('./workload.mjs').Comparison} comparison
 * @param {boolean} quick
 * @param {Meter} meter
 * @param {MeasureMemoryApart} memoryApart
 * @returns {Promise<ComparisonRow>}
 * @throws what `check` throws when the results differ; then nothing was timed
 */
export async function measureComparison(comparison, quick, meter, memoryApart) {
  const { workload, size, metric, target } = comparison;
  const prepared = await comparison.prepare({ quick });
  try {
    const { ours, peer } = prepared;
    const effort = quick ? QUICK_EFFORT : FULL_EFFORT;
    if (peer.absent !== undefined) {
      const checked = 'not compared: the peer is absent';
      const alone = await measureAlone(ours, effort, meter);
      return { workload, size, metric, ours: alone, peer, ratio: undefined, target, holds: undefined, checked };
    }
    const checked = await prepared.check(await ours.run(), await peer.run());
    const sides = await measureInTurn(ours, peer, effort, meter);
    if (metric === 'memory') {
      sides.ours.peakRssMb = spread(await memoryApart('ours'));
      sides.peer.peakRssMb = spread(await memoryApart('peer'));
    }
    const ratio = ratioOf(metric, sides.ours, sides.peer);
    const { name, version } = peer;
    const peerRow = { name, version, ...sides.peer };
    return {
      workload,
      size,
      metric,
      ours: sides.ours,
      peer: peerRow,
      ratio,
      target,
      holds: holds(ratio, target),
      checked,
    };
  } finally {
    await prepared.dispose?.();
  }
}

/**
 * @param {import('./workload.mjs').Metric} metric
 * @param {SideSpreads} ours
 * @param {SideSpreads} peer
 */
function ratioOf(metric, ours, peer) {
  if (metric === 'cpu') return ours.cpuMs.median / peer.cpuMs.median;
  if (metric === 'speedup') return peer.wallMs.median / ours.wallMs.median;
  return ours.peakRssMb.median / peer.peakRssMb.median;
}

/**
 * @param {Side} ours
 * @param {Side} peer
 * @param {Effort} effort
 * @param {Meter} meter
 */
async function measureInTurn(ours, peer, effort, meter) {
  /** @type {{ ours: Sample[], peer: Sample[] }} */
  const samples = { ours: [], peer: [] };
  const pair = async (/** @type {number} */ turn) => {
    const order = turn % 2 === 0 ? /** @type {const} */ (['ours', 'peer']) : /** @type {const} */ (['peer', 'ours']);
    for (const side of order) samples[side].push(await measureRun(side === 'ours' ? ours : peer, meter));
  };
  await repeat(pair, effort, meter, () => {
    samples.ours.length = 0;
    samples.peer.length = 0;
  });
  return { ours: spreads(samples.ours), peer: spreads(samples.peer) };
}

/**
 * @param {Side} side
 * @param {Effort} effort
 * @param {Meter} meter
 */
async function measureAlone(side, effort, meter) {
  /** @type {Sample[]} */
  const samples = [];
  await repeat(
    async () => void samples.push(await measureRun(side, meter)),
    effort,
    meter,
    () => {
      samples.length = 0;
    },
  );
  return spreads(samples);
}

/**
 * Runs a body once to see how long it takes, then to warm up, then, with the samples forgotten, as often as the budget allows.
 *
 * @param {(turn: number) => Promise<void>} body
 * @param {Effort} effort
 * @param {Meter} meter
 * @param {() => void} forget
 */
async function repeat(body, effort, meter, forget) {
  const before = meter.wallMs();
  await body(0);
  const turnMs = Math.max(meter.wallMs() - before, 0.001);
  const warmUps = Math.min(WARM_UP.most, Math.floor((effort.budgetMs * WARM_UP.share) / turnMs));
  for (let turn = 0; turn < warmUps; turn++) await body(turn);
  forget();
  const turns = Math.min(effort.most, Math.max(effort.fewest, Math.floor(effort.budgetMs / turnMs)));
  for (let turn = 0; turn < turns; turn++) await body(turn);
}

/**
 * @param {Side} side
 * @param {Meter} meter
 * @returns {Promise<Sample>}
 */
async function measureRun(side, meter) {
  meter.settle();
  const cpu = meter.cpuMs();
  const wall = meter.wallMs();
  await side.run();
  const wallMs = meter.wallMs() - wall;
  const cpuMs = meter.cpuMs() - cpu + (side.childCpuMs?.() ?? 0);
  return { cpuMs, wallMs, peakRssMb: meter.peakRssMb() };
}

/**
 * @param {readonly Sample[]} samples
 * @returns {SideSpreads}
 */
function spreads(samples) {
  return {
    cpuMs: spread(samples.map(({ cpuMs }) => cpuMs)),
    wallMs: spread(samples.map(({ wallMs }) => wallMs)),
    peakRssMb: spread(samples.map(({ peakRssMb }) => peakRssMb)),
  };
}
