// Counts keys, a bounded number of different ones. Adding is O(1); asking for the most frequent sorts, O(n log n).

import { TenstripError } from '@tenstrip/shared-core';

/** Codes of the errors that a {@link Tally} throws. */
export type TallyErrorCode = 'TallyFull';

/** A key and how often it was added. */
export interface TallyCount {
  /** The key. */
  readonly key: string;
  /** At least 1. */
  readonly count: number;
}

/** Counts how often each key was added. */
export class Tally {
  readonly #counts = new Map<string, number>();
  readonly #maxKeys: number;

  /** @param maxKeys how many different keys it holds */
  constructor(maxKeys: number) {
    this.#maxKeys = maxKeys;
  }

  /** How many different keys were added. */
  get size(): number {
    return this.#counts.size;
  }

  /**
   * Counts a key once more.
   *
   * @throws TenstripError `TallyFull` when the key is new and there is no room for it
   */
  add(key: string): void {
    const count = this.#counts.get(key) ?? 0;
    if (count === 0 && this.#counts.size >= this.#maxKeys) {
      const message = `no room for the key "${key}": ${this.#maxKeys} keys at most; raise maxKeys`;
      throw new TenstripError<TallyErrorCode>('TallyFull', message, { details: { key, maxKeys: this.#maxKeys } });
    }
    this.#counts.set(key, count + 1);
  }

  /** The keys added most often, at most `limit`; of equal counts the key that sorts first. */
  mostFrequent(limit: number): TallyCount[] {
    return [...this.#counts]
      .map(([key, count]) => ({ key, count }))
      .sort((a, b) => b.count - a.count || (a.key < b.key ? -1 : 1))
      .slice(0, limit);
  }
}
