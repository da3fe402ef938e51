// Where simulation meets the checker and experiments: a world's history is judged as it is, and a world is a surface of faults.
import { createServer, get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type OperationContext, ResourceGovernor, testing } from '@tenstrip/shared-core';
import { describe, expect, it } from 'vitest';
import {
  checkLinearizable,
  explore,
  type History,
  illegal,
  type Model,
  type RegisterOperation,
  registerModel,
  runExperiment,
  simulate,
  unknownResult,
  verifyDeterminism,
  type World,
} from '../../../src/index.js';

/** Two replicas of a register; a write is confirmed before the second has it. */
const replicated = (readsFrom: string) =>
  async function replicatedRegister(world: World): Promise<void> {
    for (const name of ['first', 'second']) {
      await world.node(name, async ({ send, onMessage }) => {
        let value: number | null = null;
        onMessage((copied: number) => {
          value = copied;
        });
        const server = createServer((request, response) => {
          if (request.url !== '/') {
            value = Number(request.url?.slice(1));
            if (name === 'first') send('second', value);
          }
          response.end(JSON.stringify(value));
        });
        await new Promise<void>((resolve) => server.listen(80, resolve));
      }).ready;
    }
    const ask = (url: string) =>
      new Promise<number | null>((resolve, reject) => {
        get(url, async (response) => {
          let body = '';
          for await (const chunk of response) body += String(chunk);
          resolve(JSON.parse(body));
        }).on('error', reject);
      });
    const record = (process: string, operation: RegisterOperation, url: string) =>
      world.record(process, operation, () => ask(url));
    for (let value = 1; value <= 3; value++) {
      await record('writer', { f: 'write', value }, `http://first/${value}`);
      await record('reader', { f: 'read' }, `http://${readsFrom}/`);
    }
  };

const judge = (history: History) => checkLinearizable(registerModel(), history).failure?.text;

describe('a world and the checker', () => {
  it('finds a stale read by its history alone, and finds none where all read from the replica that is written', async () => {
    const options = { worlds: 200, swarm: { kinds: ['network.link'] as const, untilMs: 20 }, check: judge };
    const { failure } = await explore(options, replicated('second'));
    expect(failure).toMatchObject({ kind: 'check' });
    expect(failure?.message).toContain('Not linearizable (register)');
    expect((await explore({ ...options, worlds: 50 }, replicated('first'))).failure).toBeUndefined();
  });

  it('takes what the check throws for what it found', async () => {
    const check = () => expect(1).toBe(2);
    const { failure } = await simulate({ seed: 1, check: check as never }, () => 1);
    expect(failure).toMatchObject({ kind: 'check', error: { name: 'AssertionError' } });
  });

  it('explains what was recorded of bigints', async () => {
    const counter: Model<bigint, unknown, unknown> = {
      name: 'counter',
      initial: 0n,
      step: (state, _, result) => (result === unknownResult || result === state + 1n ? state + 1n : illegal),
    };
    const { history } = await simulate({ seed: 1 }, async (world) => {
      await world.record('a', { add: 1n }, () => 1n);
      await world.record('a', { add: 1n }, () => 3n);
    });
    const { verdict, failure } = checkLinearizable(counter, history);
    expect(verdict).toBe('illegal');
    expect(failure?.text).toContain('→ 3n');
  });

  it('lets the next life of a client ask under its name; what its last life asked is of unknown outcome', async () => {
    const { history } = await simulate({ seed: 1 }, async (world) => {
      let answer = (_: number): void => {};
      world.node('client', async ({ incarnation }) => {
        await world.record('client', `life ${incarnation}`, () => {
          if (incarnation > 1) return 2;
          return new Promise<number>((resolve) => {
            answer = resolve;
          });
        });
      });
      await sleep(10);
      world.restart('client');
      await sleep(10);
      answer(1); // too late: nobody is there to hear it
      await sleep(10);
    });
    expect(history).toEqual([
      { process: 'client', operation: 'life 1', call: 1, outcome: 'unknown' },
      { process: 'client', operation: 'life 2', result: 2, call: 2, return: 3, outcome: 'ok' },
    ]);
    expect(checkLinearizable({ name: 'anything', initial: 0, step: (state) => state }, history).verdict).toBe('ok');
  });
});

const replicas = ['a', 'b', 'c', 'd'];
/** Faults for half of the replicas, a canary first. */
const experiment = (pausedMost: number) => ({
  title: 'Half of the replicas may stand still',
  description: 'A load balancer goes round them.',
  'steady-state-hypothesis': {
    title: 'Somebody answers',
    probes: [
      {
        type: 'probe',
        name: 'answers',
        tolerance: { type: 'range', range: [replicas.length - pausedMost, replicas.length] },
        provider: { type: 'javascript', module: 'replicas', func: 'answering' },
      },
    ],
  },
  method: [
    {
      type: 'action',
      name: 'pause some',
      provider: {
        type: 'tenstrip',
        fault: { kind: 'process.pause' },
        targets: { sort: 'node', mode: 'percent', value: 50 },
        ttl: 600,
      },
    },
  ],
  'x-tenstrip': { rollout: [{ targets: 1, holdMs: 10_000 }, { percent: 100 }] },
});

const run = (pausedMost: number, context?: OperationContext) => async (world: World) => {
  for (const name of replicas) {
    await world.node(name, async () => {
      const server = createServer((_, response) => response.end('here'));
      await new Promise<void>((resolve) => server.listen(80, resolve));
    }).ready;
  }
  const isUp = (name: string) =>
    new Promise<boolean>((resolve) => {
      const request = get({ host: name, timeout: 1000 }, (response) =>
        response.resume().on('end', () => resolve(true)),
      );
      request.on('timeout', () => request.destroy(new Error('no answer'))).on('error', () => resolve(false));
    });
  const answering = async () => (await Promise.all(replicas.map(isUp))).filter(Boolean).length;
  const journal = await runExperiment(experiment(pausedMost), {
    surface: world.faults,
    ...(context && { context }),
    allow: { modules: { replicas: { answering } } },
  });
  const { faults, stopped } = journal['x-tenstrip'];
  return {
    status: journal.status,
    stopped,
    seconds: journal.duration,
    paused: faults.map(({ target }) => ('node' in target ? target.node : '')),
    atTheEnd: await answering(),
  };
};

describe('an experiment in a world', () => {
  it('takes virtual time, stops at the canary, and leaves no fault behind', async () => {
    const lenient = await simulate({ seed: 1 }, run(2));
    expect(lenient.value).toMatchObject({ status: 'completed', stopped: undefined, atTheEnd: 4 });
    expect(lenient.value?.paused).toHaveLength(2);
    expect(lenient.value?.seconds).toBeGreaterThan(10);
    const strict = await simulate({ seed: 1 }, run(0));
    expect(strict.value).toMatchObject({ status: 'aborted', atTheEnd: 4 });
    expect(strict.value?.paused).toHaveLength(1);
    expect(strict.value?.stopped).toContain('the canary, 1 of 2 targets');
  });

  it('chooses its targets by the seed of the world and by no chance of the process that it runs in', async () => {
    const chosen = async (operation: number) => {
      const governor = new ResourceGovernor(testing(operation));
      const runs: (string | undefined)[] = [];
      for (let seed = 0; seed < 6; seed++) {
        runs.push((await simulate({ seed }, run(2, governor.context()))).value?.paused.join());
      }
      await governor.close();
      return runs;
    };
    const bySeed = await chosen(1);
    expect(new Set(bySeed).size).toBeGreaterThan(1);
    for (const operation of [2, 3]) expect(await chosen(operation)).toEqual(bySeed);
    expect((await verifyDeterminism({ seed: 1 }, run(2), 3)).ok).toBe(true);
  });
});
