// Buckets that overflow by time alone: so long after its first event a bucket gives out what came until then. On event
// time, so a bucket is due when some event of a later time comes. Bounded as the other buckets; O(1) an event.

import type { SecurityEvent } from '../events/index.js';
import type { Overflow } from './bucket-table.js';
import type { Scenario } from './scenario.js';

interface Counter {
  readonly opened: number;
  readonly kept: SecurityEvent[];
  readonly values: Set<string>;
  count: number;
}

/** A counter of the hub keeps one event, and counts far more values. */
const leastValues = 200;

/** The live buckets of a scenario with a window. */
export class CounterTable {
  readonly scenario: Scenario;
  readonly #maxBuckets: number;
  readonly #windowMs: number;
  readonly #cacheSize: number;
  /** Values of one counter that are known as seen. */
  readonly #maxValues: number;
  /** In the order of their first events. */
  readonly #counters = new Map<string, Counter>();
  readonly #silentUntil = new Map<string, number>();
  #overflowed = 0;
  #evicted = 0;

  constructor(scenario: Scenario, maxBuckets: number) {
    this.scenario = scenario;
    this.#maxBuckets = maxBuckets;
    this.#windowMs = scenario.windowMs ?? 1;
    this.#cacheSize = scenario.cacheSize ?? 50;
    this.#maxValues = Math.max(leastValues, this.#cacheSize * 4);
  }

  /** Counts since the start; `live` now. */
  get statistics(): { live: number; overflows: number; evicted: number } {
    return { live: this.#counters.size, overflows: this.#overflowed, evicted: this.#evicted };
  }

  /** How long an event can matter here, in milliseconds. */
  get memoryMs(): number {
    return this.#windowMs + (this.scenario.blackholeMs ?? 0);
  }

  /** Looks at one event, which never overflows a bucket itself. */
  offer(event: SecurityEvent): undefined {
    const { filter, groupBy, cancelOn } = this.scenario;
    const group = groupBy(event);
    if (group === undefined) return;
    if (filter(event)) this.#count(group, event);
    else if (cancelOn?.(event, this.#counters.get(group)?.kept ?? []) === true) this.#counters.delete(group);
  }

  /** The overflows that are due at a time. */
  due(time: number): readonly Overflow[] {
    const overflows: Overflow[] = [];
    for (const [group, counter] of this.#counters) {
      const deadline = counter.opened + this.#windowMs;
      if (deadline > time) break;
      this.#counters.delete(group);
      const { kept: events, count: eventCount } = counter;
      if (this.scenario.accepts?.(events) === false || this.#isSilent(group, deadline)) continue;
      this.#overflowed += 1;
      overflows.push({ scenario: this.scenario, group, time: deadline, events, eventCount });
    }
    return overflows;
  }

  #count(group: string, event: SecurityEvent): void {
    const counter = this.#counters.get(group) ?? this.#open(group, event.time);
    const value = this.scenario.distinct?.(event);
    if (this.scenario.distinct !== undefined) {
      if (value === undefined || counter.values.has(value)) return;
      // As in a bucket, the oldest value makes room.
      if (counter.values.size >= this.#maxValues) counter.values.delete(counter.values.values().next().value!);
      counter.values.add(value);
    }
    counter.count += 1;
    if (counter.kept.length === this.#cacheSize) counter.kept.shift();
    counter.kept.push(event);
  }

  #open(group: string, opened: number): Counter {
    if (this.#counters.size >= this.#maxBuckets) {
      this.#counters.delete(this.#counters.keys().next().value!);
      this.#evicted += 1;
    }
    const counter: Counter = { opened, kept: [], values: new Set(), count: 0 };
    this.#counters.set(group, counter);
    return counter;
  }

  #isSilent(group: string, time: number): boolean {
    const { blackholeMs = 0 } = this.scenario;
    if (blackholeMs === 0) return false;
    if (time < (this.#silentUntil.get(group) ?? Number.NEGATIVE_INFINITY)) return true;
    this.#silentUntil.delete(group);
    if (this.#silentUntil.size >= this.#maxBuckets) this.#silentUntil.delete(this.#silentUntil.keys().next().value!);
    this.#silentUntil.set(group, time + blackholeMs);
    return false;
  }
}
