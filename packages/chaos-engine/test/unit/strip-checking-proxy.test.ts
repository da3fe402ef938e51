import { PluginRegistry, ResourceGovernor } from '@tenstrip/shared-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { chaosStrip, illegal, type Model } from '../../src/index.js';
import { Client, echo } from '../integration/proxy/sockets.js';

let governor: ResourceGovernor;
let registry: PluginRegistry;
beforeEach(() => {
  governor = new ResourceGovernor();
  registry = new PluginRegistry({ governor });
});
afterEach(async () => {
  await registry[Symbol.asyncDispose]();
  await governor.close();
});

const history = [
  { process: 'a', operation: { f: 'write', value: 1 }, call: 0, return: 1, outcome: 'ok' as const },
  { process: 'b', operation: { f: 'write', value: 2 }, call: 2, return: 3, outcome: 'ok' as const },
  { process: 'c', operation: { f: 'read' }, result: 1, call: 4, return: 5, outcome: 'ok' as const },
];

describe('check-linearizability', () => {
  it('judges by the name of a model, and explains', async () => {
    const { call } = await registry.mount(chaosStrip, {});
    const report = await call.checkLinearizability({ model: 'register', history });
    expect(report).toMatchObject({
      verdict: 'illegal',
      partitions: [{ verdict: 'illegal', operations: 3 }],
      failure: { operations: [0, 1, 2], minimal: true, prefix: { endsBefore: 2, order: [0, 1], exact: true } },
    });
    expect(report.failure?.text).toContain('read() → 1');
    expect(await call.checkLinearizability({ model: 'register', history: history.slice(0, 2) })).toMatchObject({
      verdict: 'ok',
    });
  });

  it('takes models of the one who mounts, and refuses what is none', async () => {
    const silent: Model<number, unknown, unknown> = { name: 'silent', initial: 0, step: () => illegal };
    const { call } = await registry.mount(chaosStrip, { models: { silent: silent as never } });
    expect((await call.checkLinearizability({ model: 'silent', history })).verdict).toBe('illegal');
    const unknown = call.checkLinearizability({ model: 'toString', history });
    await expect(unknown).rejects.toMatchObject({ code: 'OptionsInvalid' });
    const twice = [history[0]!, { ...history[1]!, process: 'a', call: 0.5 }];
    await expect(call.checkLinearizability({ model: 'register', history: twice })).rejects.toMatchObject({
      code: 'HistoryMalformed',
    });
  });
});

describe('control-proxy', () => {
  it('makes proxies, puts toxics on them, and takes all away', async () => {
    await using server = await echo();
    const strip = await registry.mount(chaosStrip, { seed: 'a' });
    const { controlProxy } = strip.call;
    const made = await controlProxy({ op: 'create', proxy: 'echo', upstream: server.address });
    expect(made).toMatchObject({ seed: 'a', proxies: [{ name: 'echo', enabled: true, toxics: [] }] });
    const port = Number(made.proxies[0]!.listen.split(':')[1]);

    const attributes = { bytes: 3 };
    await controlProxy({ op: 'add-toxic', proxy: 'echo', type: 'limit_data', name: 'limit', attributes });
    const cut = new Client(port);
    cut.socket.end('hello');
    expect((await cut.received).bytes.toString()).toBe('hel');
    cut.socket.destroy();
    await controlProxy({ op: 'update-toxic', proxy: 'echo', name: 'limit', attributes: { bytes: 4 } });
    expect(await controlProxy({ op: 'list' })).toMatchObject({
      proxies: [
        {
          toxics: [{ name: 'limit', type: 'limit_data', stream: 'downstream', toxicity: 1, attributes: { bytes: 4 } }],
        },
      ],
    });
    await controlProxy({ op: 'remove-toxic', proxy: 'echo', name: 'limit' });
    const whole = new Client(port);
    whole.socket.end('hello');
    expect((await whole.received).bytes.toString()).toBe('hello');

    const disabled = await controlProxy({ op: 'update', proxy: 'echo', enabled: false });
    expect(disabled.proxies[0]!.enabled).toBe(false);
    // The same proxies over Toxiproxy's API.
    const listed = await fetch(`${made.api}/proxies`, { headers: { 'user-agent': 'test' } });
    expect(await listed.json()).toMatchObject({ echo: { enabled: false } });
    expect((await controlProxy({ op: 'reset' })).proxies[0]).toMatchObject({ enabled: true, toxics: [] });
    expect((await controlProxy({ op: 'remove', proxy: 'echo' })).proxies).toEqual([]);
    await expect(controlProxy({ op: 'remove', proxy: 'echo' })).rejects.toMatchObject({ code: 'TargetUnknown' });

    await strip.unmount();
    await expect(fetch(`${made.api}/version`)).rejects.toThrow();
  });

  it('is refused the network by a sandbox that does not grant it, and judges without it', async () => {
    const closed = new ResourceGovernor({ sandbox: { grants: {} } });
    const inside = new PluginRegistry({ governor: closed });
    const { call } = await inside.mount(chaosStrip, {});
    await expect(call.controlProxy({ op: 'list' })).rejects.toMatchObject({ code: 'CapabilityDenied' });
    expect((await call.checkLinearizability({ model: 'register', history })).verdict).toBe('illegal');
    await inside[Symbol.asyncDispose]();
    await closed.close();
  });
});
