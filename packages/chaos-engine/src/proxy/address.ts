// Addresses as Toxiproxy writes them, which is as Go does: `host:port`, `[::1]:port`, `:port` for every interface.

import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';

/** Where to listen or to connect to; an empty host is every interface, or this host. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** What is wrong with an address, in the words that Go has for it. */
export class AddressProblem extends Error {}

const namedPorts: Readonly<Record<string, number>> = { http: 80, https: 443, '': 0 };

/** @throws AddressProblem */
export function parseAddress(text: string): Address {
  const colon = text.lastIndexOf(':');
  const bracketed = text.startsWith('[');
  if (colon < 0 || (bracketed && text[colon - 1] !== ']')) {
    throw new AddressProblem(`address ${text}: missing port in address`);
  }
  const host = bracketed ? text.slice(1, colon - 1) : text.slice(0, colon);
  if (!bracketed && host.includes(':')) throw new AddressProblem(`address ${text}: too many colons in address`);
  const portText = text.slice(colon + 1);
  const port = /^\d{1,9}$/.test(portText) ? Number(portText) : namedPorts[portText];
  if (port === undefined) throw new AddressProblem(`lookup tcp/${portText}: unknown port`);
  if (port > 65_535) throw new AddressProblem(`address ${portText}: invalid port`);
  return { host, port };
}

export function formatAddress({ host, port }: Address): string {
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The address to bind for a name: its IPv4 address where it has one, as Go chooses. @throws AddressProblem */
export async function resolveHost(host: string): Promise<string> {
  if (host === '' || isIP(host) !== 0) return host;
  try {
    const found = await lookup(host, { all: true });
    const chosen = found.find(({ family }) => family === 4) ?? found[0];
    if (chosen !== undefined) return chosen.address;
  } catch {
    // Told below, as when there was no address.
  }
  throw new AddressProblem(`lookup ${host}: no such host`);
}
