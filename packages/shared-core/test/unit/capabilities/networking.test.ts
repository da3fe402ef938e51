import { createServer, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Networking, openCapability } from '../../../src/capabilities/index.js';

interface Seen {
  method: string | undefined;
  url: string | undefined;
  headers: IncomingMessage['headers'];
  body: string;
}

let seen: Seen[] = [];
let elsewhere = '';
const redirects: Record<string, [number, string]> = {
  '/other': [302, 'http://localhost:1/'],
  '/loop': [302, '/loop'],
  '/see-other': [303, '/end'],
  '/moved': [301, '/end'],
  '/again': [307, '/end'],
  '/script': [302, 'file:///etc/passwd'],
};
const server = createServer((request, response) => {
  let body = '';
  request.on('data', (chunk) => (body += chunk));
  request.on('end', () => {
    seen.push({ method: request.method, url: request.url, headers: request.headers, body });
    const [status, location] =
      request.url === '/elsewhere' ? [307, `${elsewhere}/end`] : (redirects[request.url ?? ''] ?? []);
    if (location === undefined) response.end('answer');
    else response.writeHead(status!, { location }).end();
  });
});
const second = createServer((request, response) => {
  seen.push({ method: request.method, url: request.url, headers: request.headers, body: '' });
  request.resume();
  response.end('second');
});

let origin = '';
let net: Networking;

beforeAll(async () => {
  for (const listener of [server, second]) await new Promise<void>((ready) => listener.listen(0, '127.0.0.1', ready));
  const port = (of: typeof server) => (of.address() as { port: number }).port;
  origin = `http://127.0.0.1:${port(server)}`;
  elsewhere = `http://127.0.0.1:${port(second)}`;
  net = openCapability('net', {
    grants: { net: [`127.0.0.1:${port(server)}`, `127.0.0.1:${port(second)}`, 'Example.COM:443', '[::1]:80'] },
  });
});
afterAll(() => {
  server.close();
  second.close();
});
beforeEach(() => {
  seen = [];
});

describe('net', () => {
  it('compares hosts as URLs do', async () => {
    for (const [host, port] of [
      ['example.com', 443],
      ['EXAMPLE.com.', 443],
      ['::1', 80],
      ['[0:0::1]', 80],
    ] as const)
      await net.allow(host, port);
    for (const [host, port] of [
      ['example.com', 80],
      ['example.com.evil.org', 443],
      ['localhost', 443],
      ['example.com@evil.org', 443],
      ['example.com/', 443],
      ['', 443],
      ['example.com', 443.5],
      ['example.com', 70000],
    ] as const) {
      await expect(net.allow(host, port), `${host}:${port}`).rejects.toMatchObject({ code: 'CapabilityDenied' });
    }
  });

  it('sees through other spellings of an address', async () => {
    const port = new URL(origin).port;
    await net.allow('0x7f.1', Number(port));
    expect(await (await net.fetch(`http://2130706433:${port}/end`)).text()).toBe('answer');
  });

  it('refuses a grant that is not host:port', () => {
    for (const grant of ['example.com', 'example.com:', ':80', '::1:http', 'a b:80']) {
      expect(() => openCapability('net', { grants: { net: [grant] } }), grant).toThrow(/not host:port/);
    }
  });

  it('follows redirects only to granted places', async () => {
    expect(await (await net.fetch(`${origin}/see-other`)).text()).toBe('answer');
    await expect(net.fetch(`${origin}/other`)).rejects.toMatchObject({
      code: 'CapabilityDenied',
      message: expect.stringContaining('localhost:1'),
    });
    await expect(net.fetch(`${origin}/script`)).rejects.toMatchObject({ code: 'CapabilityDenied' });
    await expect(net.fetch(`${origin}/loop`)).rejects.toThrow(/more than 20 redirects/);
    await expect(net.fetch(`${origin}/moved`, { redirect: 'error' })).rejects.toThrow(/redirect is 'error'/);
    expect((await net.fetch(`${origin}/other`, { redirect: 'manual' })).status).toBe(302);
  });

  // Oracle: the platform's own fetch, which follows redirects by the same standard.
  it.each(['/see-other', '/moved', '/again', '/elsewhere'])(
    'sends after %s what the platform’s fetch sends',
    async (path) => {
      const init = { method: 'POST', body: 'asked', headers: { authorization: 'secret', 'x-own': '1' } };
      const ours = await (await net.fetch(origin + path, init)).text();
      const sentByUs = seen;
      seen = [];
      expect(await (await fetch(origin + path, init)).text()).toBe(ours);
      expect(sentByUs).toEqual(seen);
    },
  );

  it('refuses other schemes, text that is no URL, and a dispatcher that could lead elsewhere', async () => {
    for (const url of ['file:///etc/passwd', 'data:,x', 'ftp://example.com:443/', 'example.com', '']) {
      await expect(net.fetch(url), url).rejects.toMatchObject({ code: 'CapabilityDenied' });
    }
    const dispatcher = {
      dispatch: () => {
        throw new Error('led elsewhere');
      },
    };
    expect((await net.fetch(`${origin}/end`, { dispatcher } as unknown as RequestInit)).status).toBe(200);
  });
});
