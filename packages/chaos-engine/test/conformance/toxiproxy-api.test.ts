// The HTTP API of Toxiproxy: the answers that its documentation and its own tests give, and, where a server of Toxiproxy is at
// hand (TENSTRIP_TOXIPROXY names its program), the same answers as that one gives to a long list of requests.

import { type ChildProcess, spawn } from 'node:child_process';
import { request } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { requirement } from '../../../../tools/test-requirements.mjs';
import { startToxiproxyServer, type ToxiproxyServer } from '../../src/index.js';

interface Answer {
  readonly status: number;
  readonly type: string | undefined;
  readonly body: string;
}

function ask(base: string, method: string, path: string, body = '', headers = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(base + path, { method, headers: { 'User-Agent': 'test', ...headers } }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({
          status: response.statusCode!,
          type: response.headers['content-type'],
          body: Buffer.concat(chunks).toString(),
        }),
      );
    });
    asked.on('error', reject);
    asked.end(method === 'GET' || method === 'HEAD' ? undefined : body);
  });
}

const errorBody = (error: string, status: number) => `${JSON.stringify({ error, status })}\n`;
const proxyBody = (name: string, more = {}) =>
  JSON.stringify({ name, listen: '127.0.0.1:0', upstream: '127.0.0.1:20001', enabled: false, ...more });

describe('the HTTP API', () => {
  let server: ToxiproxyServer;
  beforeEach(async () => {
    server = await startToxiproxyServer({ port: 0, metrics: true });
  });
  afterEach(() => server.close());
  const call = (method: string, path: string, body = '', headers = {}) => ask(server.url, method, path, body, headers);

  it('describes proxies and toxics field by field', async () => {
    expect(await call('GET', '/proxies')).toEqual({ status: 200, type: 'application/json', body: '{}' });
    expect(await call('POST', '/proxies', proxyBody('redis'))).toEqual({
      status: 201,
      type: 'application/json',
      body: '{"name":"redis","listen":"127.0.0.1:0","upstream":"127.0.0.1:20001","enabled":false,"toxics":[]}',
    });
    const toxic =
      '{"attributes":{"latency":100,"jitter":0},"name":"latency_downstream","type":"latency","stream":"downstream","toxicity":1}';
    expect(await call('POST', '/proxies/redis/toxics', '{"type":"latency","attributes":{"latency":100}}')).toEqual({
      status: 200,
      type: 'application/json',
      body: toxic,
    });
    expect((await call('GET', '/proxies/redis/toxics')).body).toBe(`[${toxic}]`);
    const changed = toxic.replace('"jitter":0', '"jitter":5').replace('"toxicity":1', '"toxicity":0.3');
    const patch = '{"attributes":{"jitter":5},"toxicity":0.3}';
    expect((await call('PATCH', '/proxies/redis/toxics/latency_downstream', patch)).body).toBe(changed);
    expect((await call('GET', '/proxies')).body).toContain(`"toxics":[${changed}]}}`);
    expect((await call('DELETE', '/proxies/redis/toxics/latency_downstream')).status).toBe(204);
    expect((await call('DELETE', '/proxies/redis')).status).toBe(204);
  });

  it.each([
    ['noop', {}],
    ['latency', { latency: 0, jitter: 0 }],
    ['bandwidth', { rate: 0 }],
    ['slow_close', { delay: 0 }],
    ['timeout', { timeout: 0 }],
    ['reset_peer', { timeout: 0 }],
    ['slicer', { average_size: 0, size_variation: 0, delay: 0 }],
    ['limit_data', { bytes: 0 }],
  ])('knows the toxic %s', async (type, attributes) => {
    await call('POST', '/proxies', proxyBody('p'));
    const { body } = await call('POST', '/proxies/p/toxics', JSON.stringify({ type, stream: 'upstream' }));
    expect(JSON.parse(body)).toEqual({ attributes, name: `${type}_upstream`, type, stream: 'upstream', toxicity: 1 });
  });

  it.each([
    ['POST', '/proxies', '{}', 'missing required field: name', 400],
    ['POST', '/proxies', '{"name":"test"}', 'missing required field: upstream', 400],
    ['POST', '/proxies', '', 'bad request body: EOF', 400],
    ['POST', '/proxies', '{"name"', 'bad request body: unexpected EOF', 400],
    ['POST', '/proxies', proxyBody('p'), 'proxy already exists', 409],
    ['GET', '/proxies/none', '', 'proxy not found', 404],
    ['POST', '/proxies/none', '{}', 'proxy not found', 404],
    ['DELETE', '/proxies/none', '', 'proxy not found', 404],
    ['GET', '/proxies/none/toxics', '', 'proxy not found', 404],
    ['GET', '/proxies/p/toxics/none', '', 'toxic not found', 404],
    ['POST', '/proxies/p/toxics/none', '{}', 'toxic not found', 404],
    ['DELETE', '/proxies/p/toxics/none', '', 'toxic not found', 404],
    [
      'POST',
      '/proxies/p/toxics',
      '{"type":"latency","stream":"up"}',
      'stream was invalid, can be either upstream or downstream',
      400,
    ],
    ['POST', '/proxies/p/toxics', '{"type":"nope"}', 'invalid toxic type', 400],
    ['POST', '/proxies/p/toxics', '{"type":"slicer"}', 'toxic already exists', 409],
    ['POST', '/proxies/p', '{"listen":"nowhere"}', 'address nowhere: missing port in address', 500],
  ])('%s %s %s: %s', async (method, path, body, message, status) => {
    await call('POST', '/proxies', proxyBody('p'));
    await call('POST', '/proxies/p/toxics', '{"type":"slicer"}');
    expect(await call(method, path, body)).toEqual({
      status,
      type: 'text/plain; charset=utf-8',
      body: errorBody(message, status),
    });
  });

  it('says that a port is taken', async () => {
    const first = JSON.parse((await call('POST', '/proxies', proxyBody('one', { enabled: true }))).body);
    const second = await call('POST', '/proxies', proxyBody('two', { enabled: true, listen: first.listen }));
    expect(second.body).toBe(errorBody(`listen tcp ${first.listen}: bind: address already in use`, 500));
  });

  it('populates up to the first proxy that is wrong', async () => {
    const specs = [proxyBody('one'), '{"name":""}'];
    expect(await call('POST', '/populate', `[${specs.join()}]`)).toEqual({
      status: 400,
      type: 'application/json',
      body: '{"error":"missing required field: name at proxy 2","status":400,"proxies":null}',
    });
    expect((await call('GET', '/proxies')).body).toBe('{}');
    const bad = await call('POST', '/populate', `[${proxyBody('one')},${proxyBody('two', { listen: 'local373' })}]`);
    expect(bad.status).toBe(500);
    expect(JSON.parse(bad.body).proxies).toHaveLength(1);
    expect((await call('POST', '/populate', '[]')).body).toBe('{"proxies":null}');
  });

  it('turns browsers away', async () => {
    const answer = await call('GET', '/proxies', '', { 'User-Agent': 'Mozilla/5.0 (X11)' });
    expect(answer).toEqual({ status: 403, type: 'text/plain; charset=utf-8', body: 'User agent not allowed\n' });
  });

  it('bounds what it reads, and how many proxies it has', async () => {
    expect((await call('POST', '/proxies', `{"name":"${'x'.repeat(2_000_000)}"}`)).status).toBe(400);
    expect((await call('GET', `/${'x'.repeat(5_000)}`)).status).toBe(404);
    await using small = await startToxiproxyServer({ port: 0, maxProxies: 1 });
    expect((await ask(small.url, 'POST', '/proxies', proxyBody('one'))).status).toBe(201);
    expect((await ask(small.url, 'POST', '/proxies', proxyBody('two'))).body).toContain('maxProxies');
  });

  it('counts bytes for Prometheus', async () => {
    await call('POST', '/proxies', proxyBody('p'));
    expect((await call('GET', '/metrics')).body).toContain(
      'toxiproxy_proxy_sent_bytes_total{direction="upstream",listener="127.0.0.1:0",proxy="p",upstream="127.0.0.1:20001"} 0',
    );
  });
});

const program = process.env.TENSTRIP_TOXIPROXY;
const peer = requirement(program !== undefined, "TENSTRIP_TOXIPROXY names no program of Toxiproxy's server");

describe.skipIf(!peer.available)("Toxiproxy's own server", () => {
  let child: ChildProcess;
  let theirs: string;
  beforeEach(async () => {
    const port = 30_000 + Math.floor(Math.random() * 2_000);
    child = spawn(program!, ['-port', String(port)], { stdio: 'ignore', env: { LOG_LEVEL: 'error' } });
    theirs = `http://127.0.0.1:${port}`;
    for (let tries = 0; tries < 100; tries++) {
      if (
        await ask(theirs, 'GET', '/version').then(
          () => true,
          () => false,
        )
      )
        return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`${program} does not answer`);
  });
  afterEach(() => {
    child.kill();
  });

  /** Answers without what may differ: ports, the version, and a field of the peer that is not of its API. */
  const comparable = ({ status, type, body }: Answer) => ({
    status,
    type,
    body: body.replace(/127\.0\.0\.1:\d+/g, '127.0.0.1:N').replaceAll('"Logger":{},', ''),
  });

  it('answers as ours does', async () => {
    await using ours = await startToxiproxyServer({ port: 0 });
    const proxy = proxyBody;
    const toxic = (type: string, more = {}) => JSON.stringify({ type, ...more });
    const requests: readonly (readonly [string, string, string?])[] = [
      ['GET', '/proxies'],
      ['GET', '/nothing'],
      ['PUT', '/proxies'],
      ['GET', '/proxies/'],
      ['DELETE', '/version'],
      ['GET', '/metrics'],
      ...[
        '{}',
        '',
        '{"name":',
        '[]',
        '"x"',
        'x',
        'nope',
        '{"name":1}',
        '{"name":"a","enabled":"yes"}',
        '{"name":"a"}',
      ].map((body) => ['POST', '/proxies', body] as const),
      ['POST', '/proxies', proxy('a')],
      ['POST', '/proxies', proxy('a')],
      ['POST', '/proxies', proxy('<b>&', { enabled: true })],
      ['POST', '/proxies', proxy('d', { listen: 'local373', enabled: true })],
      ['POST', '/proxies', proxy('d', { listen: '127.0.0.1:99999', enabled: true })],
      ['POST', '/proxies', proxy('d', { listen: 'a:b:c', enabled: true })],
      ['GET', '/proxies'],
      ['GET', '/proxies/a'],
      ['GET', '/proxies/none'],
      ...['{}', '', toxic('latency'), toxic('latency'), toxic('nope'), toxic('latency', { stream: 'sideways' })].map(
        (body) => ['POST', '/proxies/a/toxics', body] as const,
      ),
      ...['noop', 'bandwidth', 'slow_close', 'timeout', 'reset_peer', 'slicer', 'limit_data'].map(
        (type) => ['POST', '/proxies/a/toxics', toxic(type, { stream: 'upstream', toxicity: 0.3 })] as const,
      ),
      ['POST', '/proxies/a/toxics', toxic('latency', { name: 'bad', attributes: { latency: 1.5 } })],
      ['POST', '/proxies/a/toxics', toxic('latency', { name: 'bad', attributes: { latency: 'x' } })],
      ['POST', '/proxies/a/toxics', toxic('latency', { name: 'more', attributes: { latency: 3, other: 1 } })],
      ['GET', '/proxies/a/toxics'],
      ['GET', '/proxies/a/toxics/more'],
      ['POST', '/proxies/a/toxics/more', '{"attributes":{"jitter":3}}'],
      ['PATCH', '/proxies/a/toxics/more', '{"toxicity":0.5}'],
      ['PATCH', '/proxies/a/toxics/more', '{"attributes":{"jitter":"x"}}'],
      ['PATCH', '/proxies/a/toxics/none', '{}'],
      ['DELETE', '/proxies/a/toxics/more'],
      ['DELETE', '/proxies/a/toxics/more'],
      ['PATCH', '/proxies/a', '{"enabled":true}'],
      ['PATCH', '/proxies/a', '{"upstream":"127.0.0.1:2"}'],
      ['PATCH', '/proxies/a', '{"enabled":false}'],
      ['PATCH', '/proxies/a', '{"listen":"local373"}'],
      ['PATCH', '/proxies/a', 'x'],
      ['POST', '/reset'],
      ['GET', '/proxies'],
      ...['[]', '', '[{"name":"","upstream":"x"}]', '[{"name":"p"}]', `[${proxy('a')},${proxy('q')}]`].map(
        (body) => ['POST', '/populate', body] as const,
      ),
      ['DELETE', '/proxies/a'],
      ['GET', '/proxies'],
    ];
    for (const [method, path, body] of requests) {
      const [answer, expected] = [await ask(ours.url, method, path, body), await ask(theirs, method, path, body)];
      expect(comparable(answer), `${method} ${path} ${body}`).toEqual(comparable(expected));
    }
  });
});
