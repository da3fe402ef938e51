// The process of one benchmark file (`node --expose-gc file-process.mjs <options as JSON>`): measures its workloads one after
// the other and sends each row to the parent. With `side` it runs one side of one workload once and sends its peak memory.
import { fork } from 'node:child_process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { measureComparison, measureFigure } from './measure.mjs';
import { ResidentPeak } from './resident-peak.mjs';
import { checkWorkloads } from './workload.mjs';

/** @typedef {import('./workload.mjs').Workload} Workload */
/** @typedef {{ file: string, quick: boolean, only: string | undefined, apart?: { index: number, side: 'ours' | 'peer' } }} FileOptions */
/** @typedef {{ begin: string } | { row: import('./measure.mjs').Row } | { peakRssMb: number }} Message */

const PROCESSES_PER_SIDE = { quick: 1, full: 3 };

/**
 * Starts this file as a process and hands on what it sends.
 *
 * @param {FileOptions} options
 * @param {(message: Message) => void} receive
 * @returns {Promise<void>} rejects when the process ends otherwise than with code 0
 */
export function runFileProcess(options, receive) {
  return new Promise((resolve, reject) => {
    const self = fileURLToPath(import.meta.url);
    const child = fork(self, [JSON.stringify(options)], {
      execArgv: ['--expose-gc'],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    child.on('message', (message) => receive(/** @type {Message} */ (message)));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`${options.file}: its process ended with ${signal ?? `code ${code}`}`));
    });
  });
}

/** @param {Message} message */
function send(message) {
  return new Promise((resolve) => process.send?.(message, resolve));
}

/** @param {FileOptions} options */
async function measureFile(options) {
  const { default: exported } = await import(pathToFileURL(options.file).href);
  const workloads = checkWorkloads(exported, options.file);
  if (options.apart !== undefined) return await sendPeakOfOneSide(workloads, options);
  const peak = new ResidentPeak();
  const meter = processMeter(peak);
  for (const [index, workload] of workloads.entries()) {
    if (!isWanted(workload, options.only)) continue;
    await send({ begin: workload.workload });
    await send({ row: await measureWorkload(workload, index, options, meter) });
  }
  await peak.close();
}

/**
 * @param {Workload} workload
 * @param {string | undefined} only
 */
function isWanted({ workload, size }, only) {
  return only === undefined || `${workload} ${size}`.toLowerCase().includes(only.toLowerCase());
}

/**
 * @param {Workload} workload
 * @param {number} index
 * @param {FileOptions} options
 * @param {import('./measure.mjs').Meter} meter
 * @returns {Promise<import('./measure.mjs').Row>} a row with `error` when the results differ or the workload fails
 */
async function measureWorkload(workload, index, options, meter) {
  try {
    if ('measure' in workload) return await measureFigure(workload, options.quick);
    return await measureComparison(workload, options.quick, meter, (side) => peaksApart(options, index, side));
  } catch (error) {
    return {
      workload: workload.workload,
      size: workload.size,
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    };
  }
}

/**
 * @param {ResidentPeak} peak
 * @returns {import('./measure.mjs').Meter}
 */
function processMeter(peak) {
  return {
    cpuMs() {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1000;
    },
    wallMs: () => performance.now(),
    settle() {
      global.gc?.();
      peak.reset();
    },
    peakRssMb: () => peak.peakMb(),
  };
}

/**
 * @param {FileOptions} options
 * @param {number} index
 * @param {'ours' | 'peer'} side
 */
async function peaksApart(options, index, side) {
  /** @type {number[]} */
  const peaks = [];
  const times = options.quick ? PROCESSES_PER_SIDE.quick : PROCESSES_PER_SIDE.full;
  for (let time = 0; time < times; time++) {
    await runFileProcess({ ...options, apart: { index, side } }, (message) => {
      if ('peakRssMb' in message) peaks.push(message.peakRssMb);
    });
  }
  return peaks;
}

/**
 * @param {readonly Workload[]} workloads
 * @param {FileOptions} options
 */
async function sendPeakOfOneSide(workloads, { quick, apart }) {
  const workload = apart === undefined ? undefined : workloads[apart.index];
  if (apart === undefined || workload === undefined || !('prepare' in workload)) throw new Error('no such comparison');
  const prepared = await workload.prepare({ quick });
  const side = prepared[apart.side];
  if ('run' in side) await side.run();
  await send({ peakRssMb: process.resourceUsage().maxRSS / 1024 });
  await prepared.dispose?.();
}

const given = process.argv[2];
if (process.send !== undefined && process.argv[1] === fileURLToPath(import.meta.url) && given !== undefined) {
  await measureFile(JSON.parse(given));
  process.disconnect();
}
