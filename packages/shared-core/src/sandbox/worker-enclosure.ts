// A guest in a worker thread: loops and heap growth are stopped, and that is all. No security border: the thread can open
// files, sockets and buffers as the host can.
import { Worker } from 'node:worker_threads';
import { type Enclosure, type EnclosureEvents, LastWords } from './enclosure.js';
import type { IsolateSettings } from './isolate-options.js';

/** Starts a worker thread for the settings' module. */
export function startWorker(settings: IsolateSettings, events: EnclosureEvents): Enclosure {
  const worker = new Worker(new URL('./guest/worker-entry.js', import.meta.url), {
    env: {},
    execArgv: ['--no-warnings'],
    resourceLimits: { maxOldGenerationSizeMb: settings.heapBytes / 2 ** 20, maxYoungGenerationSizeMb: 8 },
    stdout: true,
    stderr: true,
  });
  const lastWords = new LastWords();
  worker.on('message', (payload: unknown) => {
    if (!(payload instanceof Uint8Array)) return events.messageRefused(0);
    if (payload.length > settings.maxMessageBytes) return events.messageRefused(payload.length);
    events.message(payload);
  });
  for (const name of ['stdout', 'stderr'] as const) {
    worker[name].on('data', (chunk: Buffer) => events.console(name, chunk));
  }
  worker.on('error', (error) => lastWords.add(Buffer.from(`${error.name}: ${error.message}`)));
  worker.on('exit', (code) => events.ended({ how: `exit code ${code}`, lastWords: lastWords.toString() }));
  return {
    promises: { 'no-network': false, 'no-signals': false, 'memory-bound': false },
    moduleUrl: settings.module.href,
    send: async (payload) => worker.postMessage(payload),
    kill: async () => void (await worker.terminate()),
  };
}
