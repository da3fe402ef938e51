// Whose request it is. A peer's word about another address (X-Forwarded-For) counts only when that peer is a proxy that the
// operator trusts; the list is read from its end, as each proxy appends, so that what a client wrote itself is never reached.

import type { IncomingMessage } from 'node:http';
import { formatIpAddress, type IpAddress, type NetworkSet, parseIpAddress } from '../lookup/index.js';

/** Entries of X-Forwarded-For that are looked at. */
const maxHops = 32;

/** The client's address in canonical text; `undefined` when the connection has none any more. */
export function clientAddress(request: IncomingMessage, trustedProxies: NetworkSet): string | undefined {
  let client = parseIpAddress(request.socket.remoteAddress ?? '');
  if (client === undefined) return undefined;
  const hops = forwardedFor(request).slice(-maxHops);
  while (hops.length > 0 && isTrusted(client, trustedProxies)) {
    const named = parseIpAddress(withoutPort(hops.pop()!));
    // What is no address was written by nobody we trust: blame stays with the last proxy.
    if (named === undefined) break;
    client = named;
  }
  return formatIpAddress(client);
}

function isTrusted(address: IpAddress, proxies: NetworkSet): boolean {
  return proxies.touches({ address, length: address.family === 4 ? 32 : 128 });
}

function forwardedFor(request: IncomingMessage): string[] {
  const header = request.headers['x-forwarded-for'];
  return header === undefined ? [] : String(header).split(',');
}

/** Some proxies write `192.0.2.1:4711` and `[2001:db8::1]:4711`. */
function withoutPort(text: string): string {
  const trimmed = text.trim();
  const bracketed = /^\[([^\]]*)\](?::\d{1,5})?$/.exec(trimmed);
  if (bracketed !== null) return bracketed[1]!;
  return /^[\d.]+:\d{1,5}$/.test(trimmed) ? trimmed.slice(0, trimmed.indexOf(':')) : trimmed;
}
