import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { assert, isTenstripError } from '../../../src/errors/index.js';
import { ResourceGovernor } from '../../../src/governor/index.js';
import { createLogger } from '../../../src/logging/index.js';
import {
  definePlugin,
  defineStrip,
  type MountedStrip,
  type PluginContext,
  PluginRegistry,
} from '../../../src/plugins/index.js';

/** What the registry should know of the one strip: written down from the contract, without any of its mechanics. */
interface Model {
  state: 'absent' | 'active' | 'paused' | 'failed';
  /** The label of the open service. */
  service: string;
  /** Labels whose opening fails. */
  broken: Set<string>;
  closeFails: boolean;
  /** Calls that wait for `resume`. */
  waiting: number;
}

/** The real thing, and a world that asserts that no two services are ever open. */
class Real {
  readonly registry = new PluginRegistry({
    governor: new ResourceGovernor({ logger: createLogger({ level: 'silent' }) }),
  });
  readonly broken = new Set<string>();
  closeFails = false;
  open: string | undefined;
  handle: MountedStrip<Strip['plugins']> | undefined;
  readonly waiting: Promise<string>[] = [];

  strip(label: string) {
    const who = definePlugin({
      name: 'who',
      summary: 'For this test',
      input: z.number(),
      output: z.string(),
      execute: async (turns, { service }: PluginContext<{ label: string }>) => {
        for (let turn = 0; turn < turns; turn++) await undefined;
        assert(this.open === service.label, 'a call ran on a service that is not open');
        return service.label;
      },
    });
    return defineStrip({
      name: 'subject',
      version: 1,
      summary: 'For this test',
      options: z.object({}),
      plugins: [who],
      open: async () => {
        await undefined;
        if (this.broken.has(label)) throw new Error(`${label} is broken`);
        assert(this.open === undefined, 'two services are open');
        this.open = label;
        return { label };
      },
      close: async (service) => {
        assert(this.open === service.label, 'a service is closed twice');
        this.open = undefined;
        await undefined;
        if (this.closeFails) throw new Error('close fails');
      },
    });
  }
}
type Strip = ReturnType<Real['strip']>;
type Command = fc.AsyncCommand<Model, Real>;

async function codeOf(outcome: Promise<unknown>): Promise<string> {
  return outcome.then(
    () => 'ok',
    (error: unknown) => (isTenstripError(error) ? error.code : String(error)),
  );
}

function command(name: string, run: (model: Model, real: Real) => Promise<void>): Command {
  const checked = async (model: Model, real: Real) => {
    await run(model, real);
    expect(real.registry.describe().strips.map(({ state }) => state)).toEqual(
      model.state === 'absent' ? [] : [model.state],
    );
    expect(real.open).toBe(model.state === 'active' || model.state === 'paused' ? model.service : undefined);
  };
  return { check: () => true, run: checked, toString: () => name };
}

const label = fc.constantFrom('a', 'b', 'c');

const mount = label.map((next) =>
  command(`mount ${next}`, async (model, real) => {
    const mounting = real.registry.mount(real.strip(next), {});
    const code = await codeOf(mounting);
    if (model.state !== 'absent') expect(code).toBe('StripDuplicate');
    else if (model.broken.has(next)) expect(code).toBe('PluginFailed');
    else {
      expect(code).toBe('ok');
      real.handle = await mounting;
      Object.assign(model, { state: 'active', service: next });
    }
  }),
);

const replace = fc.tuple(label, fc.nat(3)).map(([next, calls]) =>
  command(`replace ${next} during ${calls} calls`, async (model, real) => {
    const previous = model.service;
    const early = model.state === 'active' ? Array.from({ length: calls }, () => real.handle!.call.who(calls)) : [];
    const replacing = codeOf(real.registry.replace(real.strip(next), {}));
    await undefined;
    const code = await replacing;
    for (const call of early) expect(await call).toBe(previous);
    if (model.state === 'absent') expect(code).toBe('PluginUnknown');
    else if (model.state !== 'active') expect(code).toBe('IllegalTransition');
    else if (model.closeFails) {
      expect(code).toBe('PluginFailed');
      model.state = 'failed';
    } else if (!model.broken.has(next)) {
      expect(code).toBe('ok');
      model.service = next;
    } else {
      expect(code).toBe('PluginFailed');
      if (model.broken.has(previous)) model.state = 'failed';
    }
  }),
);

const call = fc.nat(4).map((turns) =>
  command(`call for ${turns} turns`, async (model, real) => {
    const calling = real.registry.execute('subject/who', turns) as Promise<string>;
    if (model.state === 'paused') {
      real.waiting.push(calling);
      model.waiting++;
    } else if (model.state === 'active') expect(await calling).toBe(model.service);
    else expect(await codeOf(calling)).toBe(model.state === 'absent' ? 'PluginUnknown' : 'StripUnhealthy');
  }),
);

async function drainWaiting(model: Model, real: Real): Promise<void> {
  const answers = await Promise.all(real.waiting.splice(0));
  expect(answers).toEqual(Array.from({ length: model.waiting }, () => model.service));
  model.waiting = 0;
}

const pause = fc.constant(
  command('pause', async (model, real) => {
    if (real.handle === undefined) return;
    if (model.state === 'active') {
      real.handle.pause();
      model.state = 'paused';
    } else expect(() => real.handle!.pause()).toThrow(expect.objectContaining({ code: 'IllegalTransition' }));
  }),
);

const resume = fc.constant(
  command('resume', async (model, real) => {
    if (real.handle === undefined) return;
    if (model.state === 'paused') {
      real.handle.resume();
      model.state = 'active';
      await drainWaiting(model, real);
    } else expect(() => real.handle!.resume()).toThrow(expect.objectContaining({ code: 'IllegalTransition' }));
  }),
);

const unmount = fc.constant(
  command('unmount', async (model, real) => {
    const code = await codeOf(real.registry.unmount('subject'));
    if (model.state === 'absent') expect(code).toBe('PluginUnknown');
    else expect(code).toBe(model.closeFails && model.state !== 'failed' ? 'PluginFailed' : 'ok');
    if (model.state === 'paused') await drainWaiting(model, real);
    model.state = 'absent';
  }),
);

const breakOrMend = label.map((which) =>
  command(`break or mend ${which}`, async (model, real) => {
    for (const broken of [model.broken, real.broken]) if (!broken.delete(which)) broken.add(which);
  }),
);

const breakOrMendClose = fc.constant(
  command('break or mend close', async (model, real) => {
    model.closeFails = !model.closeFails;
    real.closeFails = model.closeFails;
  }),
);

describe('the life cycle of a strip', () => {
  it('follows its model through every mix of mount, call, pause, resume, replace and unmount', async () => {
    const commands = fc.commands(
      [mount, mount, replace, replace, call, call, pause, resume, unmount, breakOrMend, breakOrMendClose],
      { maxCommands: 30 },
    );
    await fc.assert(
      fc.asyncProperty(commands, async (sequence) => {
        const real = new Real();
        const model: Model = { state: 'absent', service: '', broken: new Set(), closeFails: false, waiting: 0 };
        await fc.asyncModelRun(() => ({ model, real }), sequence);
        real.closeFails = false;
        await real.registry[Symbol.asyncDispose]();
        await Promise.all(real.waiting);
        expect(real.open).toBeUndefined();
      }),
      { numRuns: process.env.TENSTRIP_FULL === '1' ? 3000 : 300 },
    );
  });

  it('never has two services open, whatever is asked for at the same time', async () => {
    const request = fc.oneof(
      fc.record({ kind: fc.constantFrom('mount', 'replace'), label }),
      fc.record({ kind: fc.constantFrom('unmount', 'call', 'pause', 'resume'), label: fc.constant('') }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(request, { maxLength: 25 }), fc.subarray(['b', 'c']), async (requests, broken) => {
        const real = new Real();
        for (const which of broken) real.broken.add(which);
        real.handle = await real.registry.mount(real.strip('a'), {});
        const outcomes = requests.map(async ({ kind, label: next }) => {
          if (kind === 'mount') return codeOf(real.registry.mount(real.strip(next), {}));
          if (kind === 'replace') return codeOf(real.registry.replace(real.strip(next), {}));
          if (kind === 'unmount') return codeOf(real.registry.unmount('subject'));
          if (kind === 'call') return codeOf(real.registry.execute('subject/who', 3));
          return codeOf(
            Promise.resolve().then(() => (kind === 'pause' ? real.handle!.pause() : real.handle!.resume())),
          );
        });
        const settled = Promise.all(outcomes);
        // What waits for a resume ends with the registry.
        for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
        await real.registry[Symbol.asyncDispose]();
        const known = ['ok', 'PluginUnknown', 'PluginFailed', 'StripDuplicate', 'StripUnhealthy', 'IllegalTransition'];
        for (const code of await settled) expect(known).toContain(code);
        expect(real.open).toBeUndefined();
      }),
      { numRuns: 200 },
    );
  });
});
