// All buckets of one scenario. Bounded: a table that is full drops the bucket that was quiet longest and counts it, so that
// an attacker with random sources fills memory no further. Levels stand in typed arrays; the order of pouring is a linked
// list, which is the order of eviction and, since all buckets of a scenario live equally long, of expiry. O(1) an event.

import { type BlockTarget, EventKeeper, eventsOf, type KeptEvent, type SecurityEvent } from '../events/index.js';
import { bucketLifeMs, overflows, pour } from './leaky-bucket.js';
import type { Accuser, Scenario } from './scenario.js';

/** A bucket that was too full. */
export interface Overflow {
  readonly scenario: Accuser;
  /** The group that overflowed. */
  readonly group: string;
  /** Time of the event that was too many. */
  readonly time: number;
  /** The newest events, oldest first; the last is the one that was too many. */
  readonly events: readonly SecurityEvent[];
  /** All events that were poured, kept or not. */
  readonly eventCount: number;
  /** Whom it accuses, where the scenario's own `target` does not say. */
  readonly target?: BlockTarget;
  /** How sure it makes us, where it is not the scenario's own `score`. */
  readonly score?: number;
}

const none = -1;
/** Dead buckets are kept for so long, in milliseconds: logs are out of order, and time goes on at one source before another. */
const graceMs = 3_600_000;
/** A table grows by so many slots at most: one that doubled would be half empty. */
const maxGrowth = 8192;

/** The live buckets of a scenario. */
export class BucketTable {
  readonly scenario: Scenario;
  readonly #maxBuckets: number;
  readonly #bucketLifeMs: number;
  /** A slot is needed for so long after its last event: for the bucket, and for its silence. */
  readonly #lifeMs: number;
  readonly #cacheSize: number;
  readonly #slots = new Map<string, number>();
  readonly #groups: string[] = [];
  readonly #keeper: EventKeeper;
  /** Most buckets hold one event, and no list. */
  readonly #kept: (KeptEvent | KeptEvent[] | undefined)[] = [];
  /** The same of values that were seen. */
  readonly #values: (string | Set<string> | undefined)[] = [];
  #levels = new Float64Array(64);
  /** Latest time poured at; a bucket that is empty and only silent keeps the time of its overflow. */
  #times = new Float64Array(64);
  #counts = new Uint32Array(64);
  /** Made when there is the first silence. */
  #silentUntil = new Float64Array(0);
  /** Neighbours in order of pouring. */
  #newer = new Int32Array(64);
  #older = new Int32Array(64);
  #newest = none;
  #oldest = none;
  readonly #free: number[] = [];
  #evicted = 0;
  #overflowed = 0;

  constructor(scenario: Scenario, maxBuckets: number, keeper: EventKeeper = new EventKeeper()) {
    this.scenario = scenario;
    this.#maxBuckets = maxBuckets;
    this.#keeper = keeper;
    this.#bucketLifeMs =
      scenario.condition === undefined ? bucketLifeMs(scenario.capacity, scenario.leakSpeedMs) : scenario.leakSpeedMs;
    this.#lifeMs = Math.max(this.#bucketLifeMs, scenario.blackholeMs ?? 0);
    this.#cacheSize = scenario.cacheSize ?? Math.min(scenario.capacity + 1, 50);
  }

  /** Counts since the start; `live` now. */
  get statistics(): { live: number; overflows: number; evicted: number } {
    return { live: this.#slots.size, overflows: this.#overflowed, evicted: this.#evicted };
  }

  /** How long an event can matter here, in milliseconds. */
  get memoryMs(): number {
    return this.#lifeMs + (this.scenario.blackholeMs ?? 0);
  }

  /** Looks at one event; the overflow that it causes, if it does. */
  offer(event: SecurityEvent): Overflow | undefined {
    const { scenario } = this;
    if (!scenario.filter(event)) {
      if (scenario.cancelOn !== undefined) this.#cancel(event);
      return undefined;
    }
    const group = scenario.groupBy(event);
    return group === undefined ? undefined : this.#pour(group, event);
  }

  #pour(group: string, event: SecurityEvent): Overflow | undefined {
    const slot = this.#slots.get(group) ?? this.#take(group, event.time);
    if (event.time - this.#times[slot]! > this.#bucketLifeMs) this.#empty(slot);
    if (!this.#isNewValue(slot, event)) return undefined;
    const held = this.#counts[slot] === 0 ? undefined : { level: this.#levels[slot]!, time: this.#times[slot]! };
    const { level, time } = pour(held, event.time, this.scenario.leakSpeedMs);
    this.#levels[slot] = level;
    this.#times[slot] = time;
    this.#counts[slot]! += 1;
    this.#keep(slot, event);
    this.#moveToNewest(slot);
    const isOver = overflows(level, this.scenario.capacity) || this.scenario.condition?.(this.#eventsOf(slot)) === true;
    return isOver ? this.#overflow(slot, event) : undefined;
  }

  /** Empties the bucket; an overflow in its silent time is dropped. */
  #overflow(slot: number, event: SecurityEvent): Overflow | undefined {
    const overflow: Overflow = {
      scenario: this.scenario,
      group: this.#groups[slot]!,
      time: event.time,
      events: this.#eventsOf(slot),
      eventCount: this.#counts[slot]!,
    };
    this.#empty(slot);
    if (this.scenario.accepts?.(overflow.events) === false) return undefined;
    if (event.time < this.#silentTo(slot)) return undefined;
    const { blackholeMs = 0 } = this.scenario;
    this.#overflowed += 1;
    if (blackholeMs === 0) this.#release(slot);
    else this.#silence(slot, event.time + blackholeMs);
    return overflow;
  }

  #cancel(event: SecurityEvent): void {
    const { cancelGroups, groupBy, cancelOn } = this.scenario;
    for (const group of cancelGroups === undefined ? [groupBy(event)] : cancelGroups(event)) {
      const slot = group === undefined ? undefined : this.#slots.get(group);
      if (slot === undefined || this.#counts[slot] === 0) continue;
      if (cancelOn?.(event, this.#eventsOf(slot)) === true) this.#empty(slot);
    }
  }

  #isNewValue(slot: number, event: SecurityEvent): boolean {
    const { distinct, capacity } = this.scenario;
    if (distinct === undefined) return true;
    const value = distinct(event);
    if (value === undefined) return false;
    const seen = this.#values[slot];
    if (seen === undefined) {
      this.#values[slot] = this.#keeper.own(value);
      return true;
    }
    if (seen === value) return false;
    const values = typeof seen === 'string' ? new Set([seen]) : seen;
    if (values.has(value)) return false;
    this.#values[slot] = values;
    // A slow drip of new values never fills the bucket: forget the oldest, as they leaked out long ago.
    if (values.size > capacity * 4) values.delete(values.values().next().value!);
    values.add(this.#keeper.own(value));
    return true;
  }

  #empty(slot: number): void {
    this.#levels[slot] = 0;
    this.#counts[slot] = 0;
    const kept = this.#kept[slot];
    if (Array.isArray(kept)) for (const one of kept) this.#keeper.release(one);
    else if (kept !== undefined) this.#keeper.release(kept);
    this.#kept[slot] = undefined;
    if (this.scenario.distinct !== undefined) this.#values[slot] = undefined;
  }

  #keep(slot: number, event: SecurityEvent): void {
    const kept = this.#kept[slot];
    const fresh = this.#keeper.keep(event);
    if (kept === undefined) this.#kept[slot] = fresh;
    else if (!Array.isArray(kept)) {
      if (this.#cacheSize > 1) this.#kept[slot] = [kept, fresh];
      else {
        this.#keeper.release(kept);
        this.#kept[slot] = fresh;
      }
    } else {
      if (kept.length === this.#cacheSize) this.#keeper.release(kept.shift()!);
      kept.push(fresh);
    }
  }

  #eventsOf(slot: number): SecurityEvent[] {
    const kept = this.#kept[slot];
    if (kept === undefined) return [];
    return Array.isArray(kept) ? eventsOf(kept) : [kept.event];
  }

  #silence(slot: number, until: number): void {
    if (this.#silentUntil.length === 0) {
      this.#silentUntil = new Float64Array(this.#levels.length).fill(Number.NEGATIVE_INFINITY);
    }
    this.#silentUntil[slot] = until;
  }

  #silentTo(slot: number): number {
    return this.#silentUntil.length === 0 ? Number.NEGATIVE_INFINITY : this.#silentUntil[slot]!;
  }

  /** A slot for a new group: what has expired is freed first, and when the table is full the quietest bucket goes. */
  #take(group: string, time: number): number {
    for (let expired = 0; this.#oldest !== none && expired < 2; expired += 1) {
      const oldest = this.#oldest;
      if (time - this.#times[oldest]! <= this.#lifeMs + graceMs || time < this.#silentTo(oldest)) break;
      this.#release(oldest);
    }
    if (this.#slots.size >= this.#maxBuckets) {
      this.#release(this.#oldest);
      this.#evicted += 1;
    }
    const slot = this.#free.pop() ?? this.#groups.length;
    if (slot === this.#levels.length) this.#grow();
    const name = this.#keeper.own(group);
    this.#slots.set(name, slot);
    this.#groups[slot] = name;
    this.#times[slot] = time;
    if (this.#silentUntil.length > 0) this.#silentUntil[slot] = Number.NEGATIVE_INFINITY;
    this.#newer[slot] = none;
    this.#older[slot] = none;
    this.#empty(slot);
    this.#link(slot);
    return slot;
  }

  #release(slot: number): void {
    this.#slots.delete(this.#groups[slot]!);
    this.#unlink(slot);
    this.#empty(slot);
    this.#groups[slot] = '';
    this.#free.push(slot);
  }

  #moveToNewest(slot: number): void {
    if (slot === this.#newest) return;
    this.#unlink(slot);
    this.#link(slot);
  }

  #link(slot: number): void {
    this.#older[slot] = this.#newest;
    this.#newer[slot] = none;
    if (this.#newest === none) this.#oldest = slot;
    else this.#newer[this.#newest] = slot;
    this.#newest = slot;
  }

  #unlink(slot: number): void {
    const [newer, older] = [this.#newer[slot]!, this.#older[slot]!];
    if (newer === none) this.#newest = older;
    else this.#older[newer] = older;
    if (older === none) this.#oldest = newer;
    else this.#newer[older] = newer;
  }

  #grow(): void {
    const length = this.#levels.length + Math.min(this.#levels.length, maxGrowth);
    const wider = <A extends Float64Array | Int32Array | Uint32Array>(made: A, old: A): A => {
      made.set(old);
      return made;
    };
    this.#levels = wider(new Float64Array(length), this.#levels);
    this.#times = wider(new Float64Array(length), this.#times);
    this.#counts = wider(new Uint32Array(length), this.#counts);
    if (this.#silentUntil.length > 0) this.#silentUntil = wider(new Float64Array(length), this.#silentUntil);
    this.#newer = wider(new Int32Array(length), this.#newer);
    this.#older = wider(new Int32Array(length), this.#older);
  }
}
