import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { VirtualClock } from '../../../src/determinism/index.js';
import { assert } from '../../../src/errors/index.js';
import { ResourceGovernor } from '../../../src/governor/index.js';
import { definePlugin, defineStrip, type PluginContext, PluginRegistry } from '../../../src/plugins/index.js';
import { registry, silent } from './silent-registry.js';

/** A store that asserts what a ledger needs: one writer at a time, no write to a closed writer. */
class SingleWriterStore {
  readonly entries: string[] = [];
  #writer: Writer | undefined;
  opened = 0;

  open(label: string): Writer {
    assert(this.#writer === undefined, 'a second writer was opened');
    this.opened++;
    this.#writer = new Writer(this, label);
    return this.#writer;
  }

  close(writer: Writer): void {
    assert(this.#writer === writer, 'a writer was closed that is not open');
    assert(writer.writing === 0, 'a writer was closed while it writes');
    this.#writer = undefined;
  }

  get isOpen(): boolean {
    return this.#writer !== undefined;
  }

  write(writer: Writer, entry: string): void {
    assert(this.#writer === writer, 'a closed writer writes');
    this.entries.push(`${writer.label}:${entry}`);
  }
}

class Writer {
  writing = 0;
  readonly store: SingleWriterStore;
  readonly label: string;

  constructor(store: SingleWriterStore, label: string) {
    this.store = store;
    this.label = label;
  }

  async append(entry: string, pause: () => Promise<void>): Promise<string> {
    this.writing++;
    await pause();
    this.store.write(this, entry);
    this.writing--;
    return this.label;
  }
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

function storeStrip(store: SingleWriterStore, label: string, pause: () => Promise<void> = turn) {
  const append = definePlugin({
    name: 'append',
    summary: 'For this test',
    input: z.string(),
    output: z.string(),
    execute: (entry, { service }: PluginContext<Writer>) => service.append(entry, pause),
  });
  return defineStrip({
    name: 'store',
    version: 1,
    summary: 'For this test',
    options: z.object({ fails: z.boolean().default(false) }),
    plugins: [append],
    open: async ({ fails }) => {
      await turn();
      if (fails) throw new Error(`${label} does not open`);
      return store.open(label);
    },
    close: async (writer) => {
      await turn();
      store.close(writer);
    },
  });
}

describe('replacement', () => {
  it('ends calls under way on the old service, holds new ones, and never has two writers', async () => {
    const store = new SingleWriterStore();
    await using plugins = registry();
    const old = await plugins.mount(storeStrip(store, 'old'), {});
    const before = ['a', 'b', 'c'].map((entry) => old.call.append(entry));
    const replaced = plugins.replace(storeStrip(store, 'new'), {});
    await turn();
    const during = ['d', 'e'].map((entry) => old.call.append(entry));
    const next = await replaced;
    expect(await Promise.all(before)).toEqual(['old', 'old', 'old']);
    expect(await Promise.all(during)).toEqual(['new', 'new']);
    expect(await next.call.append('f')).toBe('new');
    expect(store.entries).toEqual(['old:a', 'old:b', 'old:c', 'new:d', 'new:e', 'new:f']);
    expect(next.state).toBe('active');
    expect(old.state).toBe('active');
  });

  it('opens the old strip again when the new one does not open; nothing is lost', async () => {
    const store = new SingleWriterStore();
    await using plugins = registry();
    const old = await plugins.mount(storeStrip(store, 'old'), {});
    const replaced = plugins.replace(storeStrip(store, 'new'), { fails: true });
    const held = turn().then(() => old.call.append('held'));
    await expect(replaced).rejects.toMatchObject({ code: 'PluginFailed', cause: new Error('new does not open') });
    expect(await held).toBe('old');
    expect(store.opened).toBe(2);
    expect(old.state).toBe('active');
  });

  it('fails for good when neither opens, says both reasons, and can be unmounted and mounted again', async () => {
    const store = new SingleWriterStore();
    await using plugins = registry();
    let isBroken = false;
    const strip = storeStrip(store, 'old');
    const breaking = defineStrip({
      ...strip,
      open: (options, governor) => {
        assert(!isBroken, 'the disk is gone');
        return strip.open(options, governor);
      },
    });
    const mounted = await plugins.mount(breaking, {});
    isBroken = true;
    const replaced = plugins.replace(storeStrip(store, 'new'), { fails: true });
    const held = turn().then(() => mounted.call.append('held'));
    await expect(replaced).rejects.toMatchObject({ code: 'PluginFailed' });
    await expect(held).rejects.toMatchObject({ code: 'StripUnhealthy', cause: { code: 'PluginFailed' } });
    expect(mounted.state).toBe('failed');
    const { store: health } = await plugins.health();
    expect(JSON.stringify(health)).toContain('new does not open');
    expect(JSON.stringify(health)).toContain('the disk is gone');
    await expect(plugins.replace(strip, {})).rejects.toMatchObject({ code: 'IllegalTransition' });
    await mounted.unmount();
    const again = await plugins.mount(strip, {});
    expect(await again.call.append('x')).toBe('old');
  });

  it('does not open a second writer when the first could not be closed', async () => {
    const store = new SingleWriterStore();
    await using plugins = registry();
    const strip = storeStrip(store, 'old');
    const stuck = defineStrip({ ...strip, close: () => Promise.reject(new Error('stuck')) });
    const mounted = await plugins.mount(stuck, {});
    await expect(plugins.replace(storeStrip(store, 'new'), {})).rejects.toThrow('closing store failed: Error: stuck');
    expect(store.opened).toBe(1);
    expect(mounted.state).toBe('failed');
  });

  it('checks the new strip before it touches the old one', async () => {
    const store = new SingleWriterStore();
    await using plugins = registry();
    await plugins.mount(storeStrip(store, 'old'), {});
    const strip = storeStrip(store, 'new');
    await expect(plugins.replace(strip, { fails: 'no' as never })).rejects.toMatchObject({ code: 'StripInvalid' });
    const needy = { ...strip, requiresStrips: { other: 1 } };
    await expect(plugins.replace(needy, {})).rejects.toMatchObject({ code: 'StripRequirementUnmet' });
    await expect(plugins.replace({ ...strip, name: 'stor' }, {})).rejects.toThrow('did you mean store?');
    expect(store.opened).toBe(1);
  });

  it('holds at most maxQueue calls, and lets held ones be aborted or run out of time', async () => {
    const store = new SingleWriterStore();
    await using plugins = registry();
    let finish: (() => void) | undefined;
    const pause = () =>
      new Promise<void>((resolve) => {
        finish = resolve;
      });
    const mounted = await plugins.mount(storeStrip(store, 'old', pause), {}, { maxQueue: 2 });
    const running = mounted.call.append('running');
    await turn();
    const replaced = plugins.replace(storeStrip(store, 'new'), {});
    await turn();
    const abort = new AbortController();
    const aborted = mounted.call.append('aborted', { signal: abort.signal });
    const expired = mounted.call.append('expired', { deadlineMs: 5 });
    await expect(mounted.call.append('too many')).rejects.toMatchObject({ code: 'QueueFull', retryable: true });
    abort.abort(new Error('changed my mind'));
    await expect(aborted).rejects.toMatchObject({ code: 'OperationAborted', cause: new Error('changed my mind') });
    await expect(expired).rejects.toMatchObject({ code: 'DeadlineExceeded' });
    const held = mounted.call.append('held');
    finish!();
    await replaced;
    expect([await running, await held]).toEqual(['old', 'new']);
  });

  it('tells a caller that its plugin is gone in the new strip', async () => {
    const store = new SingleWriterStore();
    await using plugins = registry();
    const old = await plugins.mount(storeStrip(store, 'old'), {});
    const strip = storeStrip(store, 'new');
    const renamed = definePlugin({ ...strip.plugins[0]!, name: 'append-entry' });
    const next = await plugins.replace({ ...strip, plugins: [renamed] as const }, {});
    await expect(old.call.append('x')).rejects.toMatchObject({ code: 'PluginUnknown' });
    expect(await next.call.appendEntry('x')).toBe('new');
  });

  it('refuses to be paused or resumed while it lasts', async () => {
    const store = new SingleWriterStore();
    await using plugins = registry();
    const mounted = await plugins.mount(storeStrip(store, 'old'), {});
    const replaced = plugins.replace(storeStrip(store, 'new'), {});
    await turn();
    expect(() => mounted.pause()).toThrow('store is replacing and cannot pause');
    await replaced;
    mounted.pause();
    mounted.resume();
  });

  it('does not wait for itself: a call under way may call its own strip', async () => {
    await using plugins = registry();
    let go: (() => void) | undefined;
    const inner = definePlugin({
      name: 'inner',
      summary: 'For this test',
      input: z.void(),
      output: z.string(),
      execute: () => 'inner',
    });
    const outer = definePlugin({
      name: 'outer',
      summary: 'For this test',
      input: z.void(),
      output: z.unknown(),
      execute: async (_, op) => {
        await new Promise<void>((resolve) => {
          go = resolve;
        });
        return op.call('self/inner', undefined);
      },
    });
    const strip = defineStrip({
      name: 'self',
      version: 1,
      summary: 'For this test',
      options: z.object({}),
      plugins: [outer, inner],
      open: () => undefined,
    });
    const { call } = await plugins.mount(strip, {});
    const outcome = call.outer();
    await turn();
    const replaced = plugins.replace(strip, {});
    await turn();
    go!();
    expect(await outcome).toBe('inner');
    await replaced;
  });

  it('runs one after the other, however many are asked for at once', async () => {
    const store = new SingleWriterStore();
    await using plugins = registry();
    const mounted = await plugins.mount(storeStrip(store, '0'), {});
    const labels = ['1', '2', '3', '4'];
    const calls: Promise<string>[] = [];
    const replacements = labels.map((label) => {
      calls.push(mounted.call.append(label));
      return plugins.replace(storeStrip(store, label), {});
    });
    await Promise.all(replacements);
    await Promise.all(calls);
    expect(store.opened).toBe(5);
    expect(await mounted.call.append('last')).toBe('4');
    expect(store.entries).toHaveLength(5);
  });

  it('gives up after 30 s when calls do not end: the old strip goes on, nothing was closed', async () => {
    const store = new SingleWriterStore();
    const clock = new VirtualClock();
    await using plugins = new PluginRegistry({ governor: new ResourceGovernor({ logger: silent, clock }) });
    let finish: (() => void) | undefined;
    const pause = () =>
      new Promise<void>((resolve) => {
        finish = resolve;
      });
    const mounted = await plugins.mount(storeStrip(store, 'old', pause), {});
    const running = mounted.call.append('running');
    const replaced = plugins.replace(storeStrip(store, 'new'), {});
    const refused = expect(replaced).rejects.toMatchObject({ code: 'DeadlineExceeded', details: { calls: 1 } });
    await turn();
    await clock.advance(30_000);
    await refused;
    finish!();
    expect(await running).toBe('old');
    expect([store.opened, store.isOpen, mounted.state]).toEqual([1, true, 'active']);
  });

  it('aborts calls that do not end 30 s after unmount, then closes the service', async () => {
    const clock = new VirtualClock();
    await using plugins = new PluginRegistry({ governor: new ResourceGovernor({ logger: silent, clock }) });
    const events: string[] = [];
    const endless = definePlugin({
      name: 'endless',
      summary: 'For this test',
      input: z.void(),
      output: z.void(),
      execute: async (_, op) => {
        await new Promise<void>((resolve) => {
          op.signal.addEventListener('abort', () => resolve());
        });
        events.push('aborted');
        op.throwIfStopped();
      },
    });
    const strip = defineStrip({
      name: 'endless',
      version: 1,
      summary: 'For this test',
      options: z.object({}),
      plugins: [endless],
      open: () => undefined,
      close: () => {
        events.push('closed');
      },
    });
    const mounted = await plugins.mount(strip, {});
    const call = expect(mounted.call.endless()).rejects.toMatchObject({ code: 'OperationAborted' });
    const unmounted = mounted.unmount();
    await turn();
    await clock.advance(29_999);
    expect(events).toEqual([]);
    await clock.advance(1);
    await turn();
    await clock.advance(1000);
    await Promise.all([call, unmounted]);
    expect(events).toEqual(['aborted', 'closed']);
  });
});

describe('a health probe', () => {
  /** A store whose one plugin proves that it can write, slowly. */
  function probedStrip(store: SingleWriterStore, label: string, pause: () => Promise<void>) {
    const strip = storeStrip(store, label);
    const [append] = strip.plugins;
    const probed = definePlugin({
      ...append,
      health: async ({ service }: PluginContext<Writer>) => void (await service.append('probe', pause)),
    });
    return { ...strip, plugins: [probed] as const };
  }

  it('keeps the service open until it has ended', async () => {
    await using plugins = registry();
    const store = new SingleWriterStore();
    let goOn: (() => void) | undefined;
    const pause = () =>
      new Promise<void>((resolve) => {
        goOn = resolve;
      });
    await plugins.mount(probedStrip(store, 'old', pause), {});
    const health = plugins.health();
    await turn();
    const replaced = plugins.replace(probedStrip(store, 'new', turn), {});
    for (let count = 0; count < 5; count++) await turn();
    goOn!();
    await replaced;
    expect(await health).toEqual({ store: 'healthy' });
    expect(store.entries).toEqual(['old:probe']);
  });

  it('that is asked for during a replacement tries the new service', async () => {
    await using plugins = registry();
    const store = new SingleWriterStore();
    await plugins.mount(probedStrip(store, 'old', turn), {});
    const replaced = plugins.replace(probedStrip(store, 'new', turn), {});
    while (store.isOpen) await turn();
    expect(await plugins.health()).toEqual({ store: 'healthy' });
    await replaced;
    expect(store.entries).toEqual(['new:probe']);
  });

  it('ends before its strip is unmounted', async () => {
    await using plugins = registry();
    const store = new SingleWriterStore();
    const mounted = await plugins.mount(probedStrip(store, 'old', turn), {});
    const health = plugins.health();
    await mounted.unmount();
    expect(await health).toEqual({ store: 'healthy' });
    expect(store.entries).toEqual(['old:probe']);
  });
});

describe('calls that wait for a replacement', () => {
  it('put one listener on the signal that they share', async () => {
    await using plugins = registry();
    const store = new SingleWriterStore();
    const mounted = await plugins.mount(storeStrip(store, 'old'), {});
    const { signal } = new AbortController();
    const replaced = plugins.replace(storeStrip(store, 'new'), {});
    while (store.isOpen) await turn();
    const calls = Array.from({ length: 20 }, () => mounted.call.append('held', { signal }));
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    await replaced;
    expect(new Set(await Promise.all(calls))).toEqual(new Set(['new']));
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });
});
