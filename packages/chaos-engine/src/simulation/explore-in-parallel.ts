// An exploration by several threads. Seeds are dealt in ascending blocks, and what counts is the lowest one that fails, with all
// below it run: so the report is that of one thread, whichever thread is the quickest.

import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { type OperationContext, TenstripError, ungoverned } from '@tenstrip/shared-core';
import type { ChaosErrorCode } from '../errors/index.js';
import { checkCounts, type ExploreOptions, type ExploreReport, explore, exploredSettings } from './explore.js';
import type { BlockResult, SeedBlock, WorkerTask } from './explore-worker-entry.js';
import { loadScenario, type ScenarioModule } from './scenario-module.js';
import { assertObject } from './simulate.js';

/** What is explored by several threads; every field has a default. */
export interface ParallelExploreOptions extends Omit<ExploreOptions, 'check'> {
  /** Threads, 1 to 256. Default as many as this machine has for this process. */
  readonly workers?: number;
}

/** Worlds that a thread is given at a time. */
const blockWorlds = 16;
const entry = new URL('./explore-worker-entry.js', import.meta.url);

/**
 * As {@link explore}, by several threads, each of which loads the scenario's module. Without a `budgetMs` the report is the same as
 * that of one thread. The failure is confirmed and shrunk by the calling thread.
 *
 * @throws TenstripError as {@link explore}; `OptionsInvalid` also when the module has no such scenario
 */
export async function exploreInParallel(
  options: ParallelExploreOptions,
  module: ScenarioModule,
): Promise<ExploreReport> {
  assertObject('options', options, 'an object');
  assertObject('module', module, 'what names the module of a scenario');
  const { workers = availableParallelism(), context, signal, onProgress, budgetMs, ...data } = options;
  const { firstSeed = 0, worlds = 1000 } = data;
  checkCounts({ firstSeed, worlds, 'firstSeed + worlds': firstSeed + worlds, workers, 'workers - 1': workers - 1 });
  if (budgetMs !== undefined && budgetMs !== Number.POSITIVE_INFINITY) checkCounts({ budgetMs: Math.ceil(budgetMs) });
  checkCounts({ '256 - workers': 256 - workers });
  const { scenario, check } = await loadScenario(module);
  exploredSettings(data);
  const op = context ?? ungoverned.context({ name: 'explore' });
  const endMs = budgetMs === undefined ? Number.POSITIVE_INFINITY : op.clock.monotonicMs() + budgetMs;

  /** What came out of order. */
  const early = new Map<number, BlockResult>();
  let next = firstSeed;
  /** No world from here on counts. */
  let end = firstSeed + worlds;
  /** The worlds that count so far are those of all seeds from the first on, and none of them failed but the last. */
  const report = { worlds: 0, events: 0 };
  let failed: number | undefined;
  const deal = (): SeedBlock | undefined => {
    if (next >= end || op.clock.monotonicMs() >= endMs) return undefined;
    const block = { first: next, count: Math.min(blockWorlds, firstSeed + worlds - next) };
    next += block.count;
    return block;
  };
  const take = (result: BlockResult): void => {
    early.set(result.first, result);
    if (result.ended) end = Math.min(end, result.first + result.worlds);
    for (let one = early.get(firstSeed + report.worlds); one !== undefined && failed === undefined; ) {
      early.delete(one.first);
      report.worlds += one.worlds;
      report.events += one.events;
      if (one.ended) failed = one.first + one.worlds - 1;
      one = early.get(firstSeed + report.worlds);
    }
    onProgress?.({ phase: 'exploring', ...report });
  };
  const task: WorkerTask = { module, options: data };
  const broken = new AbortController();
  const stop = AbortSignal.any([op.signal, broken.signal, ...(signal === undefined ? [] : [signal])]);
  const threads = Array.from({ length: Math.min(workers, Math.ceil(worlds / blockWorlds)) }, async () => {
    try {
      await runThread(task, deal, take, op, stop);
    } catch (error) {
      broken.abort(error);
    }
  });
  await Promise.all(threads);
  if (broken.signal.aborted) throw broken.signal.reason;
  if (failed === undefined) return report;
  const checking = { ...(check && { check }), ...(signal && { signal }) };
  const { failure } = await explore({ ...data, ...checking, context: op, firstSeed: failed, worlds: 1 }, scenario);
  if (failure === undefined) throw differs(failed);
  return { ...report, failure };
}

/** One thread, block after block, until there is none; ended in any case. */
async function runThread(
  workerData: WorkerTask,
  deal: () => SeedBlock | undefined,
  take: (result: BlockResult) => void,
  op: OperationContext,
  stop: AbortSignal,
): Promise<void> {
  stop.throwIfAborted();
  const worker = new Worker(entry, { workerData });
  const answers = new Answers<BlockResult | 'ready'>(worker, stop);
  try {
    await answers.next();
    for (let block = deal(); block !== undefined; block = deal()) {
      worker.postMessage(block);
      take((await answers.next()) as BlockResult);
      await op.checkpoint();
    }
  } finally {
    answers.close();
    await worker.terminate();
  }
}

/** What a thread says, one thing at a time. */
class Answers<T> {
  readonly #worker: Worker;
  readonly #stop: AbortSignal;
  #resolve: (answer: T) => void = () => {};
  #reject: (error: unknown) => void = () => {};
  #next: Promise<T>;
  readonly #aborted = (): void => this.#reject(this.#stop.reason);

  constructor(worker: Worker, stop: AbortSignal) {
    this.#worker = worker;
    this.#stop = stop;
    this.#next = this.#expect();
    worker.on('message', (answer: T) => this.#resolve(answer));
    worker.on('error', (error) => this.#reject(error));
    stop.addEventListener('abort', this.#aborted);
  }

  async next(): Promise<T> {
    const answer = await this.#next;
    this.#next = this.#expect();
    return answer;
  }

  close(): void {
    this.#stop.removeEventListener('abort', this.#aborted);
    this.#worker.removeAllListeners('message');
  }

  #expect(): Promise<T> {
    const next = new Promise<T>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    next.catch(() => {}); // whoever waits for it hears of it
    return next;
  }
}

function differs(seed: number): TenstripError<ChaosErrorCode> {
  return new TenstripError<ChaosErrorCode>(
    'Nondeterminism',
    `the seed ${seed} failed in one thread and not in another; verifyDeterminism tells where`,
    { details: { api: 'unknown', seed: String(seed) } },
  );
}
