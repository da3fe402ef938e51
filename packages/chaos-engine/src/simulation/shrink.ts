// Makes a failing world small: delta debugging (Zeller, Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", 2002) over the
// faults, then over the names of draws, then over the single draws; whatever is left out turns out plainly. Each try is one world.

import type { DecisionMask, StreamMask, TakenDecisions } from './decisions.js';
import type { Simulator, WorldRun, WorldRunOptions } from './simulate.js';
import type { Trace } from './trace.js';
import type { Scenario, SimFailure } from './world.js';

/** A failing world and its trace. @internal */
export interface FailingWorld {
  readonly trace: Trace;
  readonly run: WorldRun<unknown>;
  readonly failure: SimFailure;
}

/** How a world failed, the bounds that it met included; `undefined` when it did not. @internal */
export function failureOf(run: WorldRun<unknown>): SimFailure | undefined {
  if (run.thrown?.code === 'WorldExhausted') {
    const { message, details } = run.thrown;
    return { kind: 'exhausted', name: String(details.bound), message, error: run.thrown };
  }
  return run.failure;
}

/** Whether two failures are the same bug as far as one can tell: kind, name, and message but for its numbers. */
function isSameFailure(a: SimFailure, b: SimFailure | undefined): boolean {
  if (b === undefined || a.kind !== b.kind) return false;
  if (a.kind === 'check') return true;
  if (a.kind === 'invariant' || a.kind === 'exhausted') return a.name === b.name;
  const withoutNumbers = ({ message }: SimFailure): string => message.replace(/\d+/g, '#');
  return withoutNumbers(a) === withoutNumbers(b);
}

/**
 * The smallest world found that fails in the same way, within `maxWorlds` tries; with enough of them no single fault, and no single draw,
 * can be left out of it.
 *
 * @internal
 */
export async function shrink(
  simulator: Simulator,
  failing: FailingWorld,
  scenario: Scenario,
  options: WorldRunOptions,
  maxWorlds: number,
  pause: () => Promise<void> | undefined,
): Promise<FailingWorld & { worlds: number }> {
  let best = failing;
  let worlds = 0;
  const fails = async (trace: Trace): Promise<boolean> => {
    if (worlds >= maxWorlds) return false;
    await pause();
    worlds++;
    const run = await simulator.run(trace, scenario, options);
    const failure = failureOf(run);
    if (!isSameFailure(failing.failure, failure)) return false;
    best = { trace, run, failure: failure! };
    return true;
  };
  // A fault that must fall into a short moment needs many draws to meet it. Where all is plain that moment is elsewhere.
  const move = async (): Promise<void> => {
    for (const id of best.run.faultIds) {
      const plain: Trace = { ...best.trace, faults: best.run.faultIds, mask: { others: 'none', streams: {} } };
      const moments: number[] = [];
      worlds++;
      await simulator.run({ ...plain, faults: plain.faults!.filter((other) => other !== id) }, scenario, {
        ...options,
        observer: (atMs) => {
          if (moments.at(-1) !== atMs && moments.length < maxMoments) moments.push(atMs);
        },
      });
      for (const atMs of spread(moments, maxMoves)) {
        if (await fails({ ...plain, moved: { ...plain.moved, [id]: atMs } })) return;
      }
    }
  };
  for (let round = 0; round < 4; round++) {
    const before = worlds;
    const sizeBefore = sizeOf(best);
    await minimize(best.run.faultIds, (faults) => fails({ ...best.trace, faults }));
    await minimize(
      best.run.taken.map(({ stream }) => stream),
      (streams) => fails({ ...best.trace, mask: keeping(best.trace.mask, streams) }),
    );
    if (round === 0 && sizeOf(best) > best.run.faultIds.length + fewDraws) await move();
    await minimize(singleDraws(best), (draws) => fails({ ...best.trace, mask: only(best, draws) }));
    if (sizeOf(best) === sizeBefore || worlds === before || worlds >= maxWorlds) break;
  }
  return { ...best, worlds };
}

/** So few draws beside the faults are good to read. */
const fewDraws = 4;
const maxMoments = 65_536;
const maxMoves = 96;

/** Up to `count` moments just after an event of `moments`, from all over it (golden ratio sequence). */
function spread(moments: readonly number[], count: number): number[] {
  const places = new Set<number>();
  for (let index = 0; index < 4 * count && places.size < Math.min(count, moments.length); index++) {
    places.add(Math.floor(((index * 0.618_033_988_749_895) % 1) * moments.length));
  }
  return [...places].map((place) => {
    const next = moments[place + 1] ?? moments[place]! + 1;
    return (moments[place]! + next) / 2;
  });
}

function sizeOf({ run }: FailingWorld): number {
  return run.faultIds.length + run.taken.reduce((sum, { count }) => sum + count, 0);
}

/** Leaves out as many items as it can while `fails` holds; what is left is 1-minimal. O(n log n) tries as a rule, O(n²) at worst. */
async function minimize<T>(items: readonly T[], fails: (kept: readonly T[]) => Promise<boolean>): Promise<void> {
  if (items.length === 0) return;
  if (await fails([])) return;
  let kept = items;
  for (let parts = 2; kept.length >= 2; ) {
    const size = Math.ceil(kept.length / parts);
    const chunks = Array.from({ length: Math.ceil(kept.length / size) }, (_, index) =>
      kept.slice(index * size, (index + 1) * size),
    );
    const smaller =
      (await firstFailing(chunks, fails)) ??
      (await firstFailing(
        chunks.map((chunk) => without(kept, chunk)),
        fails,
      ));
    if (smaller !== undefined) {
      parts = Math.max(2, smaller.length < size ? 2 : parts - 1);
      kept = smaller;
    } else if (size === 1) break;
    else parts = Math.min(kept.length, parts * 2);
  }
}

async function firstFailing<T>(
  candidates: readonly (readonly T[])[],
  fails: (kept: readonly T[]) => Promise<boolean>,
): Promise<readonly T[] | undefined> {
  for (const candidate of candidates) if (candidate.length > 0 && (await fails(candidate))) return candidate;
  return undefined;
}

function without<T>(all: readonly T[], left: readonly T[]): readonly T[] {
  const out = new Set(left);
  return all.filter((item) => !out.has(item));
}

/** The mask in which only these streams count, as far as they counted before. */
function keeping(mask: DecisionMask, streams: readonly string[]): DecisionMask {
  const kept = streams.map((name): [string, StreamMask] => [name, mask.streams[name] ?? mask.others]);
  return { others: 'none', streams: Object.fromEntries(kept) };
}

type Draw = readonly [stream: string, number: number];

/** Streams with more draws than are told apart stay as they are. */
function isToldApart({ taken, count }: TakenDecisions): boolean {
  return count === taken.length;
}

function singleDraws({ run }: FailingWorld): Draw[] {
  return run.taken.filter(isToldApart).flatMap(({ stream, taken }) => taken.map((number): Draw => [stream, number]));
}

/** The mask in which only these draws count, and the streams whose draws are not told apart as before. */
function only({ run, trace }: FailingWorld, draws: readonly Draw[]): DecisionMask {
  const streams: Record<string, StreamMask> = {};
  for (const taken of run.taken) {
    if (!isToldApart(taken)) streams[taken.stream] = trace.mask.streams[taken.stream] ?? trace.mask.others;
  }
  for (const [stream, number] of draws)
    streams[stream] = [...((streams[stream] as number[] | undefined) ?? []), number];
  return { others: 'none', streams };
}
