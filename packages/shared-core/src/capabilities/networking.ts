// The `net` capability: connections to granted `host:port` pairs. A grant is of the name as it is written: who grants
// a name trusts whatever address it has, and `localhost` is not `127.0.0.1`.
// Redirects are followed here, one by one, by the rules of the Fetch standard (HTTP-redirect fetch).
import type { Networking } from './capability.js';
import { capabilityDenied, type Granted } from './capability-denied.js';

/** Redirects that are followed at most, as in the Fetch standard. */
const maxRedirects = 20;
const redirectStatuses: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const defaultPorts: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 };

/** Connections to the `granted` pairs, where `within` grants them too. */
export function openNetworking(granted: Granted, within?: Networking): Networking {
  const request: Networking['fetch'] = within?.fetch ?? globalThis.fetch;
  const places = granted === true ? undefined : new Set(granted.map(canonicalPair));
  const check = (host: string, port: number) => {
    const canonical = canonicalHost(host);
    const attempted = `a connection to ${JSON.stringify(`${host}:${port}`)}`;
    if (canonical === undefined) throw capabilityDenied('net', attempted, granted, 'that is not a host');
    if (!Number.isInteger(port) || port < 1 || port > 65535) {
      throw capabilityDenied('net', attempted, granted, 'a port is an integer from 1 to 65535');
    }
    if (places !== undefined && !places.has(`${canonical}:${port}`)) throw capabilityDenied('net', attempted, granted);
  };
  const checkUrl = (url: URL) => {
    const defaultPort = defaultPorts[url.protocol];
    if (defaultPort === undefined) {
      throw capabilityDenied('net', JSON.stringify(shown(url)), granted, 'only http: and https: are fetched');
    }
    check(url.hostname, url.port === '' ? defaultPort : Number(url.port));
  };
  return {
    allow: async (host, port) => {
      check(host, port);
      await within?.allow(host, port);
    },
    fetch: async (url, init) => fetchFollowing(parsed(url, granted), ownInit(init), checkUrl, request),
  };
}

async function fetchFollowing(
  start: URL,
  init: RequestInit,
  checkUrl: (url: URL) => void,
  request: Networking['fetch'],
): Promise<Response> {
  const mode = init.redirect ?? 'follow';
  let url = start;
  let next: RequestInit = { ...init, redirect: 'manual' };
  for (let followed = 0; ; followed++) {
    checkUrl(url);
    const response = await request(url.href, next);
    const location = redirectStatuses.has(response.status) ? response.headers.get('location') : null;
    if (location === null || mode === 'manual') return response;
    await response.body?.cancel();
    if (mode === 'error') throw new TypeError(`fetch: ${shown(url)} redirects, and redirect is 'error'`);
    if (followed === maxRedirects)
      throw new TypeError(`fetch: more than ${maxRedirects} redirects, from ${shown(start)}`);
    const target = new URL(location, url);
    next = redirected(next, response.status, target.origin === url.origin);
    url = target;
  }
}

/** The request that follows a redirect: method and body as browsers change them, no credentials to another origin. */
function redirected(init: RequestInit, status: number, sameOrigin: boolean): RequestInit {
  const method = (init.method ?? 'GET').toUpperCase();
  const headers = new Headers(init.headers);
  if (!sameOrigin) for (const name of ['authorization', 'cookie', 'proxy-authorization', 'host']) headers.delete(name);
  const becomesGet = (status === 303 && method !== 'HEAD') || (status <= 302 && method === 'POST');
  if (!becomesGet) {
    if (init.body instanceof ReadableStream)
      throw new TypeError('fetch: a stream cannot be sent again after a redirect');
    return { ...init, headers };
  }
  for (const name of ['content-encoding', 'content-language', 'content-location', 'content-type', 'content-length']) {
    headers.delete(name);
  }
  return { ...init, method: 'GET', body: null, headers };
}

/** Only what the Fetch standard has: `dispatcher` of Node's fetch could lead the connection elsewhere. */
function ownInit(init: RequestInit = {}): RequestInit {
  const own: RequestInit = {};
  if (init.method !== undefined) own.method = init.method;
  if (init.headers !== undefined) own.headers = init.headers;
  if (init.body !== undefined) own.body = init.body;
  if (init.redirect !== undefined) own.redirect = init.redirect;
  if (init.signal !== undefined) own.signal = init.signal;
  if (init.duplex !== undefined) own.duplex = init.duplex;
  return own;
}

function parsed(url: string, granted: Granted): URL {
  try {
    return new URL(url);
  } catch {
    throw capabilityDenied('net', JSON.stringify(String(url).slice(0, 200)), granted, 'that is not an absolute URL');
  }
}

/** Without user name, password and query, which may be secret. */
function shown(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}

/** `host:port` as it is compared; a pair that cannot be read grants nothing. */
function canonicalPair(pair: string): string {
  const end = pair.lastIndexOf(':');
  const port = pair.slice(end + 1);
  const host = canonicalHost(pair.slice(0, Math.max(end, 0)));
  if (host === undefined || !/^\d{1,5}$/.test(port)) {
    throw capabilityDenied(
      'net',
      `the grant ${JSON.stringify(pair)}`,
      [pair],
      'it is not host:port ([address]:port for IPv6)',
    );
  }
  return `${host}:${Number(port)}`;
}

/** A host as the URL standard writes it: lower case, punycode, no final dot, IPv6 in brackets; `undefined` if it is none. */
function canonicalHost(host: string): string | undefined {
  if (typeof host !== 'string' || host === '' || /[/?#@\\\s]/.test(host)) return undefined;
  const bracketed = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  if (!URL.canParse(`http://${bracketed}/`)) return undefined;
  const { hostname, port, pathname } = new URL(`http://${bracketed}/`);
  if (port !== '' || pathname !== '/') return undefined;
  return hostname.replace(/\.$/, '') || undefined;
}
