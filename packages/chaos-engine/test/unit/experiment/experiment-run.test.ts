// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of experiments are written so.
import { spawnSync } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Clock, isTenstripError, ResourceGovernor, testing } from '@tenstrip/shared-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { requirement } from '../../../../../tools/test-requirements.mjs';
import {
  type ActiveFault,
  type ExperimentControl,
  type ExperimentJournal,
  type Fault,
  type FaultSurface,
  type FaultTarget,
  parseExperiment,
  type RunExperimentOptions,
  runExperiment,
  targetName,
} from '../../../src/index.js';

/** A surface that only remembers: which faults are active, and everything that happened. */
class RememberingSurface implements FaultSurface {
  readonly active = new Set<string>();
  readonly log: string[] = [];
  readonly #names: readonly string[];
  constructor(names: readonly string[]) {
    this.#names = names;
  }
  async capabilities(): Promise<never> {
    throw new Error('nobody asks');
  }
  async targets(): Promise<FaultTarget[]> {
    return this.#names.map((node) => ({ node }));
  }
  async inject(target: FaultTarget, fault: Fault, { ttlMs }: { ttlMs: number }): Promise<ActiveFault> {
    const name = targetName(target);
    this.active.add(name);
    this.log.push(`+${name}`);
    const revert = async (): Promise<void> => {
      if (this.active.delete(name)) this.log.push(`-${name}`);
    };
    return { id: name, target, fault, endsAt: ttlMs, revert, [Symbol.asyncDispose]: revert };
  }
  async revertAll(): Promise<void> {}
}

let governor: ResourceGovernor;
let clock: Clock;
beforeEach(() => {
  governor = new ResourceGovernor(testing('experiments'));
  ({ clock } = governor);
});
afterEach(() => governor.close());

type Functions = Readonly<Record<string, (arguments_: Readonly<Record<string, unknown>>) => unknown>>;

const probe = (name: string, func: string, tolerance: unknown = true, more: object = {}) => ({
  type: 'probe',
  name,
  tolerance,
  provider: { type: 'javascript', module: 'system', func },
  ...more,
});
const action = (name: string, func: string, more: object = {}) => ({
  type: 'action',
  name,
  provider: { type: 'javascript', module: 'system', func },
  ...more,
});
const pauseNode = (name: string, node: string, more: object = {}) => ({
  type: 'action',
  name,
  provider: { type: 'tenstrip', fault: { kind: 'process.pause' }, target: { node }, ttl: 60 },
  ...more,
});
const experimentOf = (more: object) => ({ title: 'a title', description: 'what is tried', method: [], ...more });

/** Runs in virtual time: whatever is slept is passed at once. */
async function run(
  document: object,
  functions: Functions = {},
  options: RunExperimentOptions = {},
): Promise<ExperimentJournal> {
  return governor.run('experiment', (context) =>
    runExperiment(document, { allow: { modules: { system: functions } }, context, ...options }),
  );
}

const hypothesis = (...probes: object[]) => ({ 'steady-state-hypothesis': { title: 'all is well', probes } });
const names = (runs: ExperimentJournal['run']): (string | undefined)[] => runs.map(({ activity }) => activity.name);

describe('the order of an experiment', () => {
  const document = experimentOf({
    ...hypothesis(probe('well', 'well')),
    method: [action('break', 'break')],
    rollbacks: [action('mend', 'mend')],
  });
  const order = async (options: RunExperimentOptions): Promise<string[]> => {
    const calls: string[] = [];
    const functions = Object.fromEntries(['well', 'break', 'mend'].map((name) => [name, () => calls.push(name) > 0]));
    await run(document, functions, options);
    return calls;
  };
  it.each<[RunExperimentOptions['strategy'], string[]]>([
    ['default', ['well', 'break', 'well', 'mend']],
    ['before-method-only', ['well', 'break', 'mend']],
    ['after-method-only', ['break', 'well', 'mend']],
    ['skip', ['break', 'mend']],
  ])('with the strategy %s', async (strategy, expected) => {
    expect(await order(strategy === undefined ? {} : { strategy })).toEqual(expected);
  });

  it.each<[RunExperimentOptions['rollbacks'], boolean]>([
    ['always', true],
    ['never', false],
    ['default', true],
    ['deviated', false],
  ])('with rollbacks %s', async (rollbacks, plays) => {
    expect((await order(rollbacks === undefined ? {} : { rollbacks })).includes('mend')).toBe(plays);
  });

  it('asks the hypothesis during the method as often as it is told', async () => {
    const slow = { ...document, method: [action('break', 'break', { pauses: { after: 2.5 } })] };
    const functions = { well: () => true, break: () => 1, mend: () => 1 };
    for (const [strategy, before] of [['continuously', true] as const, ['during-method-only', false] as const]) {
      const { steady_states } = await run(slow, functions, { strategy, hypothesisEveryMs: 1000 });
      expect(steady_states.during).toHaveLength(3);
      expect(steady_states.before !== null).toBe(before);
      expect(steady_states.after !== null).toBe(before);
    }
  });

  it('is a journal of what was done, when, and for how long', async () => {
    const functions = { well: () => true, break: () => ({ broken: 1 }), mend: () => null };
    const paused = { ...document, method: [action('break', 'break', { pauses: { before: 1, after: 2 } })] };
    const journal = await run(paused, functions);
    expect(journal).toMatchObject({ status: 'completed', deviated: false, duration: 3 });
    expect(journal.start).toBe('1970-01-01T00:00:00.000Z');
    expect(journal.end).toBe('1970-01-01T00:00:03.000Z');
    expect(journal.run).toMatchObject([
      { output: { broken: 1 }, status: 'succeeded', start: '1970-01-01T00:00:01.000Z', duration: 0 },
    ]);
    expect(journal['x-tenstrip'].score).toBe(100);
  });
});

describe('a hypothesis', () => {
  it('that is not met before ends the experiment as completed, and the method is not played', async () => {
    const document = experimentOf({ ...hypothesis(probe('well', 'well')), method: [action('break', 'break')] });
    const journal = await run(document, { well: () => false });
    expect(journal).toMatchObject({ status: 'completed', deviated: false, run: [] });
    expect(journal.steady_states.before?.probes[0]).toMatchObject({ tolerance_met: false });
  });

  it('that cannot be asked before ends it as failed, and rollbacks are not played', async () => {
    const document = experimentOf({ ...hypothesis(probe('well', 'absent')), rollbacks: [action('mend', 'mend')] });
    const journal = await run(document, { mend: () => 1 });
    expect(journal).toMatchObject({ status: 'failed', deviated: false, rollbacks: [] });
  });

  it('that is no longer met after has deviated', async () => {
    let broken = false;
    const document = experimentOf({
      ...hypothesis(probe('well', 'well'), probe('later', 'later')),
      method: [action('break', 'break')],
      rollbacks: [action('mend', 'mend')],
    });
    const functions = { well: () => !broken, break: () => (broken = true), mend: () => 1, later: () => true };
    const journal = await run(document, functions, { rollbacks: 'deviated' });
    expect(journal).toMatchObject({ status: 'completed', deviated: true });
    expect(journal.rollbacks).toHaveLength(1);
    // The first that is not met ends the asking.
    expect(journal.steady_states.after?.probes).toHaveLength(1);
    expect(journal['x-tenstrip'].score).toBe(50);
  });

  it('that fails fast during the method ends it', async () => {
    let asked = 0;
    const document = experimentOf({
      ...hypothesis(probe('well', 'well')),
      method: [action('first', 'wait', { pauses: { after: 5 } }), action('second', 'wait')],
    });
    const functions = { well: () => ++asked < 3, wait: () => 1 };
    const options = { strategy: 'continuously', hypothesisEveryMs: 100 } as const;
    const fast = await run(document, functions, { ...options, failFastPercent: 0 });
    expect(names(fast.run)).toEqual(['first']);
    expect(fast).toMatchObject({ status: 'completed', deviated: true });
    asked = 0;
    const slow = await run(document, functions, options);
    expect(names(slow.run)).toEqual(['first', 'second']);
  });
});

describe('an activity', () => {
  it('that fails does not end the method', async () => {
    const document = experimentOf({ method: [action('first', 'fail'), action('second', 'work')] });
    const functions = {
      fail: () => {
        throw new Error('oops');
      },
      work: () => 1,
    };
    const { run: runs, status } = await run(document, functions);
    expect(runs).toMatchObject([{ status: 'failed', exception: ['oops'] }, { status: 'succeeded' }]);
    expect(status).toBe('completed');
  });

  it('that hangs ends at its time', async () => {
    const document = experimentOf({ method: [action('hang', 'hang', { timeout: 2 })] });
    const { run: runs } = await run(document, { hang: () => new Promise(() => {}) });
    expect(runs).toMatchObject([{ status: 'failed', exception: ['it took longer than 2000 ms'], duration: 2 }]);
  });

  it('in the background goes on beside the next, and is waited for', async () => {
    const document = experimentOf({
      method: [action('long', 'long', { background: true }), action('short', 'short')],
    });
    const order: string[] = [];
    await run(document, {
      long: async () => {
        await clock.sleep(1000);
        order.push('long');
      },
      short: () => order.push('short'),
    });
    expect(order).toEqual(['short', 'long']);
  });

  it('may refer to another by its name', async () => {
    const document = experimentOf({ method: [action('work', 'work'), { ref: 'work' }] });
    expect((await run(document, { work: () => 7 })).run.map(({ output }) => output)).toEqual([7, 7]);
  });

  it.each<[RunExperimentOptions['dry'], string[]]>([
    ['probes', ['do']],
    ['actions', ['ask']],
    ['activities', []],
    ['pause', ['ask', 'do']],
  ])('is left out in a dry run of %s', async (dry, expected) => {
    const calls: string[] = [];
    const document = experimentOf({
      method: [{ ...probe('ask', 'ask'), tolerance: undefined }, action('do', 'do', { pauses: { after: 100 } })],
    });
    const functions = { ask: () => calls.push('ask'), do: () => calls.push('do') };
    const { duration } = await run(document, functions, dry === undefined ? {} : { dry });
    expect(calls).toEqual(expected);
    expect(duration).toBe(dry === 'probes' ? 100 : 0);
  });
});

describe('configuration and secrets', () => {
  it('come from the file, the environment, whoever runs it, and probes', async () => {
    const document = experimentOf({
      configuration: {
        plain: 'a',
        from_env: { type: 'env', key: 'THERE' },
        defaulted: { type: 'env', key: 'ABSENT', default: 'c' },
        number: { type: 'env', key: 'NUMBER', env_var_type: 'int' },
        asked: { type: 'probe', name: 'ask', provider: { type: 'javascript', module: 'system', func: 'ask' } },
        overridden: 'x',
      },
      method: [
        {
          type: 'action',
          name: 'echo',
          provider: {
            type: 'javascript',
            module: 'system',
            func: 'echo',
            arguments: { all: ['${plain}', '${from_env}', '${defaulted}', '${number}', '${asked}', '${overridden}'] },
          },
        },
      ],
    });
    const options = { env: { THERE: 'b', NUMBER: '7' }, configuration: { overridden: 'y' } };
    const { run: runs } = await run(document, { echo: ({ all }) => all, ask: () => ({ d: 1 }) }, options);
    expect(runs[0]?.output).toEqual(['a', 'b', 'c', 7, { d: 1 }, 'y']);
  });

  it('name what the environment lacks', async () => {
    const document = experimentOf({ configuration: { token: { type: 'env', key: 'ABSENT' } } });
    await expect(run(document, {}, { env: {} })).rejects.toMatchObject({
      code: 'ExperimentInvalid',
      details: { issues: ['configuration.token.key names "ABSENT", which the environment does not have'] },
    });
  });

  it('leave no secret in the journal or in what is told', async () => {
    const secret = 'hunter2-hunter2';
    const document = experimentOf({
      secrets: { service: { token: { type: 'env', key: 'TOKEN' }, pin: 'abc' } },
      method: [
        {
          type: 'action',
          name: 'echo ${token}',
          provider: {
            type: 'javascript',
            module: 'system',
            func: 'echo',
            secrets: ['service'],
            arguments: { header: 'Bearer ${token}' },
          },
        },
        action(`fail ${secret}`, 'fail'),
      ],
    });
    const told: unknown[] = [];
    let seen: unknown;
    const journal = await run(
      document,
      {
        echo: ({ header }) => {
          seen = header;
          return { header, list: [secret, { [secret]: 'abc' }] };
        },
        fail: () => {
          throw new Error(`the token ${secret} is wrong`);
        },
      },
      { env: { TOKEN: secret }, onProgress: (progress) => told.push(progress) },
    );
    expect(seen).toBe(`Bearer ${secret}`);
    expect(JSON.stringify([journal, told])).not.toContain(secret);
    expect(journal.run[0]?.output).toEqual({ header: 'Bearer *****', list: ['*****', { '*****': '*****' }] });
  });
});

describe('faults of an experiment', () => {
  it('are undone when it ends, before rollbacks', async () => {
    const surface = new RememberingSurface([]);
    const document = experimentOf({
      ...hypothesis(probe('well', 'well')),
      method: [pauseNode('pause a', 'a'), pauseNode('pause b', 'b')],
      rollbacks: [action('mend', 'mend')],
    });
    const activeAt: Record<string, number> = {};
    const functions = {
      well: () => {
        activeAt.asked = surface.active.size;
        return true;
      },
      mend: () => {
        activeAt.mended = surface.active.size;
      },
    };
    const journal = await run(document, functions, { surface });
    expect(activeAt).toEqual({ asked: 2, mended: 0 });
    expect(surface.log).toEqual(['+node:a', '+node:b', '-node:b', '-node:a']);
    expect(journal['x-tenstrip'].faults).toMatchObject([{ activity: 'pause a' }, { activity: 'pause b' }]);
  });

  it('end earlier by an action that says so', async () => {
    const surface = new RememberingSurface([]);
    const end = { type: 'action', name: 'end', provider: { type: 'tenstrip', revert: 'pause a' } };
    const document = experimentOf({ method: [pauseNode('pause a', 'a'), pauseNode('pause b', 'b'), end] });
    await run(document, {}, { surface });
    expect(surface.log).toEqual(['+node:a', '+node:b', '-node:a', '-node:b']);
  });

  it('do not happen in a dry run, or without a surface', async () => {
    const surface = new RememberingSurface(['a']);
    const document = experimentOf({ method: [pauseNode('pause a', 'a')] });
    await run(document, {}, { surface, dry: 'actions' });
    expect(surface.log).toEqual([]);
    expect((await run(document)).run).toMatchObject([{ status: 'failed' }]);
  });

  const nodes = Array.from({ length: 10 }, (_, index) => `n${index}`);
  const several = (targets: object, limits: object, more: object = {}) =>
    experimentOf({
      method: [
        {
          type: 'action',
          name: 'pause some',
          provider: { type: 'tenstrip', fault: { kind: 'process.pause' }, targets: { sort: 'node', ...targets } },
        },
      ],
      'x-tenstrip': limits,
      ...more,
    });

  it.each<[object, number]>([
    [{ mode: 'one' }, 1],
    [{ mode: 'all' }, 10],
    [{ mode: 'fixed', value: 3 }, 3],
    [{ mode: 'percent', value: 25 }, 3],
  ])('are for chosen targets: %j', async (targets, count) => {
    const surface = new RememberingSurface(nodes);
    await run(several(targets, {}), {}, { surface });
    expect(surface.log.filter((line) => line.startsWith('+'))).toHaveLength(count);
    // The same seed chooses the same.
    await governor.close();
    governor = new ResourceGovernor(testing('experiments'));
    const again = new RememberingSurface(nodes);
    await run(several(targets, {}), {}, { surface: again });
    expect(again.log).toEqual(surface.log);
  });

  it.each<[object, object, string]>([
    [{ mode: 'fixed', value: 4 }, { percent: 20 }, 'BlastRadiusExceeded: 4 of 10 targets > 20 %'],
    [{ mode: 'all' }, { targets: 9 }, 'BlastRadiusExceeded: 10 of 10 targets > 9 targets'],
    [{ mode: 'fixed', value: 11 }, {}, 'TargetUnknown: 10 targets of sort node for 11 wanted'],
  ])('stay within the blast radius: %j of %j', async (targets, blastRadius, why) => {
    const surface = new RememberingSurface(nodes);
    const { run: runs } = await run(several(targets, { blastRadius }), {}, { surface });
    expect(runs).toMatchObject([{ status: 'failed', exception: [why] }]);
    expect(surface.log).toEqual([]);
  });

  const rollout = [{ targets: 1, holdMs: 1000 }, { percent: 50, holdMs: 1000 }, { percent: 100 }];

  it('come in steps, a canary first', async () => {
    const surface = new RememberingSurface(nodes);
    const sizes: number[] = [];
    const document = several({ mode: 'all' }, { rollout }, hypothesis(probe('well', 'well')));
    const journal = await run(document, { well: () => sizes.push(surface.active.size) > 0 }, { surface });
    expect(sizes).toEqual([0, 1, 5, 10, 10]);
    expect(journal).toMatchObject({ status: 'completed', duration: 2 });
  });

  it('go no further than a canary that suffers', async () => {
    const surface = new RememberingSurface(nodes);
    const document = several({ mode: 'all' }, { rollout }, hypothesis(probe('well', 'well')));
    const journal = await run(document, { well: () => surface.active.size === 0 }, { surface });
    expect(surface.log.filter((line) => line.startsWith('+'))).toHaveLength(1);
    expect(surface.active.size).toBe(0);
    expect(journal.status).toBe('aborted');
    expect(journal['x-tenstrip'].stopped).toContain('the rollout ended at the canary, 1 of 10 targets');
  });
});

describe('an experiment is stopped', () => {
  const long = experimentOf({
    method: [pauseNode('pause a', 'a', { pauses: { after: 60 } }), action('never', 'never')],
    rollbacks: [action('mend', 'mend')],
  });
  const guarded = (guardrail: object) => ({ ...long, 'x-tenstrip': { guardrails: [guardrail] } });

  it('by a guardrail: faults end at once, and rollbacks are played', async () => {
    const surface = new RememberingSurface([]);
    const journal = await run(
      guarded(probe('errors', 'errors', [0, 5], { everyMs: 500 })),
      { errors: () => (surface.active.size > 0 ? 6 : 0), mend: () => surface.active.size },
      { surface },
    );
    expect(journal).toMatchObject({ status: 'aborted', duration: 0.5 });
    expect(journal['x-tenstrip'].stopped).toBe('the guardrail "errors" is not within its tolerance');
    expect(names(journal.run)).toEqual(['pause a']);
    expect(journal.rollbacks).toMatchObject([{ output: 0 }]);
    expect(surface.log).toEqual(['+node:a', '-node:a']);
  });

  it('by a guardrail only after so many failures in a row', async () => {
    const answers = [0, 9, 0, 9, 9, 0, 9, 9, 9];
    let asked = 0;
    const journal = await run(
      guarded(probe('errors', 'errors', 0, { everyMs: 1000, failures: 3 })),
      { errors: () => answers[asked++], mend: () => 1 },
      { surface: new RememberingSurface([]) },
    );
    expect(asked).toBe(9);
    expect(journal).toMatchObject({ status: 'aborted', duration: 8 });
  });

  it('by a guardrail before anything is done, when it is not met from the start', async () => {
    const surface = new RememberingSurface([]);
    const journal = await run(guarded(probe('errors', 'absent', 0)), { mend: () => 1 }, { surface });
    expect(journal).toMatchObject({ status: 'aborted', run: [] });
    expect(surface.log).toEqual([]);
  });

  it('by its time', async () => {
    const surface = new RememberingSurface([]);
    const bounded = { ...long, 'x-tenstrip': { maximumDurationMs: 1500 } };
    const journal = await run(bounded, { mend: () => 1 }, { surface });
    expect(journal).toMatchObject({ status: 'aborted', duration: 1.5 });
    expect(journal['x-tenstrip'].stopped).toBe('it took longer than 1500 ms');
    expect(surface.active.size).toBe(0);
  });

  it('by its caller: interrupted, and rollbacks only if they are always played', async () => {
    for (const rollbacks of ['default', 'always'] as const) {
      const surface = new RememberingSurface([]);
      const controller = new AbortController();
      clock.schedule(700, () => controller.abort());
      const options = { surface, signal: controller.signal, rollbacks };
      const journal = await run(long, { mend: () => 1 }, options);
      expect(journal).toMatchObject({ status: 'interrupted', duration: 0.7 });
      expect(journal.rollbacks).toHaveLength(rollbacks === 'always' ? 1 : 0);
      expect(surface.active.size).toBe(0);
    }
  });

  it('by its caller while the hypothesis is asked before: interrupted, and no failure of the system', async () => {
    const document = experimentOf({ ...hypothesis(probe('well', 'well')), method: [action('break', 'break')] });
    const controller = new AbortController();
    clock.schedule(700, () => controller.abort());
    const well = () => new Promise(() => undefined);
    const journal = await run(document, { well, break: () => 1 }, { signal: controller.signal });
    expect(journal).toMatchObject({ status: 'interrupted', deviated: false, run: [] });
    expect(journal['x-tenstrip'].stopped).toBe('it was aborted by its caller');
  });

  it('by a control', async () => {
    const seen: string[] = [];
    const look = (scope: string) => (moment: Parameters<NonNullable<ExperimentControl['before']>>[0]) => {
      const { level, subject } = moment;
      seen.push(`${scope} ${level}`);
      if (scope === 'before' && (subject as { name?: string }).name === 'never') moment.interrupt('enough');
    };
    const control = { before: look('before'), after: look('after') };
    const failing = {
      before: () => {
        throw new Error('a control that fails, fails alone');
      },
    };
    const document = {
      ...long,
      controls: [{ name: 'failing', provider: { type: 'javascript', module: 'failing' } }],
    };
    const options = { surface: new RememberingSurface([]), controls: [control], controlModules: { failing } };
    const journal = await run(document, { mend: () => 1 }, options);
    expect(journal.status).toBe('interrupted');
    expect(journal['x-tenstrip'].stopped).toBe('enough');
    expect(seen).toEqual([
      'before experiment',
      'before method',
      'before activity',
      'after activity',
      'before activity',
      'after activity',
      'after method',
      'after experiment',
    ]);
  });
});

describe('providers', () => {
  let server: Server;
  let origin: string;
  beforeEach(async () => {
    server = createServer((request, response) => {
      const { url = '', method, headers } = request;
      if (url === '/hang') return;
      if (url === '/moved') response.writeHead(302, { Location: '/json' }).end();
      else if (url === '/json') response.writeHead(200, { 'Content-Type': 'application/json' }).end('{"a":[1,2]}');
      else {
        let body = '';
        request.on('data', (chunk) => (body += chunk));
        request.on('end', () =>
          response
            .writeHead(418, { 'X-Say': 'hi' })
            .end(JSON.stringify({ url, method, body, auth: headers.authorization })),
        );
      }
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  /** In real time: what is outside knows no other. */
  const one = async (provider: object, options: RunExperimentOptions = {}, document: object = {}) => {
    const method = [{ type: 'action', name: 'call', provider }];
    return (await runExperiment(experimentOf({ method, ...document }), options)).run[0];
  };

  it('call web servers, and follow them', async () => {
    expect((await one({ type: 'http', url: `${origin}/moved` }))?.output).toMatchObject({
      status: 200,
      body: { a: [1, 2] },
    });
    const posted = await one({
      type: 'http',
      url: `${origin}/x`,
      method: 'post',
      headers: { 'Content-Type': 'application/json', Authorization: 'b' },
      arguments: { q: 1 },
    });
    expect(posted?.output).toMatchObject({ status: 418, headers: { 'X-Say': 'hi' } });
    const heard = { url: '/x', method: 'POST', body: '{"q":1}', auth: 'b' };
    expect(posted?.output).toMatchObject({ body: JSON.stringify(heard) });
    const asked = await one({ type: 'http', url: `${origin}/y`, arguments: { q: ['1', '2'] } });
    expect(asked?.output).toMatchObject({ body: expect.stringContaining('/y?q=1&q=2') });
  });

  it('end at their time, and say who cannot be reached or may not be', async () => {
    const hang = await one({ type: 'http', url: `${origin}/hang`, timeout: 0.05 });
    expect(hang).toMatchObject({ status: 'failed', exception: ['it took longer than 50 ms'] });
    const nobody = await one({ type: 'http', url: 'http://127.0.0.1:9/', max_retries: 1 });
    expect(nobody?.exception?.[0]).toContain('failed to connect to http://127.0.0.1:9/');
    const denied = await one({ type: 'http', url: `${origin}/json` }, { allow: { http: ['127.0.0.1:9'] } });
    expect(denied?.exception?.[0]).toContain('are not allowed');
    const sleeping = await one({ type: 'process', path: 'sleep', arguments: '1000', timeout: 0.05 });
    expect(sleeping).toMatchObject({ status: 'failed', exception: ['it took longer than 50 ms'] });
  });

  it('run programs without a shell', async () => {
    const output = async (arguments_: unknown) =>
      (await one({ type: 'process', path: 'printf', arguments: arguments_ }))?.output;
    expect(await output(['%s|', 'a b', 7, '', null])).toMatchObject({ status: 0, stdout: 'a b|7|' });
    expect(await output(`'%s|' "a b" c\\ d`)).toMatchObject({ stdout: 'a b|c d|' });
    expect(await output({ '%s|': 'x' })).toMatchObject({ stdout: 'x|' });
    const shell = await one({ type: 'process', path: 'echo', arguments: 'a; rm -rf x' });
    expect(shell?.exception?.[0]).toContain('need a shell for ;');
    expect((await one({ type: 'process', path: 'false' }))?.output).toMatchObject({ status: 1 });
    expect((await one({ type: 'process', path: 'no-such-program' }))?.status).toBe('failed');
    const denied = await one({ type: 'process', path: 'echo' }, { allow: { process: ['true'] } });
    expect(denied?.exception).toEqual(['the program echo is not allowed']);
  });

  const python = requirement(spawnSync('python3', ['-V']).status === 0, 'there is no python3');
  it.skipIf(!python.available)('call functions of Python modules', async () => {
    const mean = { type: 'python', module: 'statistics', func: 'mean', arguments: { data: [1, 3, 4, 4] } };
    expect((await one(mean))?.output).toBe(3);
    expect((await one({ type: 'python', module: 'os.path', func: 'exists', arguments: { path: '/' } }))?.output).toBe(
      true,
    );
    const wrong = await one({ ...mean, arguments: { data: [] } });
    expect(wrong?.exception?.[0]).toContain('StatisticsError');
    expect((await one(mean, { allow: { python: false } }))?.status).toBe('failed');
  });

  it('take no function that was not handed in', async () => {
    for (const [module, func] of [
      ['system', 'toString'],
      ['constructor', 'constructor'],
      ['__proto__', 'toString'],
    ]) {
      const refused = await one({ type: 'javascript', module, func }, { allow: { modules: { system: {} } } });
      expect(refused?.exception?.[0]).toContain('was not handed in');
    }
  });
});

describe('a pattern that backtracks for ever', () => {
  it('ends at its limit', async () => {
    const evil = { type: 'regex', pattern: '^(a+)+$' };
    const document = experimentOf(hypothesis(probe('long', 'long', evil)));
    const journal = await run(document, { long: () => `${'a'.repeat(60)}b` });
    expect(journal.steady_states.before?.probes[0]).toMatchObject({
      tolerance_met: false,
      tolerance_reason: 'the pattern took longer than 1000 ms',
    });
  });
});

describe('an experiment that is none', () => {
  const valid = experimentOf(hypothesis(probe('well', 'well')));
  const broken = (more: object) => ({ ...valid, ...more });
  it.each<[string, unknown]>([
    ['an experiment must be a map', 7],
    ['title must be given', { description: 'x', method: [] }],
    ['description must be given', { title: 'x', method: [] }],
    ['method must be a list, which may be empty', { title: 'x', description: 'y' }],
    [
      'steady-state-hypothesis.probes[0].tolerance.range must have 2 numbers',
      broken(hypothesis(probe('p', 'f', { type: 'range', range: [1] }))),
    ],
    [
      'steady-state-hypothesis.probes[0].tolerance must be given',
      broken(hypothesis({ ...probe('p', 'f'), tolerance: undefined })),
    ],
    ['steady-state-hypothesis.title must be given', broken({ 'steady-state-hypothesis': {} })],
    [
      'method[0].name must be given',
      broken({ method: [{ type: 'action', provider: { type: 'process', path: 'x' } }] }),
    ],
    [
      'method[0].provider.url must be given',
      broken({ method: [{ type: 'action', name: 'x', provider: { type: 'http' } }] }),
    ],
    [
      'method[1].ref names "pizza", and there is no such activity',
      broken({ method: [action('x', 'y'), { ref: 'pizza' }] }),
    ],
    ['method[0].background must be a boolean', broken({ method: [action('x', 'y', { background: 1 })] })],
    [
      'method[0].pauses.after must be a number of seconds, 0 to 86400, or a variable',
      broken({ method: [action('x', 'y', { pauses: { after: 'soon' } })] }),
    ],
    [
      'controls[0].provider.type must be javascript; controls of other languages do not run here',
      broken({ controls: [{ name: 'x', provider: { type: 'python', module: 'm' } }] }),
    ],
    ['x-tenstrip must not have guardrail', broken({ 'x-tenstrip': { guardrail: [] } })],
    [
      'x-tenstrip.guardrails[0].tolerance must be given',
      broken({ 'x-tenstrip': { guardrails: [{ ...probe('x', 'y'), tolerance: undefined }] } }),
    ],
    [
      'method[0].provider must have either a target or targets',
      broken({
        method: [{ type: 'action', name: 'x', provider: { type: 'tenstrip', fault: { kind: 'process.pause' } } }],
      }),
    ],
  ])('says %s', (message, document) => {
    try {
      parseExperiment(document);
      expect.unreachable();
    } catch (error) {
      expect(isTenstripError(error, 'ExperimentInvalid') && error.details.issues).toContain(message);
    }
  });

  it('is read from YAML as from JSON, with no type of another language', () => {
    const yaml =
      'title: t\ndescription: d\nmethod:\n- type: probe\n  name: p\n  provider: {type: process, path: "true"}\n';
    expect(parseExperiment(yaml)).toEqual(parseExperiment(JSON.stringify(parseExperiment(yaml))));
    for (const text of ['{', 'a: [', '!!python/object/apply:os.system [x]', `a: &a [x]\nb: [${'*a, '.repeat(200)}]`]) {
      expect(() => parseExperiment(text)).toThrowError(expect.objectContaining({ code: 'ExperimentInvalid' }));
    }
  });
});
