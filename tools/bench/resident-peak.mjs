// The peak of resident memory over a stretch of time, sampled every 5 ms by a thread of its own, so that synchronous work is
// seen too. A sample costs about 10 microseconds, that is 0.2 % of one core, the same for both sides.
import { isMainThread, Worker, workerData } from 'node:worker_threads';

const SAMPLE_MS = 5;
const [PEAK, STOP] = [0, 1];

/** Samples this process's resident memory until disposed. */
export class ResidentPeak {
  /** @type {Int32Array} kibibytes, and the stop flag */
  #cells = new Int32Array(new SharedArrayBuffer(8));
  #worker = new Worker(new URL(import.meta.url), { workerData: this.#cells });

  /** Forgets what was seen. */
  reset() {
    Atomics.store(this.#cells, PEAK, residentKib());
  }

  /** Mebibytes at most since the last reset. */
  peakMb() {
    return Math.max(Atomics.load(this.#cells, PEAK), residentKib()) / 1024;
  }

  async close() {
    Atomics.store(this.#cells, STOP, 1);
    Atomics.notify(this.#cells, STOP);
    await this.#worker.terminate();
  }
}

function residentKib() {
  return Math.round(process.memoryUsage.rss() / 1024);
}

/** @param {Int32Array} cells */
function sampleUntilStopped(cells) {
  while (Atomics.wait(cells, STOP, 0, SAMPLE_MS) === 'timed-out') {
    const seen = residentKib();
    if (seen > Atomics.load(cells, PEAK)) Atomics.store(cells, PEAK, seen);
  }
}

if (!isMainThread && workerData instanceof Int32Array) sampleUntilStopped(workerData);
