// What the built-in rules ask of an event.

import { fieldOf, type SecurityEvent } from '../events/index.js';

/** The address that acted, if one did. */
export function sourceAddress(event: SecurityEvent): string | undefined {
  for (const actor of event.actor) if (actor.kind === 'ip') return actor.value;
  return undefined;
}

/** The text of a field; empty when there is none. */
export function field(event: SecurityEvent, name: string): string {
  return fieldOf(event, name) ?? '';
}
