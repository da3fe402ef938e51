// Small services with one planted bug each, in the ways in which distributed programs are usually wrong, and the same without it. Each is
// plain Node code; how the bug shows is stated as an outside observer would: by answers, invariants or the fate of resources.
import { EventEmitter, once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ExploreOptions, Scenario } from '../../src/index.js';

/** A bug, the scenario in which it may show, and the same scenario over the correct program. */
export interface SeededBug {
  readonly name: string;
  readonly options: ExploreOptions;
  readonly wrong: Scenario;
  readonly right: Scenario;
}

const noSwarm = { swarm: false } as const;
const network = (kinds: ('network.link' | 'network.partition')[], untilMs = 2000) =>
  ({ swarm: { kinds, untilMs, longestMs: 3000 } }) as const;

async function post(host: string, path: string, body: string, timeoutMs = 0): Promise<string> {
  const request = http.request({ host, port: 80, path, method: 'POST' });
  request.on('error', () => {}); // after the response too
  if (timeoutMs > 0) request.setTimeout(timeoutMs, () => request.destroy(new Error('timeout')));
  request.end(body);
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  return text(response);
}

async function text(stream: AsyncIterable<unknown>): Promise<string> {
  let all = '';
  for await (const chunk of stream) all += String(chunk);
  return all;
}

function serve(handle: (path: string, body: string) => Promise<string> | string): () => Promise<void> {
  return async () => {
    const server = http.createServer(async (request, response) => {
      try {
        response.end(await handle(request.url ?? '', await text(request)));
      } catch {
        response.statusCode = 500;
        response.end();
      }
    });
    await new Promise<void>((resolve) => server.listen(80, resolve));
  };
}

/** Two clients add to a counter in a store that is read and written in two steps. */
function lostUpdate(locked: boolean): Scenario {
  return async (world) => {
    let stored = 0;
    let queue: Promise<unknown> = Promise.resolve();
    const increment = async (): Promise<string> => {
      const read = stored;
      await sleep(Math.random() * 4);
      stored = read + 1;
      return String(stored);
    };
    const server = world.node(
      'store',
      serve(() => {
        if (!locked) return increment();
        const mine = queue.then(increment);
        queue = mine;
        return mine;
      }),
    );
    await server.ready;
    const clients = ['a', 'b'].map((name) =>
      world.node(name, async () => {
        await sleep(Math.random() * 50);
        await post('store', '/', '');
      }),
    );
    await Promise.all(clients.map(({ ready }) => ready));
    if (stored !== 2) throw new Error(`two increments made ${stored}`);
  };
}

/** A write goes to the leader, a read to a follower. */
function staleRead(waits: boolean): Scenario {
  return async (world) => {
    let leader = '';
    let follower = '';
    let acknowledged = (): void => {};
    world.node('follower', (env) => {
      env.onMessage((value: string, from) => {
        follower = value;
        env.send(from, 'done');
      });
    });
    const server = world.node('leader', async (env) => {
      env.onMessage(() => acknowledged());
      await serve(async (_, value) => {
        leader = value;
        env.send('follower', value);
        if (waits) {
          await new Promise<void>((resolve) => {
            acknowledged = resolve;
          });
        }
        return 'ok';
      })();
    });
    await server.ready;
    await post('leader', '/', 'new');
    if (follower !== leader)
      throw new Error(`read ${JSON.stringify(follower)} after ${JSON.stringify(leader)} was acknowledged`);
  };
}

/** A journal on a disk; the machine goes down at some moment. */
function ackBeforeSync(syncsFirst: boolean): Scenario {
  return async (world) => {
    const acknowledged: string[] = [];
    const recovered = new Set<string>();
    world.node('journal', async (env) => {
      const content = await env.disk.read('log');
      for (const line of new TextDecoder().decode(content).split('\n')) recovered.add(line);
      await serve(async (_, entry) => {
        await env.disk.append('log', `${entry}\n`);
        const synced = env.disk.sync('log');
        if (syncsFirst) await synced;
        return 'ok';
      })();
    });
    for (let entry = 0; entry < 20; entry++) {
      try {
        await post('journal', '/', `e${entry}`, 100);
        acknowledged.push(`e${entry}`);
      } catch {}
      await sleep(100);
    }
    world.restart('journal');
    await sleep(100);
    const lost = acknowledged.filter((entry) => !recovered.has(entry));
    if (lost.length > 0) throw new Error(`acknowledged and lost: ${lost.length}`);
  };
}

/** A payment that is retried when no answer comes. */
function retryNotIdempotent(remembers: boolean): Scenario {
  return async (world) => {
    let charged = 0;
    const seen = new Set<string>();
    await world.node(
      'bank',
      serve((_, id) => {
        if (remembers && seen.has(id)) return 'ok';
        seen.add(id);
        charged++;
        return 'ok';
      }),
    ).ready;
    for (let attempt = 0; attempt < 10; attempt++) {
      try {
        await post('bank', '/charge', 'payment-1', 200);
        break;
      } catch {
        await sleep(100);
      }
    }
    await sleep(10_000); // what is on its way comes
    if (charged > 1) throw new Error(`charged ${charged} times`);
  };
}

/** A backup leads once it has not heard of the primary for a while; the primary leads on, or only while the backup answers. */
function splitBrain(byLease: boolean): Scenario {
  return async (world) => {
    let primaryLeads = (): boolean => false;
    let backupLeads = false;
    world.node('primary', (env) => {
      let answeredMs = env.clock.monotonicMs();
      primaryLeads = () => !byLease || env.clock.monotonicMs() - answeredMs < 200;
      env.onMessage((sentMs: number) => {
        answeredMs = Math.max(answeredMs, sentMs);
      });
      setInterval(() => env.send('backup', env.clock.monotonicMs()), 50);
    });
    world.node('backup', (env) => {
      let heardMs = env.clock.monotonicMs();
      env.onMessage((sentMs: number, from) => {
        heardMs = env.clock.monotonicMs();
        if (!backupLeads) env.send(from, sentMs);
      });
      setInterval(() => {
        if (env.clock.monotonicMs() - heardMs > 300) backupLeads = true;
      }, 50);
    });
    world.invariant('one leader', () => !(backupLeads && primaryLeads()));
    await sleep(6000);
  };
}

/** A lock with a lease; whoever is slow releases what another holds by now. */
function foreignUnlock(checksOwner: boolean): Scenario {
  return async (world) => {
    let holder = '';
    let leaseEndsMs = 0;
    const inside = new Set<string>();
    await world.node(
      'locks',
      serve((path, who) => {
        if (path === '/lock') {
          if (holder !== '' && Date.now() < leaseEndsMs) return 'busy';
          holder = who;
          leaseEndsMs = Date.now() + 500;
          return 'ok';
        }
        if (!checksOwner || holder === who) holder = '';
        return 'ok';
      }),
    ).ready;
    const clients = ['a', 'b', 'c'].map((name) =>
      world.node(name, async (env) => {
        for (let turn = 0; turn < 3; turn++) {
          let askedMs = env.clock.monotonicMs();
          while ((await post('locks', '/lock', name)) !== 'ok') {
            await sleep(20 + Math.random() * 20);
            askedMs = env.clock.monotonicMs();
          }
          // The lease of 500 ms began after it was asked for; work is done, or given up, well before it ends.
          const endMs = askedMs + Math.random() * 420;
          while (env.clock.monotonicMs() < endMs) {
            inside.add(name);
            await sleep(20);
          }
          inside.delete(name);
          await sleep(Math.random() * 100);
          await post('locks', '/unlock', name);
        }
      }),
    );
    world.invariant('mutual exclusion', () => inside.size <= 1);
    await Promise.all(clients.map(({ ready }) => ready));
  };
}

/** An answer and its timeout: whichever is first must settle the request, once. */
function timerAgainstResponse(once: boolean): Scenario {
  return async (world) => {
    await world.node(
      'slow',
      serve(async () => {
        await sleep(Math.random() * 40);
        return 'ok';
      }),
    ).ready;
    let settled = 0;
    for (let call = 0; call < 5; call++) {
      await new Promise<void>((resolve) => {
        let open = true;
        const settle = (): void => {
          if (once && !open) return;
          open = false;
          clearTimeout(timer);
          settled++;
          resolve();
        };
        const timer = setTimeout(settle, 40);
        post('slow', '/', '').then(settle, settle);
      });
    }
    await sleep(1000);
    if (settled > 5) throw new Error(`5 requests were settled ${settled} times`);
  };
}

/** Messages behind their length, over a byte stream. */
function framing(keepsRest: boolean): Scenario {
  return async (world) => {
    const received: string[] = [];
    const server = world.node('sink', async () => {
      const listener = net.createServer((socket) => {
        let rest: Buffer = Buffer.alloc(0);
        socket.on('data', (chunk: Buffer) => {
          let bytes = keepsRest ? Buffer.concat([rest, chunk]) : chunk;
          while (bytes.length >= 2 && bytes.length >= 2 + bytes.readUInt16BE()) {
            const end = 2 + bytes.readUInt16BE();
            received.push(bytes.toString('utf8', 2, end));
            bytes = bytes.subarray(end);
          }
          rest = bytes;
        });
      });
      await new Promise<void>((resolve) => listener.listen(9, resolve));
    });
    await server.ready;
    const socket = net.connect(9, 'sink');
    await once(socket, 'connect');
    for (let message = 0; message < 10; message++) {
      const body = Buffer.from(`message ${message}`);
      const frame = Buffer.alloc(2 + body.length);
      frame.writeUInt16BE(body.length);
      body.copy(frame, 2);
      socket.write(frame);
      await sleep(5);
    }
    socket.end();
    await sleep(1000);
    if (received.length !== 10 || received.some((body, index) => body !== `message ${index}`)) {
      throw new Error(`received ${received.length} of 10 messages whole`);
    }
  };
}

/** A cache whose entries live a second: by the wall clock, or by one that never steps. */
function clockJump(monotonic: boolean): Scenario {
  return async (world) => {
    let servedAgeMs = 0;
    let filledMs = 0;
    world.node('cache', async (env) => {
      const now = (): number => (monotonic ? env.clock.monotonicMs() : Date.now());
      let filledAt = Number.NEGATIVE_INFINITY;
      await serve(() => {
        if (now() - filledAt > 1000) {
          filledAt = now();
          filledMs = world.clock.monotonicMs();
        }
        servedAgeMs = Math.max(servedAgeMs, world.clock.monotonicMs() - filledMs);
        return 'value';
      })();
    });
    await sleep(10);
    for (let read = 0; read < 60; read++) {
      await post('cache', '/', '');
      await sleep(100);
    }
    if (servedAgeMs > 2000) throw new Error(`an entry of ${Math.round(servedAgeMs)} ms was served`);
  };
}

/** A pool of two connections; a caller may give up while it waits or works. */
function leakOnAbort(releases: boolean): Scenario {
  return async () => {
    class Pool extends EventEmitter {
      free = 2;
      async use(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
        while (this.free === 0) await once(this, 'free', { signal });
        this.free--;
        const giveBack = (): void => {
          this.free++;
          this.emit('free');
        };
        if (releases) {
          try {
            await work();
          } finally {
            giveBack();
          }
        } else {
          await work();
          giveBack();
        }
      }
    }
    const pool = new Pool();
    await Promise.allSettled(
      Array.from({ length: 6 }, async () => {
        await sleep(Math.random() * 50);
        const signal = AbortSignal.timeout(30);
        await pool.use(signal, () => sleep(10 + Math.random() * 21, undefined, { signal }));
      }),
    );
    if (pool.free !== 2) throw new Error(`of 2 connections ${pool.free} came back`);
  };
}

/** A queue of work whose workers confirm a job before they have done it. */
function confirmBeforeWork(afterWork: boolean): Scenario {
  return async (world) => {
    const jobs = ['j1', 'j2', 'j3', 'j4'];
    const open = new Map(jobs.map((job) => [job, 0]));
    const done = new Set<string>();
    await world.node(
      'queue',
      serve((path, body) => {
        if (path === '/confirm') {
          open.delete(body);
          return 'ok';
        }
        const now = performance.now();
        const job = [...open].find(([, hiddenUntilMs]) => hiddenUntilMs <= now)?.[0] ?? '';
        if (job !== '') open.set(job, now + 1000);
        return job;
      }),
    ).ready;
    world.node('worker', async () => {
      for (;;) {
        try {
          const job = await post('queue', '/take', '', 500);
          if (job === '') {
            await sleep(100);
            continue;
          }
          if (!afterWork) await post('queue', '/confirm', job, 500);
          await sleep(50);
          done.add(job);
          if (afterWork) await post('queue', '/confirm', job, 500);
        } catch {
          await sleep(100);
        }
      }
    });
    await sleep(30_000);
    const lost = jobs.filter((job) => !done.has(job));
    if (lost.length > 0) throw new Error(`never done: ${lost.length}`);
  };
}

/** Versions that come in order on a quiet network: a replica takes whichever comes last for the newest. */
function lateMessageWins(comparesVersions: boolean): Scenario {
  return async (world) => {
    const state = { version: 0, value: '' };
    world.node('replica', (env) => {
      env.onMessage((update: { version: number; value: string }) => {
        if (!comparesVersions || update.version > state.version) Object.assign(state, update);
      });
    });
    world.node('primary', async (env) => {
      for (let version = 1; version <= 20; version++) {
        env.send('replica', { version, value: `v${version}` });
        await sleep(100);
      }
    });
    let newest = 0;
    world.invariant('a replica never goes back', () => {
      if (state.version < newest) return `from ${newest} back to ${state.version}`;
      newest = state.version;
      return true;
    });
    await sleep(6000);
  };
}

/** Two locks, taken in the order of whoever asks. */
function lockOrder(ordered: boolean): Scenario {
  return async () => {
    const holders = new Map<string, string>();
    const released = new EventEmitter();
    const lock = async (name: string, who: string): Promise<void> => {
      while (holders.has(name)) await once(released, name);
      holders.set(name, who);
    };
    const unlock = (name: string): void => {
      holders.delete(name);
      released.emit(name);
    };
    const transfer = async (from: string, to: string): Promise<void> => {
      await sleep(Math.random() * 100);
      const [first, second] = ordered ? [from, to].sort() : [from, to];
      await lock(first!, from);
      await sleep(Math.random() * 5);
      await lock(second!, from);
      unlock(first!);
      unlock(second!);
    };
    await Promise.all([transfer('a', 'b'), transfer('b', 'a')]);
  };
}

function bug(name: string, make: (right: boolean) => Scenario, options: ExploreOptions): SeededBug {
  const named = (right: boolean): Scenario => {
    const scenario = make(right);
    Object.defineProperty(scenario, 'name', { value: name });
    return scenario;
  };
  return { name, options, wrong: named(false), right: named(true) };
}

/** The bugs by class. */
export const seededBugs: readonly SeededBug[] = [
  bug('lost update', lostUpdate, noSwarm),
  bug('stale read', staleRead, { swarm: false, network: { jitterMs: 5 } }),
  bug('acknowledged before fsync', ackBeforeSync, {
    swarm: { kinds: ['process.kill'], untilMs: 2000, longestMs: 500 },
  }),
  bug('retry that is not idempotent', retryNotIdempotent, network(['network.link', 'network.partition'], 1000)),
  bug('split brain', splitBrain, network(['network.partition'], 4000)),
  bug('unlock of a foreign lock', foreignUnlock, { swarm: { kinds: ['network.link'], untilMs: 3000 } }),
  bug('timer against response', timerAgainstResponse, noSwarm),
  bug('framing on sliced writes', framing, { swarm: { kinds: [] } }),
  bug('clock jump', clockJump, { swarm: { kinds: ['clock.skew'], nodes: ['cache'], untilMs: 4000 } }),
  bug('resource leak on abort', leakOnAbort, noSwarm),
  bug('confirmed before done', confirmBeforeWork, {
    swarm: { kinds: ['process.kill'], nodes: ['worker'], untilMs: 1000 },
  }),
  bug('a late message wins', lateMessageWins, network(['network.link'], 2000)),
  bug('locks in no order', lockOrder, noSwarm),
];
