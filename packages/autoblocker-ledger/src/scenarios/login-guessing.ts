// Guessing at a service that writes lines: one attempt writes several (PAM's, the daemon's, the disconnect). Each kind of line
// has its own bucket, so that an attempt counts once, and a person who mistypes a password five times and then gets it right
// is nobody's enemy.

import type { SecurityEvent } from '../events/index.js';
import { sourceAddress } from './event-fields.js';
import type { Scenario } from './scenario.js';

const minute = 60_000;

/** A success forgives the failures for the same user, and no others: a guesser with one account must not clear the rest. */
function forgives(event: SecurityEvent, kept: readonly SecurityEvent[]): boolean {
  return event.outcome === 'success' && kept.every((failure) => failure.victim?.user === event.victim?.user);
}

/** The bucket of a line: its address and its kind. */
function addressAndKind(event: SecurityEvent): string | undefined {
  const address = sourceAddress(event);
  return address === undefined ? undefined : `${address} ${event.kind}`;
}

/** What all rules about guessing at a service have in common. `kinds`: the kinds of line that a failed attempt writes. */
export function guessing(domain: string, kinds: ReadonlySet<string>) {
  return {
    version: '1.0.0',
    domains: [domain],
    filter: (event: SecurityEvent) => event.outcome === 'failure' && kinds.has(event.kind),
    groupBy: addressAndKind,
    cancelOn: forgives,
    // A success concerns the buckets of all kinds.
    cancelGroups: (event: SecurityEvent): readonly string[] => {
      const address = event.outcome === 'success' ? sourceAddress(event) : undefined;
      return address === undefined ? [] : Array.from(kinds, (kind) => `${address} ${kind}`);
    },
    blackholeMs: minute,
    score: 1,
  } satisfies Partial<Scenario>;
}

/** What turns them into a rule about names: one bucket an address, each name once. An empty one counts as one. */
export const byTriedUser = {
  references: ['T1589', 'T1110.003'],
  groupBy: sourceAddress,
  cancelGroups: (event: SecurityEvent): readonly string[] => [sourceAddress(event) ?? ''],
  distinct: (event: SecurityEvent): string | undefined => event.victim?.user,
} satisfies Partial<Scenario>;
