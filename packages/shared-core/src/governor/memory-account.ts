// Admission by memory. A node bounds the sum of the reservations in it and below it; the root also looks at the
// process: what is resident, or was resident at the start plus what is reserved, whichever is larger, so that memory
// that was reserved and then allocated counts once.
import { memoryLimit } from './refusals.js';
import type { UsageMeter } from './usage-meter.js';

/** How old a sample of the resident set may be before it is taken again. A sample costs about 10 µs. */
const freshMs = 100;

/** The resident set of the process as the root governor sees it. */
export class ResidentSet {
  readonly #meter: UsageMeter;
  readonly #atStartBytes: number;
  #bytes: number;
  #sampledAtMs: number;

  constructor(meter: UsageMeter, nowMs: number) {
    this.#meter = meter;
    this.#atStartBytes = meter.residentBytes();
    this.#bytes = this.#atStartBytes;
    this.#sampledAtMs = nowMs;
  }

  /** Bytes in use when `reservedBytes` are reserved; from a sample that is at most 100 ms old, or a new one if `afresh`. */
  use(reservedBytes: number, nowMs: number, afresh: boolean): number {
    if (afresh || nowMs - this.#sampledAtMs >= freshMs) {
      this.#bytes = this.#meter.residentBytes();
      this.#sampledAtMs = nowMs;
    }
    return Math.max(this.#bytes, this.#atStartBytes + reservedBytes);
  }
}

/** Bytes reserved in one node and below it, against its `ramBytes`. */
export class MemoryAccount {
  readonly #governor: string;
  readonly #ramBytes: number;
  readonly #parent: MemoryAccount | undefined;
  readonly #resident: ResidentSet | undefined;
  #reservedBytes = 0;

  /** @param resident only at a root with a limit: the process itself. */
  constructor(governor: string, ramBytes: number, parent?: MemoryAccount, resident?: ResidentSet) {
    this.#governor = governor;
    this.#ramBytes = ramBytes;
    this.#parent = parent;
    this.#resident = resident;
  }

  get reservedBytes(): number {
    return this.#reservedBytes;
  }

  /** Whether an operation that asks for no memory is admitted; looks at measured use only. */
  get isMeasured(): boolean {
    return this.#resident !== undefined || (this.#parent?.isMeasured ?? false);
  }

  /** Counts `bytes` here and in every node above, or in none. @throws TenstripError `MemoryLimit` */
  reserve(bytes: number, nowMs: number): void {
    for (let account: MemoryAccount | undefined = this; account !== undefined; account = account.#parent) {
      account.#refuseAboveLimit(bytes, nowMs);
    }
    this.#add(bytes);
  }

  release(bytes: number): void {
    this.#add(-bytes);
  }

  #refuseAboveLimit(bytes: number, nowMs: number): void {
    if (this.#usedBytes(nowMs, false) + bytes <= this.#ramBytes) return;
    const usedBytes = this.#usedBytes(nowMs, true);
    if (usedBytes + bytes > this.#ramBytes) throw memoryLimit(this.#governor, this.#ramBytes, usedBytes, bytes);
  }

  #usedBytes(nowMs: number, afresh: boolean): number {
    return this.#resident?.use(this.#reservedBytes, nowMs, afresh) ?? this.#reservedBytes;
  }

  #add(bytes: number): void {
    for (let account: MemoryAccount | undefined = this; account !== undefined; account = account.#parent) {
      account.#reservedBytes += bytes;
    }
  }
}
