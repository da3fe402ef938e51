// Timers that no real clock moves: when the guest has nothing left to do, time jumps to the next timer that is due, in
// (time, sequence) order. While a request to the host or a file read is under way, time stands still.
// One timer fires a turn of the real event loop, so that microtasks run in between, as with real timers.

interface VirtualTimer {
  readonly dueMs: number;
  readonly sequence: number;
  readonly fire: () => void;
}

const nextTurn = setImmediate;
const later = setTimeout;

/** Turns of the event loop without any sign of work, after which the guest counts as idle. */
const quietTurns = 3;
/** Timers that may wait at a time. */
const maxTimers = 10_000;

/** The virtual time of one guest. */
export class VirtualTimers {
  readonly #busy: () => boolean;
  readonly #waiting = new Map<number, VirtualTimer>();
  #startMs = 0;
  #startMonotonicMs = 0;
  #elapsedMs = 0;
  #sequence = 0;
  #run = 0;

  /** @param busy whether outside work is under way */
  constructor(busy: () => boolean) {
    this.#busy = busy;
  }

  get nowMs(): number {
    return Math.floor(this.#startMs + this.#elapsedMs);
  }

  get monotonicMs(): number {
    return this.#startMonotonicMs + this.#elapsedMs;
  }

  get elapsedMs(): number {
    return this.#elapsedMs;
  }

  /** Begins a call at this time, without timers. */
  begin(nowMs: number, monotonicMs: number): void {
    this.#startMs = nowMs;
    this.#startMonotonicMs = monotonicMs;
    this.#elapsedMs = 0;
    this.#waiting.clear();
    this.#run += 1;
    this.#pump(this.#run, 0);
  }

  /** Ends the call; what still waits is dropped. */
  end(): void {
    this.#waiting.clear();
    this.#run += 1;
  }

  schedule(delayMs: number, fire: () => void): number {
    if (this.#waiting.size >= maxTimers) throw new RangeError(`more than ${maxTimers} timers wait`);
    const sequence = ++this.#sequence;
    this.#waiting.set(sequence, { dueMs: this.#elapsedMs + delayMs, sequence, fire });
    return sequence;
  }

  cancel(sequence: number): void {
    this.#waiting.delete(sequence);
  }

  #pump(run: number, quiet: number): void {
    nextTurn(() => {
      if (run !== this.#run) return;
      if (this.#busy()) return void later(() => this.#pump(run, 0), 1);
      if (quiet < quietTurns) return this.#pump(run, quiet + 1);
      const next = this.#next();
      // Nothing will ever happen unless outside work is still hidden from us: look again now and then.
      if (next === undefined) return void later(() => this.#pump(run, 0), 1);
      this.#pump(run, quietTurns);
      this.#waiting.delete(next.sequence);
      this.#elapsedMs = Math.max(this.#elapsedMs, next.dueMs);
      next.fire();
    });
  }

  #next(): VirtualTimer | undefined {
    let next: VirtualTimer | undefined;
    // In order of sequence: the first of the smallest time wins.
    for (const timer of this.#waiting.values()) if (next === undefined || timer.dueMs < next.dueMs) next = timer;
    return next;
  }
}
