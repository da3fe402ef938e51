// What a scenario can do with a world, as an observer of its processes sees it.
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type NodeEnv, simulate, type World } from '../../../src/index.js';

describe('time', () => {
  it('jumps to what is due next and nowhere else', async () => {
    const run = await simulate({ seed: 1 }, async () => {
      const began = [Date.now(), performance.now(), process.hrtime.bigint()] as const;
      await sleep(3_600_000);
      return [Date.now() - began[0], performance.now() - began[1], Number(process.hrtime.bigint() - began[2])];
    });
    expect(run.value).toEqual([3_600_000, 3_600_000, 3_600_000 * 1e6]);
    expect(run.virtualMs).toBe(3_600_000);
  });

  it('begins at the epoch that is asked for', async () => {
    const run = await simulate({ seed: 1, epochMs: 1000 }, () => [
      Date.now(),
      Date.parse(new Date().toISOString()),
      new Date(5).getTime(),
    ]);
    expect(run.value).toEqual([1000, 1000, 5]);
  });

  it('fires timers as Node does: by time, then by order; 1 ms for none; cleared ones never; intervals again', async () => {
    const run = await simulate({ seed: 1 }, async () => {
      const fired: string[] = [];
      setTimeout(() => fired.push('two'), 2);
      setTimeout(() => fired.push('one'), 1);
      setTimeout((what: string) => fired.push(what), 0, 'zero is one');
      setImmediate(() => fired.push('immediate'));
      const cleared = setTimeout(() => fired.push('cleared'), 1);
      clearTimeout(cleared);
      clearTimeout(Number(setTimeout(() => fired.push('cleared by number'), 1)));
      process.nextTick(() => fired.push('tick'));
      queueMicrotask(() => fired.push('microtask'));
      let left = 3;
      const interval = setInterval(() => {
        fired.push(`interval at ${performance.now()}`);
        if (--left === 0) clearInterval(interval);
      }, 10);
      const refreshed = setTimeout(() => fired.push(`refreshed at ${performance.now()}`), 20);
      setTimeout(() => refreshed.refresh(), 15);
      await sleep(100);
      return fired;
    });
    expect(run.value).toEqual([
      'tick',
      'microtask',
      'immediate',
      'one',
      'zero is one',
      'two',
      'interval at 10',
      'interval at 20',
      'interval at 30',
      'refreshed at 35',
    ]);
  });

  it('leaves a cleared timer cleared, whatever refreshes it, and wakes one that has fired, as Node does', async () => {
    const body = async (): Promise<string[]> => {
      const fired: string[] = [];
      const waiting = setTimeout(() => fired.push('cleared while it waited'), 5);
      clearTimeout(waiting);
      waiting.refresh();
      const again = setTimeout(() => fired.push('again'), 5);
      const over = setTimeout(() => fired.push('cleared after it had fired'), 5);
      const closed = setInterval(() => fired.push('closed'), 5);
      closed.close();
      closed.refresh();
      await sleep(50);
      clearTimeout(over);
      over.refresh();
      again.refresh();
      await sleep(50);
      return fired;
    };
    const run = await simulate({ seed: 1 }, body);
    expect(run.value).toEqual(['again', 'cleared after it had fired', 'again']);
    expect(run.value).toEqual(await body());
  });

  it('is the same for abort signals, promises of timers and iterated intervals', async () => {
    const run = await simulate({ seed: 1 }, async () => {
      const { setInterval: ticks } = await import('node:timers/promises');
      const signal = AbortSignal.timeout(50);
      await once(signal, 'abort');
      const at = [performance.now(), signal.reason.name];
      await sleep(10, undefined, { signal: AbortSignal.timeout(5) }).catch((error: Error) => at.push(error.name));
      for await (const value of ticks(7, 'tick')) {
        at.push(value, performance.now());
        if (performance.now() > 65) break;
      }
      return at;
    });
    expect(run.value).toEqual([50, 'TimeoutError', 'AbortError', 'tick', 62, 'tick', 69]);
  });

  it('is off where a clock is off, and runs fast where it runs fast', async () => {
    const run = await simulate({ seed: 1, epochMs: 0 }, async (world) => {
      const seen: number[] = [];
      await world.node(
        'fast',
        async ({ clock }) => {
          await sleep(1000);
          seen.push(Math.round(clock.monotonicMs()), Date.now(), Math.round(world.clock.monotonicMs()));
        },
        { clockSkewPpm: 250_000 },
      ).ready;
      await using _skew = await world.faults.inject(
        { node: 'fast' },
        { kind: 'clock.skew', offsetMs: -5000, driftPpm: 0 },
        { ttlMs: 1000 },
      );
      return seen;
    });
    expect(run.value).toEqual([1000, 1000, 800]);
  });
});

describe('chance', () => {
  it('is the seed alone, and a stream of its own in each node', async () => {
    const draw = (seed: number | string) =>
      simulate({ seed }, async (world) => {
        const drawn: unknown[] = [];
        for (const name of ['a', 'b']) {
          await world.node(name, () => {
            drawn.push(Math.random(), crypto.randomUUID(), [...crypto.getRandomValues(new Uint8Array(4))]);
          }).ready;
        }
        return drawn;
      });
    const first = (await draw(7)).value!;
    expect((await draw(7)).value).toEqual(first);
    expect((await draw('7')).value).not.toEqual(first);
    expect(new Set(first.map((value) => JSON.stringify(value))).size).toBe(first.length);
    expect(first[1]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});

describe('nodes', () => {
  const counting = (ticks: string[]) => (env: NodeEnv) => {
    setInterval(() => ticks.push(`${env.incarnation}`), 10);
  };

  it('are silent once killed, and begin anew when restarted', async () => {
    const ticks: string[] = [];
    await simulate({ seed: 1 }, async (world) => {
      world.node('n', counting(ticks));
      await sleep(25);
      world.kill('n');
      await sleep(100);
      world.restart('n');
      await sleep(15);
    });
    expect(ticks).toEqual(['1', '1', '2']);
  });

  it('stand still while paused, and then do at once what was due', async () => {
    const at: number[] = [];
    await simulate({ seed: 1 }, async (world) => {
      world.node('n', async () => {
        for (;;) {
          await sleep(10);
          at.push(Math.round(world.clock.monotonicMs()));
        }
      });
      await sleep(15);
      world.pause('n');
      await sleep(100);
      world.resume('n');
      await sleep(12);
    });
    expect(at).toEqual([10, 115, 125]);
  });

  it('lose what they had not synced, and keep the rest', async () => {
    const run = await simulate({ seed: 1 }, async (world) => {
      const found: string[] = [];
      world.node('db', async ({ disk }) => {
        found.push(new TextDecoder().decode(await disk.read('log')));
        await disk.append('log', 'synced ');
        await disk.sync('log');
        await disk.append('log', 'cached ');
      });
      await sleep(10);
      world.kill('db');
      world.restart('db');
      await sleep(10);
      world.kill('db', { lose: 'nothing' });
      world.restart('db');
      await sleep(10);
      return found;
    });
    expect(run.value).toEqual(['', 'synced ', 'synced synced cached ']);
  });

  it('that crash are reported and fail the world, unless crashes are allowed', async () => {
    const scenario = async (world: World): Promise<string> => {
      world.node('n', () => {
        setTimeout(() => void Promise.reject(new TypeError('nobody catches me')), 5);
      });
      await sleep(50);
      return world.nodes[0]!.state;
    };
    const failed = await simulate({ seed: 1 }, scenario);
    expect(failed.failure).toMatchObject({ kind: 'crash', name: 'n', message: 'TypeError: nobody catches me' });
    expect(failed.virtualMs).toBe(5);
    const allowed = await simulate({ seed: 1, allowCrashes: true }, scenario);
    expect(allowed.value).toBe('dead');
    expect(allowed.crashes).toMatchObject([{ node: 'n', atMs: 5 }]);
  });

  it.each([
    ['throws in a tick', () => process.nextTick(() => throwIt())],
    ["throws in a tick that came by Node's own nextTick", () => nextTickOfNode.call(process, throwIt)],
    ['throws in a microtask', () => queueMicrotask(throwIt)],
    ['throws in a listener', () => new EventTarget().dispatchEvent.call(throwing(), new Event('x'))],
    ['exits with a code', () => process.exit(3)],
    [
      'emits an error that nobody hears',
      () => void import('node:events').then(({ EventEmitter }) => new EventEmitter().emit('error', new Error('x'))),
    ],
  ])('crash when one %s', async (_, end) => {
    for (const driver of ['in-place', 'by-turns'] as const) {
      const { crashes } = await simulate({ seed: 1, driver, allowCrashes: true }, async (world) => {
        world.node('n', () => void end());
        await sleep(10);
      });
      expect(crashes).toHaveLength(1);
    }
  });

  it('end without a crash by process.exit(0)', async () => {
    const run = await simulate({ seed: 1 }, async (world) => {
      world.node('n', () => process.exit(0));
      await sleep(10);
      return world.nodes[0]!.state;
    });
    expect([run.value, run.crashes]).toEqual(['dead', []]);
  });

  it('exchange messages as copies, which a restarted node gets too', async () => {
    const run = await simulate({ seed: 1, network: { latencyMs: 20 } }, async (world) => {
      const got: unknown[] = [];
      const sent = { list: [1] };
      world.node('to', (env) =>
        env.onMessage((message: typeof sent, from) => got.push([from, message, env.incarnation])),
      );
      world.node('from', (env) => {
        env.send('to', sent);
        sent.list.push(2);
      });
      await sleep(5);
      world.restart('to');
      await sleep(50);
      return got;
    });
    expect(run.value).toEqual([['from', { list: [1] }, 2]]);
  });
});

const nextTickOfNode = process.nextTick;
const throwIt = (): never => {
  throw new Error('thrown');
};
const throwing = (): EventTarget => {
  const target = new EventTarget();
  target.addEventListener('x', throwIt);
  return target;
};

describe('a world comes to an end', () => {
  it('with what the scenario gives, or what it throws', async () => {
    expect(await simulate({ seed: 1 }, () => 42)).toMatchObject({ value: 42, events: 1 });
    const { failure } = await simulate({ seed: 1 }, async () => {
      await sleep(1);
      throw new RangeError('no');
    });
    expect(failure).toMatchObject({ kind: 'scenario', name: 'RangeError', message: 'RangeError: no' });
  });

  it('at the first event after which an invariant does not hold', async () => {
    const run = await simulate({ seed: 1 }, async (world) => {
      let count = 0;
      world.invariant('below three', () => count < 3 || `it is ${count}`);
      setInterval(() => count++, 10);
      await sleep(1000);
    });
    expect(run.failure).toMatchObject({ kind: 'invariant', name: 'below three', message: 'it is 3' });
    expect(run.virtualMs).toBe(30);
  });

  it.each([
    ['maxEvents', { maxEvents: 100 }, () => forever()],
    ['maxVirtualMs', { maxVirtualMs: 1000 }, () => forever()],
    ['deadlock', {}, () => new Promise(() => {})],
    [
      'maxHistory',
      { maxHistory: 1 },
      async (world: World) => {
        for (;;) await world.record('p', 'op', () => 1);
      },
    ],
  ] as const)('by its bound %s', async (bound, options, scenario) => {
    await expect(simulate({ seed: 1, ...options }, scenario as () => Promise<void>)).rejects.toMatchObject({
      code: 'WorldExhausted',
      details: { bound },
    });
  });

  const forever = (): Promise<void> =>
    new Promise(() => {
      setInterval(() => {}, 50);
    });

  it('never with options that are not valid', async () => {
    await expect(simulate({ seed: Number.NaN }, () => 1)).rejects.toMatchObject({ code: 'OptionsInvalid' });
    await expect(simulate({ seed: 1, maxEvents: 0, network: { loss: 2 } }, () => 1)).rejects.toMatchObject({
      code: 'OptionsInvalid',
      details: { issues: [expect.stringContaining('maxEvents'), expect.stringContaining('network.loss')] },
    });
  });
});

describe('a history', () => {
  it('holds calls and returns in order, and what came of each', async () => {
    const { history } = await simulate({ seed: 1 }, async (world) => {
      const slow = world.record('a', { get: 'x' }, () => sleep(10, 'value'));
      await world.record('b', 'b1', () => 1);
      await world.record('b', 'b2', () => Promise.reject(new Error('no'))).catch(() => {});
      await world.record('b', 'b3', () => Promise.reject(new Error('refused')), { failed: () => true }).catch(() => {});
      void world.record('c', 'open', () => new Promise(() => {}));
      await slow;
    });
    expect(history).toEqual([
      { process: 'a', operation: { get: 'x' }, result: 'value', call: 1, return: 9, outcome: 'ok' },
      { process: 'b', operation: 'b1', result: 1, call: 2, return: 3, outcome: 'ok' },
      { process: 'b', operation: 'b2', call: 4, return: 5, outcome: 'unknown' },
      { process: 'b', operation: 'b3', call: 6, return: 7, outcome: 'fail' },
      { process: 'c', operation: 'open', call: 8, outcome: 'unknown' },
    ]);
  });

  it('refuses a second open operation of a process', async () => {
    const { failure } = await simulate({ seed: 1 }, async (world) => {
      void world.record('a', 1, () => sleep(10));
      await world.record('a', 2, () => 1);
    });
    expect(failure?.name).toBe('HistoryMalformed');
  });

  it('is judged by the check, once the world is over', async () => {
    const run = await simulate({ seed: 1, check: (history) => `${history.length} operations` }, (world) =>
      world.record('a', 1, () => 1),
    );
    expect(run.failure).toMatchObject({ kind: 'check', message: '1 operations' });
    expect(run.value).toBeUndefined();
  });
});
