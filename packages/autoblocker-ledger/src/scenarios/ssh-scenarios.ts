// Password guessing and user enumeration over ssh. Thresholds are those of CrowdSec's ssh-bf and ssh-slow-bf, which have
// been run on many hosts: more than 5 failures at one in 10 s, or more than 10 at one in a minute.
// One attempt writes several lines (PAM's, sshd's, the disconnect). Each kind of line has its own bucket, so that an attempt
// counts once, and a person who mistypes a password five times and then gets it right is nobody's enemy.

import type { SecurityEvent } from '../events/index.js';
import { sourceAddress } from './event-fields.js';
import type { Scenario } from './scenario.js';

const second = 1000;
const minute = 60 * second;

const guessKinds = new Set([
  'authentication-failure',
  'pam-failure',
  'pam-error',
  'invalid-user',
  'user-not-allowed',
  'too-many-failures',
  'preauth-disconnect',
  'client-authentication-failure',
  'connection-refused',
]);

/** A success forgives the failures for the same user, and no others: a guesser with one account must not clear the rest. */
function forgives(event: SecurityEvent, kept: readonly SecurityEvent[]): boolean {
  return event.outcome === 'success' && kept.every((failure) => failure.victim?.user === event.victim?.user);
}

/** The bucket of a line: its address and its kind. */
function addressAndKind(event: SecurityEvent): string | undefined {
  const address = sourceAddress(event);
  return address === undefined ? undefined : `${address} ${event.kind}`;
}

/** A success concerns the buckets of all kinds. */
function bucketsOfAddress(event: SecurityEvent): readonly string[] {
  const address = event.outcome === 'success' ? sourceAddress(event) : undefined;
  return address === undefined ? [] : Array.from(guessKinds, (kind) => `${address} ${kind}`);
}

const guessing = {
  version: '1.0.0',
  domains: ['ssh'],
  filter: (event: SecurityEvent) => guessKinds.has(event.kind),
  groupBy: addressAndKind,
  cancelOn: forgives,
  cancelGroups: bucketsOfAddress,
  blackholeMs: minute,
  score: 1,
} satisfies Partial<Scenario>;

/** Names that were tried; an empty one counts as one. */
const triedUser = (event: SecurityEvent) => event.victim?.user;

/** Rules for ssh. */
export const sshScenarios: readonly Scenario[] = [
  {
    ...guessing,
    name: 'tenstrip/ssh-bf',
    description: 'More than 5 failed ssh logins from one address, leaking one in 10 seconds',
    references: ['T1110'],
    capacity: 5,
    leakSpeedMs: 10 * second,
  },
  {
    ...guessing,
    name: 'tenstrip/ssh-slow-bf',
    description: 'More than 10 failed ssh logins from one address, leaking one in a minute',
    references: ['T1110'],
    capacity: 10,
    leakSpeedMs: minute,
  },
  {
    ...guessing,
    name: 'tenstrip/ssh-user-enumeration',
    description: 'More than 5 different user names tried over ssh from one address, leaking one in 10 seconds',
    references: ['T1589', 'T1110.003'],
    groupBy: sourceAddress,
    cancelGroups: (event) => [sourceAddress(event) ?? ''],
    distinct: triedUser,
    capacity: 5,
    leakSpeedMs: 10 * second,
  },
  {
    ...guessing,
    name: 'tenstrip/ssh-slow-user-enumeration',
    description: 'More than 10 different user names tried over ssh from one address, leaking one in a minute',
    references: ['T1589', 'T1110.003'],
    groupBy: sourceAddress,
    cancelGroups: (event) => [sourceAddress(event) ?? ''],
    distinct: triedUser,
    capacity: 10,
    leakSpeedMs: minute,
  },
  {
    name: 'tenstrip/ssh-protocol-probing',
    version: '1.0.0',
    description:
      'More than 5 connections to ssh from one address that do not speak its protocol, leaking one in 10 seconds',
    references: ['T1595'],
    domains: ['ssh'],
    filter: (event) => event.kind === 'protocol-error',
    groupBy: sourceAddress,
    capacity: 5,
    leakSpeedMs: 10 * second,
    blackholeMs: minute,
    score: 1,
  },
];
