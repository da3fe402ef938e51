// A machine for tests in which no real clock decides: its clock and its CPU meter move when work is done on it, and its
// timers fire when it is idle. Bodies "work" by spending CPU time.
import type { Clock, ScheduleOptions } from '../../../src/determinism/index.js';
import type { UsageMeter } from '../../../src/governor/index.js';

interface Pending {
  readonly dueMs: number;
  readonly callback: () => void;
}

export class SimulatedMachine implements Clock, UsageMeter {
  #nowMs = 0;
  #cpuMs = 0;
  #events = 0;
  readonly #timers = new Set<Pending>();
  resident = 100_000_000;

  now(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  cpuMicros(): number {
    return this.#cpuMs * 1000;
  }

  residentBytes(): number {
    return this.resident;
  }

  get timers(): number {
    return this.#timers.size;
  }

  async sleep(ms: number): Promise<void> {
    await new Promise<void>((resolve) => this.schedule(ms, resolve));
  }

  schedule(delayMs: number, callback: () => void, _options?: ScheduleOptions): Disposable {
    const pending = { dueMs: this.#nowMs + delayMs, callback };
    this.#timers.add(pending);
    return { [Symbol.dispose]: () => this.#timers.delete(pending) };
  }

  /** Works for `cpuMs`, of which this thread sees all as wall time. */
  spend(cpuMs: number): void {
    this.#nowMs += cpuMs;
    this.#cpuMs += cpuMs;
    this.#events++;
  }

  /** Another thread works for `cpuMs`; time does not pass here. */
  spendElsewhere(cpuMs: number): void {
    this.#cpuMs += cpuMs;
  }

  /** Lets everything run until `work` has settled: timers fire in order, and time jumps when all is idle. */
  async runUntil<T>(work: Promise<T>): Promise<T> {
    let settled = false;
    const over = work.finally(() => {
      settled = true;
    });
    over.catch(() => {});
    while (!settled) await this.#step();
    return over;
  }

  /** Lets everything run until nothing moves without time passing. */
  async settle(): Promise<void> {
    for (let before = -1; before !== this.#events; ) {
      before = this.#events;
      for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    await this.settle();
    for (let next = this.#next(); next !== undefined && next.dueMs <= endMs; next = this.#next()) {
      this.#fire(next);
      await this.settle();
    }
    this.#nowMs = Math.max(this.#nowMs, endMs);
  }

  /** One turn of the event loop, as Node has it: due timers, then immediates. After three idle turns time jumps. */
  async #step(): Promise<void> {
    const before = this.#events;
    for (let turn = 0; turn < 3 && before === this.#events; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    const next = this.#next();
    if (next !== undefined && (next.dueMs <= this.#nowMs || before === this.#events)) this.#fire(next);
  }

  #next(): Pending | undefined {
    return [...this.#timers].sort((a, b) => a.dueMs - b.dueMs)[0];
  }

  #fire(pending: Pending): void {
    this.#timers.delete(pending);
    this.#nowMs = Math.max(this.#nowMs, pending.dueMs);
    this.#events++;
    pending.callback();
  }
}
