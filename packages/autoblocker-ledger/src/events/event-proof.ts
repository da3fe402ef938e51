// What an event proves about its actor, and what it may only mirror.

import { fieldOf, type SecurityEvent } from './security-event.js';

/** Protocols as firewalls log them: packets, of which no connection has come. */
const packetDomains = new Set(['tcp', 'udp', 'icmp']);
/** Answers with which a proxy or a web server carries out a block. */
const refusingStatuses = new Set(['403', '429']);
const refusingKinds = new Set(['connection-refused', 'connection-reset']);

/** Whether what the event names beside the address was verified, so that it can join addresses. */
export function isVerified(event: SecurityEvent): boolean {
  return event.authenticated ?? event.outcome === 'success';
}

/** Whether somebody who can only send under a false address could not have caused it. */
export function provesAddress(event: SecurityEvent): boolean {
  const { transport, domain, kind } = event;
  if (transport !== undefined) return transport === 'tcp';
  if (domain !== lastDomain || kind !== lastKind) {
    lastDomain = domain;
    lastKind = kind;
    lastProves = !packetDomains.has(domain) && !kind.startsWith('iptables');
  }
  return lastProves;
}

/** What was asked about last: one event is mostly followed by another of its kind. */
let lastDomain = '';
let lastKind = '';
let lastProves = true;

/** Whether it is what a block looks like in a log, if there was one: the answer 403 or 429, a refused connection. */
export function mayBeRefusalByBlock(event: SecurityEvent): boolean {
  if (refusingKinds.has(event.kind)) return true;
  return refusingStatuses.has(fieldOf(event, 'status') ?? fieldOf(event, 'http_status') ?? '');
}
