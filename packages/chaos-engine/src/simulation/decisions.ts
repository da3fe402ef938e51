// What may go otherwise than plainly, one named stream of draws for each kind of thing. Every draw is made from the seed whether
// its outcome is used or not, so that leaving one out moves no other. A mask says which outcomes count; the rest are plain.

import type { RandomSource } from '@tenstrip/shared-core';

/** Which draws of a stream count: all, none, or those with these numbers, ascending. */
export type StreamMask = 'all' | 'none' | readonly number[];

/** Which draws count; streams not named are as `others` says. */
export interface DecisionMask {
  readonly others: 'all' | 'none';
  readonly streams: Readonly<Record<string, StreamMask>>;
}

/** Every draw counts. */
export const everyDecision: DecisionMask = { others: 'all', streams: {} };

/** Draws that came out otherwise than plainly in one stream. */
export interface TakenDecisions {
  readonly stream: string;
  /** Their numbers, ascending; the first {@link Decisions.maxTaken} of them. */
  readonly taken: readonly number[];
  /** How many there were. */
  readonly count: number;
}

/** One named stream of draws. */
export class DecisionStream {
  readonly name: string;
  readonly #random: RandomSource;
  readonly #mask: 'all' | 'none' | ReadonlySet<number>;
  readonly taken: number[] = [];
  #drawn = 0;
  #count = 0;

  constructor(name: string, random: RandomSource, mask: StreamMask) {
    this.name = name;
    this.#random = random;
    this.#mask = typeof mask === 'string' ? mask : new Set(mask);
  }

  get count(): number {
    return this.#count;
  }

  /** Whether something happens that has this probability. Plainly it does not. A draw is made for 0 and 1 too. */
  happens(probability: number): boolean {
    const number = this.#drawn++;
    if (this.#random.float() >= probability || !this.#counts(number)) return false;
    this.#take(number);
    return true;
  }

  /** A number from 0 to below `limit`. Plainly it is 0. */
  upTo(limit: number): number {
    const number = this.#drawn++;
    const value = this.#random.float() * limit;
    if (value === 0 || !this.#counts(number)) return 0;
    this.#take(number);
    return value;
  }

  /** With this probability a number from 0 to below `limit`, else 0; one draw for both. Plainly it is 0. */
  sometimesUpTo(probability: number, limit: number): number {
    const number = this.#drawn++;
    const drawn = this.#random.float();
    if (drawn >= probability || !this.#counts(number)) return 0;
    this.#take(number);
    return (drawn / probability) * limit;
  }

  #counts(number: number): boolean {
    return this.#mask === 'all' || (this.#mask !== 'none' && this.#mask.has(number));
  }

  #take(number: number): void {
    this.#count++;
    if (this.taken.length < Decisions.maxTaken) this.taken.push(number);
  }
}

/** All streams of one world, made when first asked for. */
export class Decisions {
  /** So many taken draws of a stream are told apart; beyond them a stream is kept or left as a whole. */
  static readonly maxTaken = 4096;
  readonly #random: RandomSource;
  readonly #mask: DecisionMask;
  readonly #streams = new Map<string, DecisionStream>();

  constructor(random: RandomSource, mask: DecisionMask) {
    this.#random = random;
    this.#mask = mask;
  }

  stream(name: string): DecisionStream {
    let stream = this.#streams.get(name);
    if (stream === undefined) {
      const mask = Object.hasOwn(this.#mask.streams, name) ? this.#mask.streams[name]! : this.#mask.others;
      stream = new DecisionStream(name, this.#random.stream('decision', name), mask);
      this.#streams.set(name, stream);
    }
    return stream;
  }

  /** The streams in which something came out otherwise than plainly, in the order in which they were first asked for. */
  taken(): TakenDecisions[] {
    return [...this.#streams.values()]
      .filter(({ count }) => count > 0)
      .map(({ name, taken, count }) => ({ stream: name, taken, count }));
  }
}
