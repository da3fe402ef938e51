// Random interleavings of everything that can happen to operations, against a model: who may run, who must wait, who is
// refused, in which order, and that nothing is left when the governor has closed. fast-check's scheduler decides when
// each step of a body, and each command, comes.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../src/determinism/index.js';
import { isTenstripError } from '../../../src/errors/index.js';
import { type Permit, ResourceGovernor } from '../../../src/governor/index.js';

type Command =
  | { kind: 'run'; node: number; steps: number; bytes: number; nested: boolean; fails: boolean }
  | { kind: 'acquire' | 'tryAcquire' | 'pause' | 'resume'; node: number }
  | { kind: 'release' | 'abort'; pick: number }
  | { kind: 'advance'; ms: number };

const node = fc.nat(2);
const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('run' as const),
      node,
      steps: fc.nat(3),
      bytes: fc.nat(6),
      nested: fc.boolean(),
      fails: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('acquire' as const, 'tryAcquire' as const), node }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('pause' as const, 'resume' as const), node }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('release' as const, 'abort' as const), pick: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('advance' as const), ms: fc.nat(40) }) },
);

interface Shape {
  readonly concurrency: readonly number[];
  readonly maxQueue: number;
  readonly ramBytes: number;
  readonly deadlineMs: number | undefined;
}

const shape: fc.Arbitrary<Shape> = fc.record({
  concurrency: fc.tuple(...[0, 1, 2].map(() => fc.integer({ min: 1, max: 3 }))),
  maxQueue: fc.integer({ min: 0, max: 4 }),
  ramBytes: fc.integer({ min: 6, max: 20 }),
  deadlineMs: fc.option(fc.integer({ min: 20, max: 80 }), { nil: undefined }),
});

/** How a call may end; a failed assertion inside a body would be none of these. */
const possibleOutcomes = [
  'completed',
  'on purpose',
  'QueueFull',
  'MemoryLimit',
  'OperationAborted',
  'DeadlineExceeded',
];

/** What became of one call. */
interface Call {
  readonly kind: 'run' | 'acquire';
  readonly node: number;
  readonly abort: AbortController;
  outcome: 'open' | 'completed' | string;
  mustWait: boolean;
  startedAs: number | undefined;
}

/** A governor with two children, and what a model must know of it: nodes 1 and 2 lie below node 0. */
class World {
  readonly clock = new VirtualClock();
  readonly nodes: readonly ResourceGovernor[];
  readonly calls: Call[] = [];
  readonly permits: { permit: Permit; node: number }[] = [];
  readonly settled: Promise<void>[] = [];
  readonly paused = [false, false, false];
  readonly bodies = [0, 0, 0];
  readonly #limits: { concurrency: readonly number[]; maxQueue: number };
  #starts = 0;

  constructor({ concurrency, maxQueue, ramBytes, deadlineMs }: Shape) {
    this.#limits = { concurrency, maxQueue };
    const limit = (index: number) => ({ maxConcurrency: concurrency[index]! });
    const root = new ResourceGovernor({
      ...limit(0),
      maxQueue,
      ramBytes: 2 ** 50,
      clock: this.clock,
      meter: { cpuMicros: () => 0, residentBytes: () => 0 },
      ...(deadlineMs === undefined ? {} : { deadlineMs }),
    });
    this.nodes = [root, root.child('a', { ...limit(1), ramBytes }), root.child('b', { ...limit(2), weight: 3 })];
  }

  /** Whether a call of `node` starts, waits, or finds the queue full, by the definition of the limits. */
  expected(of: number): 'start' | 'wait' | 'full' {
    const path = of === 0 ? [0] : [of, 0];
    const own = this.nodes.map((each) => each.statistics());
    const ownWaiting = of === 0 ? own[0]!.waiting - own[1]!.waiting - own[2]!.waiting : own[of]!.waiting;
    const isOpen = path.every((at) => !this.paused[at] && own[at]!.running < this.#limits.concurrency[at]!);
    if (isOpen && ownWaiting === 0) return 'start';
    return own[0]!.waiting >= this.#limits.maxQueue ? 'full' : 'wait';
  }

  /** Nobody waits who could run, and nobody runs who must not. */
  checkInvariants(): void {
    const all = this.nodes.map((each) => each.statistics());
    all.forEach(({ running, waiting }, at) => {
      const limit = this.#limits.concurrency[at]!;
      expect(running).toBeLessThanOrEqual(limit);
      expect(this.bodies[at]! + this.permits.filter((held) => at === 0 || held.node === at).length).toBeLessThanOrEqual(
        limit,
      );
      if (at === 0) {
        expect(waiting).toBeLessThanOrEqual(this.#limits.maxQueue);
        return;
      }
      const isBlocked = [at, 0].some(
        (each) => this.paused[each] || all[each]!.running >= this.#limits.concurrency[each]!,
      );
      if (waiting > 0) expect(isBlocked).toBe(true);
    });
    const waitAtRoot = all[0]!.waiting - all[1]!.waiting - all[2]!.waiting;
    if (waitAtRoot > 0) expect(this.paused[0] || all[0]!.running >= this.#limits.concurrency[0]!).toBe(true);
  }

  /** Calls by `make`, and notes what becomes of it. */
  call(kind: Call['kind'], of: number, make: (call: Call) => Promise<unknown>): Call {
    const before = this.expected(of);
    const waitingBefore = this.nodes[0]!.statistics().waiting;
    const call: Call = {
      kind,
      node: of,
      abort: new AbortController(),
      outcome: 'open',
      mustWait: false,
      startedAs: undefined,
    };
    this.calls.push(call);
    const made = make(call);
    const after = this.nodes[0]!.statistics();
    call.mustWait = after.waiting > waitingBefore;
    this.settled.push(
      made.then(
        () => {
          call.outcome = 'completed';
        },
        (error: unknown) => {
          call.outcome = isTenstripError(error) ? error.code : (error as Error).message;
          if (call.outcome === 'QueueFull') expect(before).toBe('full');
          else if (before === 'full') expect(['QueueFull', 'OperationAborted']).toContain(call.outcome);
        },
      ),
    );
    if (before === 'full') expect(after.waiting).toBe(waitingBefore);
    if (call.mustWait) expect(before).toBe('wait');
    return call;
  }

  started(call: Call): void {
    call.startedAs = this.#starts++;
    expect(call.abort.signal.aborted).toBe(false);
  }

  isPaused(of: number): boolean {
    return this.paused[0]! || this.paused[of]!;
  }
}

/** Runs one command; everything that it promises at once is checked at once. */
async function execute(world: World, given: Command, scheduler: fc.Scheduler): Promise<void> {
  switch (given.kind) {
    case 'run':
      return runBody(world, given, scheduler);
    case 'acquire':
      world.call('acquire', given.node, async (call) => {
        const permit = await world.nodes[given.node]!.acquire({ signal: call.abort.signal });
        world.started(call);
        world.permits.push({ permit, node: given.node });
      });
      return;
    case 'tryAcquire': {
      const expected = world.expected(given.node);
      const permit = world.nodes[given.node]!.tryAcquire();
      expect(permit !== undefined).toBe(expected === 'start');
      if (permit !== undefined) world.permits.push({ permit, node: given.node });
      return;
    }
    case 'pause':
      world.nodes[given.node]!.pause();
      world.paused[given.node] = true;
      return;
    case 'resume':
      world.paused[given.node] = false;
      world.nodes[given.node]!.resume();
      return;
    case 'release':
      world.permits.splice(given.pick % Math.max(1, world.permits.length), 1)[0]?.permit[Symbol.dispose]();
      return;
    case 'abort': {
      const call = world.calls[given.pick % Math.max(1, world.calls.length)];
      if (call === undefined || call.abort.signal.aborted) return;
      const isWaiting = call.mustWait && call.startedAs === undefined && call.outcome === 'open';
      call.abort.abort();
      await new Promise((resolve) => setImmediate(resolve));
      if (isWaiting) expect(call.outcome).not.toBe('open'); // rejected at once, or started in that very moment and stopped
      return;
    }
    case 'advance':
      await world.clock.advance(given.ms);
  }
}

function runBody(world: World, given: Command & { kind: 'run' }, scheduler: fc.Scheduler): void {
  const { node: of, steps, bytes, nested, fails } = given;
  world.call('run', of, (call) =>
    world.nodes[of]!.run({ name: 'run', reserveBytes: bytes, signal: call.abort.signal }, async (op) => {
      world.started(call);
      const path = of === 0 ? [0] : [of, 0];
      for (const at of path) world.bodies[at]!++;
      try {
        for (let step = 0; step < steps; step++) {
          await scheduler.schedule(Promise.resolve(), 'step');
          await op.checkpoint();
          if (world.isPaused(of)) {
            // Paused after this checkpoint was passed: the next one must hold.
            const passed = Promise.resolve(op.checkpoint()).then(() => world.isPaused(of));
            expect(await passed).toBe(false);
          }
          if (nested) await op.run('nested', (inner) => scheduler.schedule(Promise.resolve(inner.name), 'nested step'));
        }
        if (fails) throw new Error('on purpose');
      } finally {
        for (const at of path) world.bodies[at]!--;
      }
    }),
  );
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

describe('the life of operations', () => {
  it('follows its limits in every interleaving, in order within a node, and ends with close', async () => {
    await fc.assert(
      fc.asyncProperty(
        shape,
        fc.array(command, { minLength: 3, maxLength: 30 }),
        fc.scheduler(),
        async (given, commands, scheduler) => {
          const world = new World(given);
          const sequence = scheduler.scheduleSequence(
            commands.map((each) => async () => {
              await execute(world, each, scheduler);
              world.checkInvariants();
              await turns(1);
              world.checkInvariants();
            }),
          );
          await scheduler.waitIdle();
          expect((await sequence.task).faulty).toBe(false);

          // Those that waited in one node started in the order of their calls. (Who acquires notices it a few microtasks
          // later than a body that is run, so each kind is compared with its own.)
          for (const [of, kind] of [0, 1, 2].flatMap((each) => [[each, 'run'] as const, [each, 'acquire'] as const])) {
            const waited = world.calls.filter(
              (call) => call.node === of && call.kind === kind && call.mustWait && call.startedAs !== undefined,
            );
            const order = waited.map((call) => call.startedAs!);
            expect(order).toEqual([...order].sort((a, b) => a - b));
          }

          const closing = world.nodes[0]!.close().then(() => 'closed');
          world.paused.fill(false);
          for (let round = 0; round < 100 && world.nodes[0]!.state !== 'closed'; round++) {
            for (const { permit } of world.permits.splice(0)) permit[Symbol.dispose]();
            await scheduler.waitIdle();
            await turns(1);
          }
          expect(await Promise.race([closing, turns(10).then(() => 'hangs')])).toBe('closed');
          await Promise.all(world.settled);
          const { admitted, completed, failed, aborted, refused, running, waiting, reservedBytes } =
            world.nodes[0]!.statistics();
          expect({ running, waiting, reservedBytes }).toEqual({ running: 0, waiting: 0, reservedBytes: 0 });
          expect(admitted).toBeLessThanOrEqual(completed + failed + aborted);
          const outcomes = (code: string): number => world.calls.filter(({ outcome }) => outcome === code).length;
          for (const { outcome } of world.calls) expect(possibleOutcomes).toContain(outcome);
          expect(outcomes('QueueFull') + outcomes('MemoryLimit')).toBe(refused);
          expect(world.clock.pending.timers).toBe(0);
        },
      ),
      { numRuns: process.env.TENSTRIP_FULL === '1' ? 5000 : 200 },
    );
  });
});
