// Runs steps so that all ticks and microtasks of one are done before the next begins. In place: from a macrotask,
// `process._tickCallback()` drains both queues and returns (DEP0134: deprecated in the documentation only). By turns: Node
// drains them between the immediates of one batch, as documented since Node 11; a batch costs one turn of the event loop.

/** How a world is driven: `in-place`, `by-turns`, or whichever works best here. Both give the same trace. */
export type Driver = 'auto' | 'in-place' | 'by-turns';

/** All of them. */
export const drivers: readonly Driver[] = ['auto', 'in-place', 'by-turns'];

/** What is driven. */
export interface Driven {
  /** Runs one step; `false` when there is nothing more to run. */
  step(): boolean;
  /** After the step is drained; `false` ends the run. */
  drained(): boolean;
  /** Whether what runs now belongs to the run; between the turns of the event loop other code runs. */
  active(active: boolean): void;
  /** Asked now and then, where it is there; while what it gives is awaited other code runs. It must not reject. */
  readonly makeWay: (() => Promise<void> | undefined) | undefined;
}

type TickCallback = () => void;

const setImmediateOfNode = setImmediate;
const queueMicrotaskOfNode = queueMicrotask;
/** Steps in one batch: enough that the turn of the event loop costs nothing. */
const batchSteps = 128;
/** It is asked to make way after so many steps. */
const makeWaySteps = 4096;

/** Drives until a step says that it was the last; `begin` is called right before, with whether it
 * is driven in place. Resolves in a later turn of the event loop than that of the call. */
export function drive(driver: Driver, driven: Driven, begin: (inPlace: boolean) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    setImmediateOfNode(() => {
      const tickCallback = driver === 'by-turns' ? undefined : drainInPlace();
      if (tickCallback === undefined && driver === 'in-place') {
        reject(new RangeError('this Node cannot drain its queues in place; use the driver `by-turns`'));
        return;
      }
      try {
        begin(tickCallback !== undefined);
        if (tickCallback === undefined) runByTurns(driven, resolve, reject);
        else runInPlace(driven, tickCallback, resolve, reject);
      } catch (error) {
        reject(error);
      }
    });
  });
}

function runInPlace(
  driven: Driven,
  tickCallback: TickCallback,
  resolve: () => void,
  reject: (error: unknown) => void,
): void {
  try {
    const paused = runUntilWayIsMade(driven, tickCallback);
    // From a macrotask again: nothing is drained in place by a microtask.
    const goOn = (): void => runInPlace(driven, tickCallback, resolve, reject);
    if (paused === undefined) resolve();
    else void paused.then(() => setImmediateOfNode(goOn));
  } catch (error) {
    reject(error);
  }
}

/** What is to be awaited before it goes on; `undefined` at the end. */
function runUntilWayIsMade(driven: Driven, tickCallback: TickCallback): Promise<void> | undefined {
  const { makeWay } = driven;
  let steps = 0;
  driven.active(true);
  try {
    while (driven.step()) {
      for (;;) {
        try {
          tickCallback();
          break;
        } catch (error) {
          // A tick that the patch does not know threw, one of who keeps Node's `nextTick`: its asynchronous context is left on Node's
          // stack. An uncaught exception empties that, and is heard as any other.
          queueMicrotaskOfNode(() => {
            throw error;
          });
        }
      }
      if (!driven.drained()) break;
      if (makeWay === undefined || ++steps < makeWaySteps) continue;
      steps = 0;
      driven.active(false);
      const paused = makeWay();
      if (paused !== undefined) return paused;
      driven.active(true);
    }
    return undefined;
  } finally {
    driven.active(false);
  }
}

function runByTurns(driven: Driven, resolve: () => void, reject: (error: unknown) => void): void {
  let over = false;
  let stepped = false;
  const end = (): void => {
    over = true;
    driven.active(false);
    resolve();
  };
  const guarded = (body: () => void) => (): void => {
    if (over) return;
    try {
      body();
    } catch (error) {
      over = true;
      driven.active(false);
      reject(error);
    }
  };
  const step = guarded(() => {
    driven.active(true);
    if (stepped && !driven.drained()) return end();
    stepped = driven.step();
    if (!stepped) end();
  });
  const turn = guarded(() => {
    if (stepped && !driven.drained()) return end();
    stepped = false;
    driven.active(false);
    const paused = driven.makeWay?.();
    if (paused === undefined) plan();
    else void paused.then(plan);
  });
  const plan = (): void => {
    for (let planned = 0; planned < batchSteps; planned++) setImmediateOfNode(step);
    setImmediateOfNode(turn);
  };
  plan();
}

/** The function that drains in place, if it is there and a chain of ticks and promises shows that it does; from a macrotask. */
function drainInPlace(): TickCallback | undefined {
  const tickCallback = (process as unknown as { _tickCallback?: TickCallback })._tickCallback;
  if (typeof tickCallback !== 'function') return undefined;
  let reached = 0;
  const next = (): void => {
    if (++reached < 6) process.nextTick(() => void Promise.resolve().then(next));
  };
  next();
  try {
    tickCallback.call(process);
  } catch {
    return undefined;
  }
  return reached === 6 ? tickCallback.bind(process) : undefined;
}
