// A worker of a parallel exploration: runs blocks of seeds of one scenario and tells how many events each world had, and which ended the block.

import { parentPort, workerData } from 'node:worker_threads';
import { type ExploreOptions, exploredSettings } from './explore.js';
import { loadScenario, type ScenarioModule } from './scenario-module.js';
import { failureOf } from './shrink.js';
import { Simulator, seedText, wholeWorld } from './simulate.js';

/** What a worker is started with. @internal */
export interface WorkerTask {
  readonly module: ScenarioModule;
  /** Those that are data. */
  readonly options: ExploreOptions;
}

/** Seeds from `first` on. @internal */
export interface SeedBlock {
  readonly first: number;
  readonly count: number;
}

/** What came of a block, to the first world that failed or threw. @internal */
export interface BlockResult {
  readonly first: number;
  readonly worlds: number;
  /** Of all of these worlds. */
  readonly events: number;
  /** The last of them is one that failed or threw. */
  readonly ended: boolean;
}

const port = parentPort!;
const { module, options } = workerData as WorkerTask;

async function work(): Promise<void> {
  const { scenario, check } = await loadScenario(module);
  const { settings, run } = exploredSettings({ ...options, ...(check && { check }) });
  const simulator = await Simulator.open();
  const runBlock = async ({ first, count }: SeedBlock): Promise<BlockResult> => {
    let events = 0;
    for (let index = 0; index < count; index++) {
      const trace = { ...wholeWorld, scenario: scenario.name, seed: seedText(first + index), settings };
      const world = await simulator.run(trace, scenario, run);
      events += world.events;
      const ended = failureOf(world) !== undefined || world.thrown !== undefined;
      if (ended) return { first, worlds: index + 1, events, ended };
    }
    return { first, worlds: count, events, ended: false };
  };
  // Blocks come one at a time.
  port.on('message', (block: SeedBlock) => {
    runBlock(block).then(
      (result) => port.postMessage(result),
      (error: unknown) =>
        queueMicrotask(() => {
          throw error;
        }),
    );
  });
  port.postMessage('ready');
}

void work();
