// A burner: takes processor time or memory until it is told to end, its time is over, or the engine's end of the pipe closes.
// It does nothing before it hears `go`, so that whoever started it can first write down that it is there.
// Arguments: FOLDER `cpu` CORES PERCENT TTL_MS, or FOLDER `memory` BYTES TTL_MS. Node's built-in modules only.

import { writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { isMainThread, Worker, workerData } from 'node:worker_threads';

/** One duty cycle, in milliseconds. */
const cycleMs = 100;
const chunkBytes = 16 << 20;

function burn(percent: number): never {
  const nobodyWakes = new Int32Array(new SharedArrayBuffer(4));
  const busyMs = (cycleMs * percent) / 100;
  for (;;) {
    const end = performance.now() + busyMs;
    while (performance.now() < end);
    if (busyMs < cycleMs) Atomics.wait(nobodyWakes, 0, 0, cycleMs - busyMs);
  }
}

const kept: Buffer[] = [];

async function start(kind: string, amounts: readonly number[]): Promise<void> {
  if (kind === 'cpu') {
    const [cores = 1, percent = 100] = amounts;
    const workers = Array.from(
      { length: cores },
      () => new Worker(fileURLToPath(import.meta.url), { workerData: percent }),
    );
    await Promise.all(workers.map((worker) => new Promise((resolve) => worker.once('online', resolve))));
    return;
  }
  const [bytes = 0] = amounts;
  for (let left = bytes; left > 0; left -= chunkBytes) {
    kept.push(Buffer.alloc(Math.min(left, chunkBytes), 1)); // Written to, so that it is resident.
    await new Promise((resolve) => setImmediate(resolve)); // The pipe may close meanwhile.
  }
}

if (isMainThread) {
  const [, kind = '', ...words] = process.argv.slice(2);
  const amounts = words.map(Number);
  const lines = createInterface({ input: process.stdin });
  lines.on('close', () => process.exit(0));
  lines.once('line', () => {
    setTimeout(() => process.exit(0), amounts.at(-1));
    void start(kind, amounts).then(() => process.stdout.write('burning\n'));
  });
  try {
    // When the kernel runs out of memory this is the first that it ends.
    writeFileSync('/proc/self/oom_score_adj', '1000');
  } catch {
    // Not Linux, or not allowed: then the kernel chooses.
  }
  process.stdout.write('idle\n');
} else {
  burn(workerData);
}
