// The groups that live buckets stand for, by number. Scenarios that group in the same way share them: an address that failed
// once stands in the buckets of all rules about guessing, and its name in one place. O(1).

import type { EventKeeper, SecurityEvent } from '../events/index.js';
import type { Scenario } from './scenario.js';

/** Groups, and how many buckets stand for each. */
export class GroupNames {
  readonly #keeper: EventKeeper;
  readonly #groupBy: Scenario['groupBy'];
  readonly #numbers = new Map<string, number>();
  readonly #names: string[] = [];
  readonly #buckets: number[] = [];
  readonly #free: number[] = [];
  /** What was asked for last: the next table asks for it too. */
  #lastEvent: SecurityEvent | undefined;
  #lastGroup: string | undefined;
  #lastName = '';
  #lastNumber = -1;

  constructor(groupBy: Scenario['groupBy'], keeper: EventKeeper) {
    this.#groupBy = groupBy;
    this.#keeper = keeper;
  }

  /** The group of an event. */
  of(event: SecurityEvent): string | undefined {
    if (event !== this.#lastEvent) {
      this.#lastGroup = this.#groupBy(event);
      this.#lastEvent = event;
    }
    return this.#lastGroup;
  }

  /** The number of a group, or -1 when no bucket stands for it. */
  find(name: string): number {
    if (this.#lastNumber >= 0 && name === this.#lastName) return this.#lastNumber;
    const number = this.#numbers.get(name) ?? -1;
    this.#lastName = name;
    this.#lastNumber = number;
    return number;
  }

  /** One more bucket stands for a group; its number. */
  take(name: string): number {
    const known = this.find(name);
    const number = known < 0 ? this.#add(this.#keeper.own(name)) : known;
    this.#buckets[number]! += 1;
    return number;
  }

  name(number: number): string {
    return this.#names[number]!;
  }

  /** A bucket stands for a group no more. */
  release(number: number): void {
    this.#buckets[number]! -= 1;
    if (this.#buckets[number]! > 0) return;
    this.#numbers.delete(this.#names[number]!);
    this.#names[number] = '';
    this.#free.push(number);
    this.#lastNumber = -1;
  }

  #add(name: string): number {
    const number = this.#free.pop() ?? this.#names.length;
    this.#numbers.set(name, number);
    this.#names[number] = name;
    this.#buckets[number] = 0;
    this.#lastName = name;
    this.#lastNumber = number;
    return number;
  }
}
