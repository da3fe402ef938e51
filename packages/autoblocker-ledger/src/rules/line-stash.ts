// What one line leaves for later lines: small named caches with an end of life, on event time.

interface Entry {
  readonly value: string;
  readonly until: number;
}

/** Named caches of one reading. Each holds so many entries; the one written longest ago goes first. */
export class LineStash {
  readonly #caches = new Map<string, Map<string, Entry>>();
  #now = Number.NEGATIVE_INFINITY;

  /** Time goes on to that of a line, never back. */
  advance(now: number): void {
    this.#now = Math.max(this.#now, now);
  }

  get(name: string, key: string): string {
    const entry = this.#caches.get(name)?.get(key);
    return entry === undefined || entry.until < this.#now ? '' : entry.value;
  }

  set(name: string, key: string, value: string, lifeMs: number, size: number): void {
    const cache = this.#caches.get(name) ?? new Map<string, Entry>();
    this.#caches.set(name, cache);
    cache.delete(key);
    if (cache.size >= size) cache.delete(cache.keys().next().value!);
    cache.set(key, { value, until: this.#now + lifeMs });
  }
}
