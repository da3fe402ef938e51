import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { TenstripError } from '../../../src/errors/index.js';
import { ResourceGovernor } from '../../../src/governor/index.js';
import { definePlugin, defineStrip, type PluginContext, PluginRegistry } from '../../../src/plugins/index.js';
import { registry, silent } from './silent-registry.js';

/** A counter that can be added to: the smallest service with state. */
class Tally {
  total = 0;
  isOpen = true;
}

const add = definePlugin({
  name: 'add-number',
  summary: 'Adds to the total',
  input: z.object({ by: z.number().int().positive(), note: z.string().default('none') }),
  output: z.object({ total: z.number() }),
  execute: ({ by }, { service }: PluginContext<Tally>) => {
    service.total += by;
    return { total: service.total };
  },
});

const misbehave = definePlugin({
  name: 'misbehave',
  summary: 'Fails in the way asked for',
  input: z.object({ how: z.string(), apiKey: z.string().optional() }),
  output: z.number(),
  execute: ({ how }): number | Promise<number> => {
    const broken = new RangeError('broken inside');
    if (how === 'throw') throw broken;
    if (how === 'reject') return Promise.reject(broken);
    if (how === 'throw own') throw new TenstripError('QueueFull', 'mine', { retryable: true });
    if (how === 'reject own') return Promise.reject(new TenstripError('QueueFull', 'mine', { retryable: true }));
    if (how === 'reject nothing') return Promise.reject(undefined);
    if (how === 'wrong output') return 'text' as never;
    if (how === 'wrong output later') return Promise.resolve('text' as never);
    return 1;
  },
});

const tally = defineStrip({
  name: 'tally',
  version: 2,
  summary: 'Counts',
  options: z.object({ start: z.number().default(0) }),
  plugins: [add, misbehave],
  open: ({ start }) => Object.assign(new Tally(), { total: start }),
  close: (service) => {
    service.isOpen = false;
  },
});

describe('a mounted strip', () => {
  it('answers typed calls and calls by name alike', async () => {
    await using plugins = registry();
    const mounted = await plugins.mount(tally, { start: 5 });
    expect(await mounted.call.addNumber({ by: 2 })).toEqual({ total: 7 });
    expect(await plugins.execute('tally/add-number', { by: 3 })).toEqual({ total: 10 });
    expect(mounted.state).toBe('active');
    expect(mounted.governor.name).toBe('tally');
  });

  it('works on the ungoverned root when no governor is given', async () => {
    await using plugins = new PluginRegistry();
    const mounted = await plugins.mount(tally, {});
    expect(await mounted.call.addNumber({ by: 2 })).toEqual({ total: 2 });
  });

  it('has a node of its own with its own limits and statistics', async () => {
    const governor = new ResourceGovernor({ logger: silent });
    await using plugins = new PluginRegistry({ governor });
    const mounted = await plugins.mount(tally, {}, { maxConcurrency: 3 });
    await mounted.call.addNumber({ by: 1 });
    await mounted.call.misbehave({ how: 'throw' }).catch(() => undefined);
    expect(mounted.governor.limits).toMatchObject({ maxConcurrency: 3 });
    expect(mounted.governor.statistics()).toMatchObject({ admitted: 2, completed: 1, failed: 1 });
    expect(governor.statistics().children.tally).toMatchObject({ admitted: 2 });
  });

  it('refuses wrong limits and stays unmounted', async () => {
    await using plugins = registry();
    await expect(plugins.mount(tally, {}, { maxConcurrency: -1 })).rejects.toMatchObject({
      code: 'GovernorLimitsInvalid',
    });
    await plugins.mount(tally, {});
  });
});

describe('input and output', () => {
  it('lists each wrong path with what was expected, before a permit is taken', async () => {
    await using plugins = registry();
    const mounted = await plugins.mount(tally, {});
    const refused = await plugins
      .execute('tally/add-number', { by: -1.5, note: 7 })
      .catch((error: TenstripError) => error);
    expect(refused).toMatchObject({
      code: 'PluginInputInvalid',
      details: { plugin: 'tally/add-number', problems: [{ path: 'by' }, { path: 'note' }] },
    });
    expect((refused as TenstripError).message).toContain('note: expected string, got 7');
    expect(mounted.governor.statistics().admitted).toBe(0);
  });

  it('does not repeat secrets of the input in the error', async () => {
    await using plugins = registry();
    await plugins.mount(tally, {});
    const refused = await plugins
      .execute('tally/misbehave', { how: 1, apiKey: 12345 })
      .catch((error: unknown) => error);
    expect(JSON.stringify(refused)).not.toContain('12345');
  });

  it('refuses an output that does not fit, at once or later', async () => {
    await using plugins = registry();
    const { call } = await plugins.mount(tally, {});
    for (const how of ['wrong output', 'wrong output later']) {
      await expect(call.misbehave({ how })).rejects.toMatchObject({
        code: 'PluginOutputInvalid',
        message: expect.stringContaining('expected number, got "text"'),
      });
    }
  });

  it('gives the plugin what the schema made of the input, and the caller what it made of the output', async () => {
    await using plugins = registry();
    const seen: unknown[] = [];
    const transform = definePlugin({
      name: 'transform',
      summary: 'For this test',
      input: z.object({ size: z.string().transform(Number), unit: z.string().default('B') }),
      output: z.date().transform((date) => date.toISOString()),
      execute: (input) => {
        seen.push(input);
        return new Date(0);
      },
    });
    const strip = { ...tally, name: 'transforms', plugins: [transform] as const };
    const mounted = await plugins.mount(strip, {});
    expect(await mounted.call.transform({ size: '12' })).toBe('1970-01-01T00:00:00.000Z');
    expect(seen).toEqual([{ size: 12, unit: 'B' }]);
  });

  it('accepts asynchronous schemas', async () => {
    await using plugins = registry();
    const even = z.number().refine(async (value) => value % 2 === 0, 'expected an even number');
    const half = definePlugin({
      name: 'half',
      summary: 'For this test',
      input: even,
      output: even,
      execute: (value) => value / 2,
    });
    const { call } = await plugins.mount({ ...tally, name: 'halves', plugins: [half] as const }, {});
    expect(await call.half(8)).toBe(4);
    await expect(call.half(7)).rejects.toMatchObject({ code: 'PluginInputInvalid' });
    await expect(call.half(6)).rejects.toMatchObject({ code: 'PluginOutputInvalid' });
  });
});

describe('failures of a plugin', () => {
  it.each(['throw', 'reject'])('that are no TenstripError arrive as PluginFailed with the cause: %s', async (how) => {
    await using plugins = registry();
    const { call } = await plugins.mount(tally, {});
    const failure = (await call.misbehave({ how }).catch((error: unknown) => error)) as TenstripError;
    expect(failure).toMatchObject({
      code: 'PluginFailed',
      message: 'tally/misbehave failed: RangeError: broken inside',
    });
    expect(failure.cause).toBeInstanceOf(RangeError);
  });

  it.each(['throw own', 'reject own'])('that are a TenstripError pass as they are: %s', async (how) => {
    await using plugins = registry();
    const { call } = await plugins.mount(tally, {});
    await expect(call.misbehave({ how })).rejects.toMatchObject({
      code: 'QueueFull',
      message: 'mine',
      retryable: true,
    });
  });

  it('are errors even when the plugin rejects with nothing', async () => {
    await using plugins = registry();
    const { call } = await plugins.mount(tally, {});
    await expect(call.misbehave({ how: 'reject nothing' })).rejects.toMatchObject({
      code: 'PluginFailed',
      cause: expect.any(Error),
    });
  });
});

describe('mounting', () => {
  it('refuses a second strip of the same name', async () => {
    await using plugins = registry();
    const results = await Promise.allSettled([plugins.mount(tally, {}), plugins.mount(tally, {})]);
    expect(results[0]!.status).toBe('fulfilled');
    expect(results[1]).toMatchObject({ status: 'rejected', reason: { code: 'StripDuplicate' } });
  });

  it('refuses a definition or options that are wrong, and names each wrong option', async () => {
    await using plugins = registry();
    await expect(plugins.mount({ ...tally, version: 0 }, {})).rejects.toMatchObject({ code: 'StripInvalid' });
    const refusal = plugins.mount(tally, { start: 'zero' as never });
    await expect(refusal).rejects.toMatchObject({ code: 'StripInvalid' });
    await expect(refusal).rejects.toThrow('start: expected number, got "zero"');
    expect(plugins.describe().strips).toEqual([]);
  });

  it('leaves nothing behind when the service does not open, and can be tried again', async () => {
    await using plugins = registry();
    let attempts = 0;
    const flaky = {
      ...tally,
      open: () => {
        if (attempts++ === 0) throw new Error('disk on fire');
        return new Tally();
      },
    };
    await expect(plugins.mount(flaky, {})).rejects.toMatchObject({
      code: 'PluginFailed',
      message: expect.stringContaining('opening tally failed: Error: disk on fire'),
    });
    expect(plugins.describe().strips).toEqual([]);
    const mounted = await plugins.mount(flaky, {});
    expect(await mounted.call.addNumber({ by: 1 })).toEqual({ total: 1 });
  });

  it('wants required strips in the required version, and keeps them mounted', async () => {
    await using plugins = registry();
    const needy = { ...tally, name: 'needy', requiresStrips: { tally: 2 } };
    await expect(plugins.mount(needy, {})).rejects.toThrow('needy requires tally version 2 (not mounted)');
    await plugins.mount({ ...tally, version: 1 }, {});
    await expect(plugins.mount(needy, {})).rejects.toThrow('tally version 2 (mounted is version 1)');
    await plugins.replace(tally, {});
    await plugins.mount(needy, {});
    for (const act of [() => plugins.unmount('tally'), () => plugins.replace({ ...tally, version: 3 }, {})]) {
      await expect(act()).rejects.toMatchObject({ code: 'StripRequirementUnmet', details: { dependents: ['needy'] } });
    }
    await plugins.unmount('needy');
    await plugins.unmount('tally');
  });
});

describe('paths', () => {
  it.each([
    ['tally/add-nmuber', 'did you mean add-number?'],
    ['taly/add-number', 'did you mean tally/add-number?'],
    ['add-number', 'known are'],
    ['', 'known are'],
    ['/', 'known are'],
    ['constructor/__proto__', 'known are'],
    ['tally/__proto__', 'known are'],
  ])('%j is unknown and the error helps', async (path, advice) => {
    await using plugins = registry();
    await plugins.mount(tally, {});
    const refused = plugins.execute(path as 'a/b', {});
    await expect(refused).rejects.toMatchObject({ code: 'PluginUnknown' });
    await expect(refused).rejects.toThrow(advice);
  });
});

describe('pause and unmount', () => {
  it('holds calls while paused and runs them in order afterwards', async () => {
    await using plugins = registry();
    const mounted = await plugins.mount(tally, {});
    mounted.pause();
    const calls = [1, 2, 3].map((by) => mounted.call.addNumber({ by }));
    await new Promise(setImmediate);
    expect(mounted.state).toBe('paused');
    expect(mounted.governor.statistics().completed).toBe(0);
    mounted.resume();
    expect(await Promise.all(calls)).toEqual([{ total: 1 }, { total: 3 }, { total: 6 }]);
  });

  it('refuses transitions that make no sense and says what would', async () => {
    await using plugins = registry();
    const mounted = await plugins.mount(tally, {});
    expect(() => mounted.resume()).toThrow('tally is active and cannot become active');
    mounted.pause();
    expect(() => mounted.pause()).toThrow(expect.objectContaining({ code: 'IllegalTransition' }));
    await expect(plugins.replace(tally, {})).rejects.toMatchObject({ code: 'IllegalTransition' });
    await mounted.unmount();
    expect(() => mounted.resume()).toThrow('mount it again');
    await expect(mounted.unmount()).rejects.toMatchObject({ code: 'IllegalTransition' });
    await expect(plugins.unmount('tally')).rejects.toMatchObject({ code: 'PluginUnknown' });
  });

  it('lets running and waiting calls end on an open service, then closes it once', async () => {
    await using plugins = registry();
    const events: string[] = [];
    let finish: (() => void) | undefined;
    const slow = definePlugin({
      name: 'slow',
      summary: 'For this test',
      input: z.number(),
      output: z.boolean(),
      execute: async (_, { service }: PluginContext<Tally>) => {
        await new Promise<void>((resolve) => {
          finish = resolve;
        });
        return service.isOpen;
      },
    });
    const strip = defineStrip({
      name: 'slow',
      version: 1,
      summary: 'For this test',
      options: z.object({}),
      plugins: [slow],
      open: () => new Tally(),
      close: (service) => {
        service.isOpen = false;
        events.push('closed');
      },
    });
    const mounted = await plugins.mount(strip, {});
    const call = mounted.call.slow(1).then((wasOpen) => events.push(`ended, open: ${wasOpen}`));
    await new Promise(setImmediate);
    const unmounted = mounted.unmount();
    await new Promise(setImmediate);
    await expect(mounted.call.slow(2)).rejects.toMatchObject({ code: 'StripUnhealthy' });
    finish!();
    await Promise.all([call, unmounted]);
    expect(events).toEqual(['ended, open: true', 'closed']);
    expect(mounted.state).toBe('unloaded');
    expect(mounted.governor.state).toBe('closed');
    await expect(mounted.call.slow(3)).rejects.toThrow('slow is unloaded; mount it again');
  });

  it('unmounts a paused strip: what waits is let through first', async () => {
    await using plugins = registry();
    const mounted = await plugins.mount(tally, {});
    mounted.pause();
    const waiting = mounted.call.addNumber({ by: 4 });
    await mounted.unmount();
    expect(await waiting).toEqual({ total: 4 });
  });

  it('is gone although its service could not be closed, and the caller learns why', async () => {
    await using plugins = registry();
    const stuck = {
      ...tally,
      close: () => {
        throw new Error('still in use');
      },
    };
    const mounted = await plugins.mount(stuck, {});
    await expect(mounted.unmount()).rejects.toMatchObject({ code: 'PluginFailed', cause: new Error('still in use') });
    expect(mounted.state).toBe('unloaded');
    await plugins.mount(tally, {});
  });

  it('disposes last mounted first, all of them, and mounts nothing afterwards', async () => {
    const plugins = registry();
    const closed: string[] = [];
    for (const name of ['one', 'two', 'three']) {
      const close = () => {
        closed.push(name);
        if (name === 'two') throw new Error('two is stuck');
      };
      await plugins.mount({ ...tally, name, close }, {});
    }
    await expect(plugins[Symbol.asyncDispose]()).rejects.toThrow('closing two failed: Error: two is stuck');
    expect(closed).toEqual(['three', 'two', 'one']);
    await expect(plugins.mount(tally, {})).rejects.toMatchObject({ code: 'IllegalTransition' });
    await plugins[Symbol.asyncDispose]();
  });

  it('disposes no strip before those that require it, and ends when they require each other', async () => {
    const closed: string[] = [];
    const named = (name: string, requiresStrips: Record<string, number>) => ({
      ...tally,
      name,
      requiresStrips,
      close: () => void closed.push(name),
    });
    const plugins = registry();
    await plugins.mount(named('first', {}), {});
    await plugins.mount(named('second', {}), {});
    await plugins.replace(named('first', { second: 2 }), {});
    await plugins[Symbol.asyncDispose]();
    expect(closed).toEqual(['first', 'first', 'second']);

    const circular = registry();
    await circular.mount(named('first', {}), {});
    await circular.mount(named('second', { first: 2 }), {});
    await circular.replace(named('first', { second: 2 }), {});
    await circular[Symbol.asyncDispose]();
    expect(closed.slice(3).sort()).toEqual(['first', 'first', 'second']);
  });

  it('is disposed by `using`, also after an unmount by hand', async () => {
    await using plugins = registry();
    let kept: { state: string };
    {
      await using mounted = await plugins.mount(tally, {});
      kept = mounted;
    }
    expect(kept.state).toBe('unloaded');
    await using again = await plugins.mount(tally, {});
    await again.unmount();
  });
});

describe('describe and health', () => {
  it('describes everything as JSON Schema', async () => {
    await using plugins = registry();
    await plugins.mount(tally, {});
    expect(JSON.parse(JSON.stringify(plugins.describe()))).toMatchObject({
      strips: [
        {
          name: 'tally',
          version: 2,
          summary: 'Counts',
          state: 'active',
          options: { type: 'object', properties: { start: { type: 'number', default: 0 } } },
          plugins: [
            {
              name: 'add-number',
              summary: 'Adds to the total',
              input: {
                $schema: 'https://json-schema.org/draft/2020-12/schema',
                type: 'object',
                properties: { by: { type: 'integer', exclusiveMinimum: 0 } },
                required: ['by'],
              },
              output: { type: 'object', required: ['total'] },
              capabilities: [],
              requires: [],
            },
            { name: 'misbehave' },
          ],
        },
      ],
    });
  });

  it('tries each probe and names the failing ones', async () => {
    await using plugins = registry();
    const probed = (name: string, health: () => Promise<void>) =>
      definePlugin({
        name,
        summary: 'For this test',
        input: z.void(),
        output: z.void(),
        execute: () => undefined,
        health,
      });
    const sick = [
      probed('well', async () => undefined),
      probed('rejects', () => Promise.reject(new Error('no pulse'))),
      probed('throws', () => {
        throw new TenstripError('LogUnavailable', 'disk full');
      }),
    ];
    await plugins.mount(tally, {});
    await plugins.mount({ ...tally, name: 'sick', plugins: sick }, {});
    const health = await plugins.health();
    expect(health.tally).toBe('healthy');
    expect(health.sick).toMatchObject({
      unhealthy: {
        code: 'StripUnhealthy',
        details: { plugins: { rejects: { code: 'PluginFailed' }, throws: { code: 'LogUnavailable' } } },
      },
    });
    expect(JSON.stringify(health.sick)).not.toContain('"well"');
  });

  it('calls a paused strip unhealthy instead of waiting for it', async () => {
    await using plugins = registry();
    const mounted = await plugins.mount(tally, {});
    mounted.pause();
    expect(await plugins.health()).toMatchObject({ tally: { unhealthy: { message: 'tally is paused; resume it' } } });
  });
});

describe('capabilities', () => {
  const reading = definePlugin({
    name: 'reading',
    summary: 'For this test',
    input: z.enum(['fs.read', 'net', 'env']),
    output: z.boolean(),
    capabilities: ['fs.read'],
    optionalCapabilities: ['net'],
    execute: (capability, op) => op.use(capability) !== undefined,
  });
  const strip = { ...tally, name: 'reader', plugins: [reading] as const };

  it('that a plugin needs are checked when it is mounted', async () => {
    await using plugins = new PluginRegistry({
      governor: new ResourceGovernor({ logger: silent, sandbox: { grants: {} } }),
    });
    await expect(plugins.mount(strip, {})).rejects.toMatchObject({
      code: 'CapabilityDenied',
      details: { plugin: 'reading', capability: 'fs.read' },
    });
  });

  it('that it may need are checked when it uses them, and undeclared ones are denied though granted', async () => {
    const grants = { 'fs.read': ['/tmp'], env: ['HOME'] };
    await using plugins = new PluginRegistry({
      governor: new ResourceGovernor({ logger: silent, sandbox: { grants } }),
    });
    const { call } = await plugins.mount(strip, {});
    expect(await call.reading('fs.read')).toBe(true);
    await expect(call.reading('net')).rejects.toMatchObject({ code: 'CapabilityDenied' });
    await expect(call.reading('env')).rejects.toThrow('reader/reading did not declare env');
  });
});

describe('nested calls', () => {
  const relay = definePlugin({
    name: 'relay',
    summary: 'Calls another plugin',
    input: z.object({ path: z.string(), input: z.unknown() }),
    output: z.unknown(),
    execute: ({ path, input }, op) => op.call(path, input),
  });

  it('run under the permit of the caller: no second slot is needed', async () => {
    await using plugins = new PluginRegistry({ governor: new ResourceGovernor({ logger: silent, maxConcurrency: 1 }) });
    await plugins.mount(tally, {});
    const { call } = await plugins.mount(
      { ...tally, name: 'relay', plugins: [relay] as const },
      {},
      { maxConcurrency: 1 },
    );
    expect(await call.relay({ path: 'tally/add-number', input: { by: 3 } })).toEqual({ total: 3 });
  });

  it('pass errors through as they are, unknown paths included', async () => {
    await using plugins = registry();
    await plugins.mount(tally, {});
    const { call } = await plugins.mount({ ...tally, name: 'relay', plugins: [relay] as const }, {});
    await expect(call.relay({ path: 'tally/add-number', input: {} })).rejects.toMatchObject({
      code: 'PluginInputInvalid',
    });
    await expect(call.relay({ path: 'none/none', input: {} })).rejects.toMatchObject({ code: 'PluginUnknown' });
    const failing = call.relay({ path: 'tally/misbehave', input: { how: 'throw' } });
    await expect(failing).rejects.toThrow('tally/misbehave failed');
  });

  it('end at 32 when plugins call each other in a circle', async () => {
    await using plugins = registry();
    let depth = 0;
    const circle = definePlugin({
      name: 'circle',
      summary: 'For this test',
      input: z.void(),
      output: z.unknown(),
      execute: (_, op) => {
        depth++;
        return op.call('circle/circle', undefined);
      },
    });
    const { call } = await plugins.mount({ ...tally, name: 'circle', plugins: [circle] as const }, {});
    await expect(call.circle()).rejects.toThrow('do plugins call each other in a circle?');
    expect(depth).toBe(32);
  });

  it('wait while the strip they call is paused', async () => {
    await using plugins = registry();
    const target = await plugins.mount(tally, {});
    const { call } = await plugins.mount({ ...tally, name: 'relay', plugins: [relay] as const }, {});
    target.pause();
    const ended: string[] = [];
    const nested = call.relay({ path: 'tally/add-number', input: { by: 1 } }).then(() => ended.push('nested'));
    await new Promise(setImmediate);
    expect(ended).toEqual([]);
    target.resume();
    await nested;
    expect(ended).toEqual(['nested']);
  });
});
