// Stamps of the future: from a host whose clock is wrong, from a zone that was set wrong. Taken at their word, one of them would
// make a ban last until then, keep buckets silent until then, and age everything that is known of who logged in.

import type { SecurityEvent } from './security-event.js';

/** Clocks of two hosts may differ by so much, in milliseconds. */
const mostAheadMs = 60_000;

/** Brings an event that is ahead of the clock back to it. The event is changed: it must be the caller's own. */
export function bringBack(event: SecurityEvent, now: number): void {
  if (event.time > now + mostAheadMs) (event as { time: number }).time = now;
}
