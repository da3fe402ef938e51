// The published client of Toxiproxy for Node, unchanged, against our server and real connections.

import { type Latency, type Timeout, Toxiproxy } from 'toxiproxy-node-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startToxiproxyServer, type ToxiproxyServer } from '../../src/index.js';
import { Client, echo, type TestServer } from '../integration/proxy/sockets.js';

let server: ToxiproxyServer;
let upstream: TestServer;
let toxiproxy: Toxiproxy;

beforeEach(async () => {
  upstream = await echo();
  server = await startToxiproxyServer({ port: 0, seed: 1 });
  toxiproxy = new Toxiproxy(server.url);
});
afterEach(async () => {
  await server.close();
  await upstream[Symbol.asyncDispose]();
});

const portOf = (listen: string) => Number(listen.split(':').at(-1));
const echoed = async (port: number, text: string) => {
  const client = new Client(port);
  client.socket.end(text);
  return (await client.received).bytes.toString();
};

describe('toxiproxy-node-client', () => {
  it('creates, reads, changes and removes proxies', async () => {
    const proxy = await toxiproxy.createProxy({ name: 'echo', listen: 'localhost:0', upstream: upstream.address });
    expect(await echoed(portOf(proxy.listen), 'hello')).toBe('hello');
    expect((await toxiproxy.get('echo')).toJson()).toEqual(proxy.toJson());
    expect(Object.keys(await toxiproxy.getAll())).toEqual(['echo']);

    const body = { enabled: false, listen: proxy.listen, upstream: proxy.upstream };
    const down = await proxy.update(body);
    expect(down.enabled).toBe(false);
    expect(await echoed(portOf(proxy.listen), 'hello')).toBe('');
    await toxiproxy.reset();
    expect(await echoed(portOf(proxy.listen), 'hello')).toBe('hello');

    await proxy.remove();
    await expect(toxiproxy.get('echo')).rejects.toThrow(/404/);
    expect(await toxiproxy.getVersion()).toContain('2.12.0');
  });

  it('populates, again and again', async () => {
    const bodies = [
      { name: 'one', listen: 'localhost:0', upstream: upstream.address },
      { name: 'two', listen: 'localhost:0', upstream: upstream.address, enabled: false },
    ];
    await toxiproxy.populate(bodies);
    const { one, two } = await toxiproxy.getAll();
    expect([one!.enabled, two!.enabled]).toEqual([true, false]);
    await toxiproxy.populate([{ ...bodies[0]!, listen: one!.listen }]);
    expect((await toxiproxy.get('one')).listen).toBe(one!.listen);
    expect(await echoed(portOf(one!.listen), 'hello')).toBe('hello');
  });

  it('adds, changes and removes toxics of open connections', async () => {
    const proxy = await toxiproxy.createProxy({ name: 'echo', listen: 'localhost:0', upstream: upstream.address });
    const client = new Client(portOf(proxy.listen));
    client.socket.write('a');
    await client.until(1);

    const timeout = await proxy.addToxic<Timeout>({
      name: 'swallow',
      type: 'timeout',
      stream: 'downstream',
      toxicity: 1,
      attributes: { timeout: 0 },
    });
    expect(timeout.attributes).toEqual({ timeout: 0 });
    expect((await proxy.getToxic<Timeout>('swallow')).toJson()).toEqual(timeout.toJson());
    client.socket.write('b');
    await timeout.remove();
    expect((await client.received).bytes.toString()).toBe('a');

    const slow = await proxy.addToxic<Latency>({
      name: 'slow',
      type: 'latency',
      stream: 'upstream',
      toxicity: 1,
      attributes: { latency: 100, jitter: 0 },
    });
    const begun = performance.now();
    expect(await echoed(portOf(proxy.listen), 'hello')).toBe('hello');
    expect(performance.now() - begun).toBeGreaterThanOrEqual(99);
    const updated = await slow.update({ ...slow.toJson(), toxicity: 0 });
    expect(updated.toJson()).toEqual({ ...slow.toJson(), toxicity: 0 });
    expect(server.proxies.get('echo')!.toxics).toMatchObject([{ name: 'slow', toxicity: 0 }]);
    expect(await echoed(portOf(proxy.listen), 'hello')).toBe('hello');
  });
});
