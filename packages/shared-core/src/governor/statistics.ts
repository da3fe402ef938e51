// What happened in a governor, as plain numbers. Times go into histograms of node:perf_hooks (HDR, two significant
// figures, microseconds), made on first use; a record costs about 25 ns.
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';

/** What a governor did and holds, its children included; readable as one plain object. */
export interface GovernorStatistics {
  /** Operations whose body was started. */
  admitted: number;
  /** Operations that ended well. */
  completed: number;
  /** Operations whose body threw. */
  failed: number;
  /** Operations that were refused: queue full, memory limit, closed. */
  refused: number;
  /** Operations that ended by abort or deadline, waiting or running. */
  aborted: number;
  /** How often work waited for CPU time or for I/O tokens. */
  throttled: number;
  /** Operations that wait for admission now. */
  waiting: number;
  /** Permits held now. */
  running: number;
  /** CPU microseconds: at the root of the whole process since the governor was made, below it of the node's work. */
  cpuMicros: number;
  /** Bytes reserved now. */
  reservedBytes: number;
  /** Bytes resident in the process now. */
  residentBytes: number;
  /** I/O operations granted. */
  ioOps: number;
  /** I/O bytes granted. */
  ioBytes: number;
  /** Reservations that their operation had not given back at its end; they were given back for it. */
  unreturnedReservations: number;
  /** Milliseconds from the call to the start of the body. */
  queueMs: Quantiles;
  /** Milliseconds from the start to the end of the body. */
  runMs: Quantiles;
  /** The same of each child, by name. */
  children: Record<string, GovernorStatistics>;
}

/** A distribution in short; all zero when nothing was recorded. Within one percent. */
export interface Quantiles {
  count: number;
  min: number;
  mean: number;
  p50: number;
  p90: number;
  p99: number;
  max: number;
}

/** Durations in milliseconds, kept in microseconds. Zero durations, which are most, only count. */
export class Durations {
  #zeros = 0;
  #histogram: RecordableHistogram | undefined;

  /** Records a duration; longer than an hour counts as an hour. */
  record(ms: number): void {
    const micros = Math.round(ms * 1000);
    if (micros < 1) this.#zeros++;
    else this.#made().record(Math.min(micros, longestMicros));
  }

  recordZero(): void {
    this.#zeros++;
  }

  /** Adds all that `other` recorded. */
  add(other: Durations): void {
    this.#zeros += other.#zeros;
    if (other.#histogram !== undefined) this.#made().add(other.#histogram);
  }

  quantiles(): Quantiles {
    const histogram = this.#histogram;
    const recorded = histogram?.count ?? 0;
    const count = this.#zeros + recorded;
    if (histogram === undefined || recorded === 0) return { count, min: 0, mean: 0, p50: 0, p90: 0, p99: 0, max: 0 };
    const quantile = (part: number): number => {
      const rank = part * count - this.#zeros;
      return rank <= 0 ? 0 : histogram.percentile(Math.min(100, Math.max(1e-9, (rank / recorded) * 100))) / 1000;
    };
    return {
      count,
      min: this.#zeros > 0 ? 0 : histogram.min / 1000,
      mean: (histogram.mean * recorded) / count / 1000,
      p50: quantile(0.5),
      p90: quantile(0.9),
      p99: quantile(0.99),
      max: histogram.max / 1000,
    };
  }

  #made(): RecordableHistogram {
    this.#histogram ??= createHistogram({ lowest: 1, highest: longestMicros, figures: 2 });
    return this.#histogram;
  }
}

const longestMicros = 3_600_000_000;

/** The counters of one node; those of closed children are added to it, so that nothing is forgotten. */
export class Totals {
  admitted = 0;
  completed = 0;
  failed = 0;
  refused = 0;
  aborted = 0;
  throttled = 0;
  cpuMicros = 0;
  ioOps = 0;
  ioBytes = 0;
  unreturnedReservations = 0;
  readonly queue = new Durations();
  readonly run = new Durations();

  add(other: Totals): void {
    this.admitted += other.admitted;
    this.completed += other.completed;
    this.failed += other.failed;
    this.refused += other.refused;
    this.aborted += other.aborted;
    this.throttled += other.throttled;
    this.cpuMicros += other.cpuMicros;
    this.ioOps += other.ioOps;
    this.ioBytes += other.ioBytes;
    this.unreturnedReservations += other.unreturnedReservations;
    this.queue.add(other.queue);
    this.run.add(other.run);
  }
}
