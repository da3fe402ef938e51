import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { VirtualClock } from '../../../src/determinism/index.js';
import { ResourceGovernor } from '../../../src/governor/index.js';
import { definePlugin, defineStrip, PluginRegistry } from '../../../src/plugins/index.js';
import { silent } from './silent-registry.js';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const never = new Promise<never>(() => undefined);

/** A registry on a clock that only the test moves. */
function registryOn(clock: VirtualClock, serviceDeadlineMs?: number): PluginRegistry {
  const governor = new ResourceGovernor({ logger: silent, clock });
  return new PluginRegistry({ governor, ...(serviceDeadlineMs === undefined ? {} : { serviceDeadlineMs }) });
}

/** A strip whose one plugin does `act`. */
function stripOf(
  name: string,
  service: { open?: () => unknown; close?: () => unknown; requiresStrips?: Record<string, number> } = {},
  act: () => unknown = () => undefined,
) {
  const run = definePlugin({ name: 'run', summary: 'Acts', input: z.void(), output: z.unknown(), execute: act });
  return defineStrip({
    name,
    version: 1,
    summary: 'For this test',
    options: z.object({}),
    plugins: [run],
    open: async () => service.open?.(),
    close: async () => void (await service.close?.()),
    ...(service.requiresStrips === undefined ? {} : { requiresStrips: service.requiresStrips }),
  });
}

describe('a service that does not open', () => {
  it('blocks no other strip, refuses its duplicate at once, and is given up after 30 s', async () => {
    const clock = new VirtualClock();
    const plugins = registryOn(clock);
    const hanging = plugins.mount(stripOf('hangs', { open: () => never }), {});
    const late = expect(hanging).rejects.toMatchObject({
      code: 'StripUnhealthy',
      message: expect.stringContaining('hangs did not open within 30000 ms'),
    });
    await turn();
    await plugins.mount(stripOf('other'), {});
    await expect(plugins.mount(stripOf('hangs'), {})).rejects.toMatchObject({ code: 'StripDuplicate' });
    await clock.advance(29_999);
    expect(plugins.describe().strips.map(({ state }) => state)).toEqual(['loaded', 'active']);
    await clock.advance(1);
    await late;
    await plugins.mount(stripOf('hangs'), {});
    await plugins[Symbol.asyncDispose]();
  });

  it('does not hold up the end of its registry for longer', async () => {
    const clock = new VirtualClock();
    const plugins = registryOn(clock, 100);
    const late = expect(plugins.mount(stripOf('hangs', { open: () => never }), {})).rejects.toThrow('within 100 ms');
    await turn();
    const disposed = plugins[Symbol.asyncDispose]();
    await turn();
    await clock.advance(100);
    await Promise.all([late, disposed]);
  });

  it('is closed when it opens after all', async () => {
    const clock = new VirtualClock();
    const plugins = registryOn(clock, 100);
    let open: ((service: unknown) => void) | undefined;
    const closed: string[] = [];
    const opening = new Promise((resolve) => {
      open = resolve;
    });
    const strip = stripOf('slow', { open: () => opening, close: () => closed.push('closed') });
    const late = expect(plugins.mount(strip, {})).rejects.toMatchObject({ code: 'StripUnhealthy' });
    await turn();
    await clock.advance(100);
    await late;
    expect(closed).toEqual([]);
    open!('service');
    await turn();
    expect(closed).toEqual(['closed']);
  });

  it('leaves its place failed when it was to replace another: two services are never open at once', async () => {
    const clock = new VirtualClock();
    const plugins = registryOn(clock, 100);
    const mounted = await plugins.mount(stripOf('store'), {});
    const replaced = plugins.replace(stripOf('store', { open: () => never }), {});
    const late = expect(replaced).rejects.toMatchObject({ code: 'StripUnhealthy' });
    await turn();
    await clock.advance(100);
    await late;
    expect(mounted.state).toBe('failed');
    await mounted.unmount();
  });
});

describe('a service that does not close', () => {
  it('is left behind in time, and the error says which', async () => {
    const clock = new VirtualClock();
    const plugins = registryOn(clock);
    const mounted = await plugins.mount(stripOf('sticks', { close: () => never }), {});
    const unmounted = expect(mounted.unmount()).rejects.toThrow('sticks did not close within 30000 ms');
    await turn();
    await clock.advance(30_000);
    await unmounted;
    expect(mounted.state).toBe('unloaded');
  });
});

describe('strips that open at the same time', () => {
  it('wait for those that they require, and only for those', async () => {
    await using plugins = registryOn(new VirtualClock());
    let open: (() => void) | undefined;
    const opening = new Promise<void>((resolve) => {
      open = resolve;
    });
    const events: string[] = [];
    const noted = (name: string) => () => events.push(name);
    const base = plugins.mount(stripOf('base', { open: () => opening }), {}).then(noted('base'));
    const needy = plugins.mount(stripOf('needy', { requiresStrips: { base: 1 } }), {}).then(noted('needy'));
    await plugins.mount(stripOf('free'), {}).then(noted('free'));
    open!();
    await Promise.all([base, needy]);
    expect(events).toEqual(['free', 'base', 'needy']);
  });

  it('are both refused when each requires the other', async () => {
    await using plugins = registryOn(new VirtualClock());
    const both = await Promise.allSettled([
      plugins.mount(stripOf('one', { requiresStrips: { two: 1 } }), {}),
      plugins.mount(stripOf('two', { requiresStrips: { one: 1 } }), {}),
    ]);
    for (const outcome of both) expect(outcome).toMatchObject({ reason: { code: 'StripRequirementUnmet' } });
  });

  it('may mount others from inside open, which go after them', async () => {
    const plugins = registryOn(new VirtualClock());
    const closed: string[] = [];
    const inner = stripOf('inner', { close: () => closed.push('inner') });
    await plugins.mount(
      stripOf('outer', { open: () => plugins.mount(inner, {}), close: () => closed.push('outer') }),
      {},
    );
    expect(plugins.describe().strips.map(({ name }) => name)).toEqual(['inner', 'outer']);
    await plugins[Symbol.asyncDispose]();
    expect(closed).toEqual(['outer', 'inner']);
  });

  it('are refused from inside open when they would wait for it', async () => {
    await using plugins = registryOn(new VirtualClock());
    const inner = stripOf('inner', { requiresStrips: { outer: 1 } });
    const outer = stripOf('outer', { open: () => plugins.mount(inner, {}) });
    await expect(plugins.mount(outer, {})).rejects.toMatchObject({
      code: 'IllegalTransition',
      message: expect.stringContaining('would wait for itself'),
    });
    const again = stripOf('again', { open: (): unknown => plugins.mount(again, {}) });
    await expect(plugins.mount(again, {})).rejects.toMatchObject({ code: 'StripDuplicate' });
  });
});

describe('a strip that would take itself down', () => {
  it.each<[string, (plugins: PluginRegistry) => Promise<unknown>]>([
    ['unmount', (plugins) => plugins.unmount('self')],
    ['replace', (plugins) => plugins.replace(stripOf('self'), {})],
    ['dispose', (plugins) => plugins[Symbol.asyncDispose]()],
  ])('is refused at once: %s', async (_, act) => {
    await using plugins = registryOn(new VirtualClock());
    const { call } = await plugins.mount(
      stripOf('self', {}, () => act(plugins)),
      {},
    );
    await expect(call.run()).rejects.toMatchObject({
      code: 'IllegalTransition',
      message: expect.stringContaining('from inside its own code'),
    });
    await plugins.mount(
      stripOf('other', {}, () => plugins.unmount('self')),
      {},
    );
    await plugins.execute('other/run', undefined);
  });

  it('is refused while it opens and while it closes', async () => {
    const plugins = registryOn(new VirtualClock());
    const opening = stripOf('self', { open: () => plugins.unmount('self') });
    await expect(plugins.mount(opening, {})).rejects.toMatchObject({ code: 'IllegalTransition' });
    await plugins.mount(stripOf('self', { close: () => plugins.unmount('self') }), {});
    await expect(plugins.unmount('self')).rejects.toMatchObject({ code: 'IllegalTransition' });
  });
});

describe('a call that never ends', () => {
  it('holds the process until its strip has given it up, aborted it and closed the service', async () => {
    const clock = new VirtualClock();
    const plugins = registryOn(clock);
    let closed = false;
    const close = () => {
      closed = true;
    };
    const mounted = await plugins.mount(
      stripOf('hangs', { close }, () => never),
      {},
    );
    void mounted.call.run(undefined);
    const unmounted = mounted.unmount();
    await turn();
    expect(clock.pending).toEqual({ timers: 1, awaited: 1 });
    await clock.advance(31_000);
    await unmounted;
    expect(closed).toBe(true);
  });
});

describe('a probe that ignores its abort', () => {
  it('is called unhealthy after 10 s', async () => {
    const clock = new VirtualClock();
    await using plugins = registryOn(clock);
    const plugin = definePlugin({
      name: 'probed',
      summary: 'Hangs',
      input: z.void(),
      output: z.void(),
      execute: () => undefined,
      health: () => never,
    });
    await plugins.mount({ ...stripOf('hangs'), plugins: [plugin] as const }, {});
    const health = plugins.health();
    await turn();
    await clock.advance(10_000);
    expect(await health).toMatchObject({
      hangs: { unhealthy: { code: 'StripUnhealthy', details: { plugins: { probed: { code: 'DeadlineExceeded' } } } } },
    });
  });
});

describe('what is no name or no time', () => {
  it.each([undefined, null, 5, {}])('is an unknown plugin or strip: %j', async (given) => {
    await using plugins = registryOn(new VirtualClock());
    await expect(plugins.execute(given as never, {})).rejects.toMatchObject({ code: 'PluginUnknown' });
    await expect(plugins.unmount(given as never)).rejects.toMatchObject({ code: 'PluginUnknown' });
  });

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, '5'])('is refused as a deadline: %j', (given) => {
    expect(() => new PluginRegistry({ serviceDeadlineMs: given as number })).toThrow('serviceDeadlineMs is');
  });
});
