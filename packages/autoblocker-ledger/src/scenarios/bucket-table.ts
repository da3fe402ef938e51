// All buckets of one scenario. Bounded: a table that is full drops the bucket that was quiet longest and counts it, so that
// an attacker with random sources fills memory no further. A bucket is a row of 32 bytes in a chunk of memory, and the events
// that it keeps; the order of pouring is a linked list, which is the order of eviction and, since all buckets of a scenario live equally long, of expiry. O(1) an event.

import { type BlockTarget, EventKeeper, type KeptEvent, type SecurityEvent } from '../events/index.js';
import { GroupNames } from './group-names.js';
import { bucketLifeMs, overflows, poured } from './leaky-bucket.js';
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
const rowsShift = 10;
const rowMask = (1 << rowsShift) - 1;
/** Places in a row, in 64-bit floats and in 32-bit words. */
const stride = { floats: 4, words: 8 };
const place = { level: 0, time: 1, count: 4, newer: 5, older: 6, group: 7 };

/** The live buckets of a scenario. */
export class BucketTable {
  readonly scenario: Scenario;
  /** Of the scenario, what each event asks for: scenarios differ in layout, tables do not. */
  readonly #filter: Scenario['filter'];
  readonly #distinct: Scenario['distinct'];
  readonly #condition: Scenario['condition'];
  readonly #capacity: number;
  readonly #leakSpeedMs: number;
  readonly #maxBuckets: number;
  readonly #bucketLifeMs: number;
  /** A slot is needed for so long after its last event: for the bucket, and for its silence. */
  readonly #lifeMs: number;
  readonly #cacheSize: number;
  readonly #keeper: EventKeeper;
  readonly #groups: GroupNames;
  /** By the number of a group, in chunks: its slot plus one. */
  readonly #slotOf: (Int32Array | undefined)[] = [];
  /** Of each slot its level, the latest time poured at, how many events, its neighbours in order of pouring, and its group. */
  readonly #floats: Float64Array[] = [];
  readonly #words: Int32Array[] = [];
  /** Most buckets hold one event, and no list. */
  readonly #kept: (KeptEvent | KeptEvent[] | undefined)[] = [];
  /** The same of values that were seen. */
  readonly #values: (string | Set<string> | undefined)[] = [];
  /** By slot, of groups that are silent or were. */
  readonly #silentUntil = new Map<number, number>();
  #live = 0;
  #made = 0;
  #newest = none;
  #oldest = none;
  readonly #free: number[] = [];
  #evicted = 0;
  #overflowed = 0;

  /** `keeper` and `groups` may be those of other tables too. */
  constructor(
    scenario: Scenario,
    maxBuckets: number,
    keeper: EventKeeper = new EventKeeper(),
    groups: GroupNames = new GroupNames(scenario.groupBy, keeper),
  ) {
    this.scenario = scenario;
    this.#filter = scenario.filter;
    this.#distinct = scenario.distinct;
    this.#condition = scenario.condition;
    this.#capacity = scenario.capacity;
    this.#leakSpeedMs = scenario.leakSpeedMs;
    this.#maxBuckets = maxBuckets;
    this.#keeper = keeper;
    this.#groups = groups;
    this.#bucketLifeMs =
      scenario.condition === undefined ? bucketLifeMs(scenario.capacity, scenario.leakSpeedMs) : scenario.leakSpeedMs;
    this.#lifeMs = Math.max(this.#bucketLifeMs, scenario.blackholeMs ?? 0);
    this.#cacheSize = scenario.cacheSize ?? Math.min(scenario.capacity + 1, 50);
  }

  /** Counts since the start; `live` now. */
  get statistics(): { live: number; overflows: number; evicted: number } {
    return { live: this.#live, overflows: this.#overflowed, evicted: this.#evicted };
  }

  /** How long an event can matter here, in milliseconds. */
  get memoryMs(): number {
    return this.#lifeMs + (this.scenario.blackholeMs ?? 0);
  }

  /** Looks at one event; the overflow that it causes, if it does. */
  offer(event: SecurityEvent): Overflow | undefined {
    if (!this.#filter(event)) {
      if (this.scenario.cancelOn !== undefined) this.#cancel(event);
      return undefined;
    }
    const group = this.#groups.of(event);
    return group === undefined ? undefined : this.#pour(group, event);
  }

  #pour(group: string, event: SecurityEvent): Overflow | undefined {
    const known = this.#find(group);
    const slot = known === none ? this.#take(group, event.time) : known;
    const [floats, at] = [this.#floats[slot >>> rowsShift]!, (slot & rowMask) * stride.floats];
    const elapsedMs = event.time - floats[at + place.time]!;
    if (elapsedMs > this.#bucketLifeMs) this.#empty(slot);
    if (this.#distinct !== undefined && !this.#isNewValue(slot, this.#distinct(event))) return undefined;
    const count = this.#word(slot, place.count);
    const level = poured(floats[at + place.level]!, elapsedMs, this.#leakSpeedMs);
    floats[at + place.level] = level;
    if (count === 0 || elapsedMs > 0) floats[at + place.time] = event.time;
    this.#setWord(slot, place.count, count + 1);
    this.#keep(slot, event);
    if (slot !== this.#newest) this.#moveToNewest(slot);
    if (overflows(level, this.#capacity) || this.#condition?.(this.#eventsOf(slot)) === true) {
      return this.#overflow(slot, event);
    }
    return undefined;
  }

  /** Empties the bucket; an overflow in its silent time is dropped. */
  #overflow(slot: number, event: SecurityEvent): Overflow | undefined {
    if (event.time < (this.#silentUntil.get(slot) ?? Number.NEGATIVE_INFINITY)) {
      this.#empty(slot);
      return undefined;
    }
    const overflow: Overflow = {
      scenario: this.scenario,
      group: this.#groups.name(this.#word(slot, place.group)),
      time: event.time,
      events: this.#eventsOf(slot),
      eventCount: this.#word(slot, place.count),
    };
    this.#empty(slot);
    if (this.scenario.accepts?.(overflow.events) === false) return undefined;
    const { blackholeMs = 0 } = this.scenario;
    this.#overflowed += 1;
    if (blackholeMs === 0) this.#release(slot);
    else this.#silentUntil.set(slot, event.time + blackholeMs);
    return overflow;
  }

  #cancel(event: SecurityEvent): void {
    const { cancelGroups, cancelOn } = this.scenario;
    for (const group of cancelGroups === undefined ? [this.#groups.of(event)] : cancelGroups(event)) {
      const slot = group === undefined ? none : this.#find(group);
      if (slot === none || this.#word(slot, place.count) === 0) continue;
      if (cancelOn?.(event, this.#eventsOf(slot)) === true) this.#empty(slot);
    }
  }

  #isNewValue(slot: number, value: string | undefined): boolean {
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
    if (values.size > this.#capacity * 4) values.delete(values.values().next().value!);
    values.add(this.#keeper.own(value));
    return true;
  }

  #empty(slot: number): void {
    this.#floats[slot >>> rowsShift]![(slot & rowMask) * stride.floats + place.level] = 0;
    this.#setWord(slot, place.count, 0);
    const kept = this.#kept[slot];
    if (Array.isArray(kept)) for (const one of kept) this.#keeper.release(one);
    else if (kept !== undefined) this.#keeper.release(kept);
    this.#kept[slot] = undefined;
    if (this.#distinct !== undefined) this.#values[slot] = undefined;
  }

  #keep(slot: number, event: SecurityEvent): void {
    const kept = this.#kept[slot];
    // A condition is asked about all of them at each event that is poured.
    const fresh = this.#condition === undefined ? this.#keeper.keep(event) : this.#keeper.keepWhole(event);
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
    return Array.isArray(kept) ? this.#keeper.eventsOf(kept) : [this.#keeper.eventOf(kept)];
  }

  /** A slot for a new group: what has expired is freed first, and when the table is full the quietest bucket goes. */
  #take(group: string, time: number): number {
    for (let expired = 0; this.#oldest !== none && expired < 2; expired += 1) {
      const oldest = this.#oldest;
      const last = this.#floats[oldest >>> rowsShift]![(oldest & rowMask) * stride.floats + place.time]!;
      const isSilent = time < (this.#silentUntil.get(oldest) ?? Number.NEGATIVE_INFINITY);
      if (time - last <= this.#lifeMs + graceMs || isSilent) break;
      this.#release(oldest);
    }
    if (this.#live >= this.#maxBuckets) {
      this.#release(this.#oldest);
      this.#evicted += 1;
    }
    const slot = this.#free.pop() ?? this.#makeSlot();
    const number = this.#groups.take(group);
    this.#setSlotOf(number, slot + 1);
    this.#live += 1;
    this.#setWord(slot, place.group, number);
    this.#floats[slot >>> rowsShift]![(slot & rowMask) * stride.floats + place.time] = time;
    this.#empty(slot);
    this.#link(slot);
    return slot;
  }

  #release(slot: number): void {
    const number = this.#word(slot, place.group);
    this.#setSlotOf(number, 0);
    this.#groups.release(number);
    this.#live -= 1;
    this.#unlink(slot);
    this.#empty(slot);
    this.#silentUntil.delete(slot);
    this.#free.push(slot);
  }

  #find(group: string): number {
    const number = this.#groups.find(group);
    return number < 0 ? none : (this.#slotOf[number >>> rowsShift]?.[number & rowMask] ?? 0) - 1;
  }

  #setSlotOf(number: number, slotAndOne: number): void {
    while (this.#slotOf.length <= number >>> rowsShift) this.#slotOf.push(undefined);
    this.#slotOf[number >>> rowsShift] ??= new Int32Array(1 << rowsShift);
    this.#slotOf[number >>> rowsShift]![number & rowMask] = slotAndOne;
  }

  #makeSlot(): number {
    const slot = this.#made;
    this.#made += 1;
    if ((slot & rowMask) === 0) {
      const memory = new ArrayBuffer(stride.words * 4 * (1 << rowsShift));
      this.#floats.push(new Float64Array(memory));
      this.#words.push(new Int32Array(memory));
    }
    return slot;
  }

  #moveToNewest(slot: number): void {
    this.#unlink(slot);
    this.#link(slot);
  }

  #link(slot: number): void {
    this.#setWord(slot, place.older, this.#newest);
    this.#setWord(slot, place.newer, none);
    if (this.#newest === none) this.#oldest = slot;
    else this.#setWord(this.#newest, place.newer, slot);
    this.#newest = slot;
  }

  #unlink(slot: number): void {
    const [newer, older] = [this.#word(slot, place.newer), this.#word(slot, place.older)];
    if (newer === none) this.#newest = older;
    else this.#setWord(newer, place.older, older);
    if (older === none) this.#oldest = newer;
    else this.#setWord(older, place.newer, newer);
  }

  #word(slot: number, at: number): number {
    return this.#words[slot >>> rowsShift]![(slot & rowMask) * stride.words + at]!;
  }

  #setWord(slot: number, at: number, value: number): void {
    this.#words[slot >>> rowsShift]![(slot & rowMask) * stride.words + at] = value;
  }
}
