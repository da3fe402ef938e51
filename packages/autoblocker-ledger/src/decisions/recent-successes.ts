// Who logged in within the last 24 hours. Bounded: beyond 100,000 sources the one that was quiet longest is forgotten.
// Asked in event time; an entry keeps its first and last success, so "before the attack began" can be answered.

const windowMs = 86_400_000;
const maxSources = 100_000;

interface Successes {
  readonly first: number;
  readonly last: number;
}

/** Sources with a recent success, by canonical address. */
export class RecentSuccesses {
  /** In order of the last success noted. */
  readonly #sources = new Map<string, Successes>();

  /** Sources held; those whose window has passed are dropped when others are noted. */
  get size(): number {
    return this.#sources.size;
  }

  /** Notes a success. */
  note(address: string, time: number): void {
    const before = this.#sources.get(address);
    this.#sources.delete(address);
    const stale = before === undefined || time - before.last > windowMs;
    this.#sources.set(
      address,
      stale ? { first: time, last: time } : { first: Math.min(before.first, time), last: Math.max(before.last, time) },
    );
    for (const [oldest, { last }] of this.#sources) {
      if (this.#sources.size <= maxSources && time - last <= windowMs) break;
      this.#sources.delete(oldest);
    }
  }

  /** Whether the address had a success before `start`, and its last no more than 24 hours before it. */
  succeededBefore(address: string, start: number): boolean {
    const successes = this.#sources.get(address);
    return successes !== undefined && successes.first < start && start - successes.last <= windowMs;
  }

  /** The addresses held. */
  addresses(): Iterable<string> {
    return this.#sources.keys();
  }
}
