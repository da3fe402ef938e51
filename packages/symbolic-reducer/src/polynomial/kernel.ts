// The WebAssembly kernel for products: lays factors out in its memory, runs it in slices, and collects what it writes.
// The source is kernel/multiply.c; positions in its job are those of that struct on a 32-bit machine.

import type { Budget } from '../budget/index.js';
import { chooseSplit, type Split } from './choose.js';
import { type Coefficients, heightOf } from './coefficients.js';
import { KERNEL_BASE64 } from './kernel-binary.js';
import type { Terms } from './terms.js';

interface KernelMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

interface Exports {
  readonly memory: KernelMemory;
  readonly __heap_base: { readonly value: number };
  job_address(): number;
  multiply_start(): void;
  multiply_run(maxSteps: number): void;
}

/** Word positions (4 bytes each) in the job. */
const LEFT = 0;
const RIGHT = 11;
const SIDE = {
  count: 0,
  high: 1,
  low: 2,
  doubles: 3,
  pairs: 4,
  groups: 5,
  start: 6,
  index: 7,
  exact: 8,
  near: 9,
} as const;
const JOB = {
  lowWordBits: 22,
  lowBits: 23,
  fieldCount: 24,
  position: 25,
  shift: 33,
  width: 41,
  wide: 49,
  narrow: 50,
  heapKey: 51,
  heapHead: 52,
  chain: 53,
  column: 54,
  pairRow: 55,
  pairColumn: 56,
  slab: 57,
  marks: 58,
  outHigh: 59,
  outLow: 60,
  outDoubles: 61,
  outPairs: 62,
  capacity: 63,
  outCount: 64,
  outWide: 65,
  done: 66,
  steps: 67,
} as const;

/** Sums below are kept in one 64-bit word. */
const WORD_LIMIT = 2 ** 63;
const PAGE_BYTES = 65_536;
/** Terms that the kernel writes before it returns. */
const CAPACITY = 2 ** 17;
/** Products between two looks at the budget: one to three milliseconds. */
const SLICE_STEPS = 2 ** 20;
/** An instance whose memory grew beyond this is not kept for the next product. */
const KEPT_BYTES = 2 ** 26;

/** What is used of the language's `WebAssembly`, which has no types without a browser's; a machine may do without. */
const { WebAssembly: machine } = globalThis as {
  readonly WebAssembly?: {
    readonly Module: new (bytes: Uint8Array) => object;
    readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
  };
};

let compiled: object | undefined;
let idle: Exports | undefined;

/** An idle kernel, or a new one: what stops an operation may itself multiply. Undefined on a machine without WebAssembly. */
function takeKernel(): Exports | undefined {
  if (machine === undefined) return undefined;
  const kernel = idle;
  idle = undefined;
  if (kernel !== undefined) return kernel;
  compiled ??= new machine.Module(Uint8Array.from(atob(KERNEL_BASE64), (letter) => letter.charCodeAt(0)));
  return new machine.Instance(compiled, {}).exports as Exports;
}

function giveBack(kernel: Exports): void {
  if (kernel.memory.buffer.byteLength <= KEPT_BYTES) idle = kernel;
}

/**
 * The product by the kernel, or undefined where it cannot hold the monomials or the sums. Packings are equal and hold `degrees`,
 * the product's.
 *
 * @param bound at least as large as the sum of the absolute values of all products with one monomial
 */
export function multiplyByKernel(
  left: Terms,
  right: Terms,
  degrees: Float64Array,
  bound: number,
  budget: Budget,
): Terms | undefined {
  if (!fits(left.coefficients) || !fits(right.coefficients)) return undefined;
  const wide = bound >= WORD_LIMIT;
  // A double sums up k products of rounded factors with an error below (k + 3) 2^-53 of the bound; it must stay below 2^62.
  if (wide && (Math.min(left.count, right.count) + 4) * bound >= 2 ** 114) return undefined;
  const split = chooseSplit(left, right, degrees);
  if (split === undefined) return undefined;
  const kernel = takeKernel();
  if (kernel === undefined) return undefined;
  try {
    return run(kernel, left, right, split, bound, budget);
  } finally {
    giveBack(kernel);
  }
}

function fits(coefficients: Coefficients): boolean {
  return (
    coefficients instanceof Float64Array || (coefficients instanceof BigInt64Array && heightOf(coefficients) < 2 ** 63)
  );
}

function run(kernel: Exports, first: Terms, second: Terms, split: Split, bound: number, budget: Budget): Terms {
  const wide = bound >= WORD_LIMIT;
  const [left, right] = first.count <= second.count ? [first, second] : [second, first];
  const memory = new Arena(kernel);
  const job = kernel.job_address() / 4;
  const words = new Map<number, number>();
  const set = (at: number, value: number) => words.set(job + at, value);
  const inputs = [layFactor(left, LEFT, wide, memory, set), layFactor(right, RIGHT, wide, memory, set)];
  set(JOB.lowWordBits, split.lowWordBits);
  set(JOB.lowBits, split.lowBits);
  set(JOB.fieldCount, split.fields.length);
  split.fields.forEach(({ position, shift, width }, field) => {
    set(JOB.position + field, position);
    set(JOB.shift + field, shift);
    set(JOB.width + field, width);
  });
  set(JOB.wide, wide ? 1 : 0);
  set(JOB.narrow, bound < 2 ** 53 ? 1 : 0);
  set(JOB.heapKey, memory.take(8 * (left.count + 1)));
  set(JOB.heapHead, memory.take(4 * (left.count + 1)));
  for (const part of [JOB.chain, JOB.pairRow, JOB.pairColumn]) set(part, memory.take(4 * left.count));
  const zeros = memory.position;
  set(JOB.column, memory.take(4 * left.count));
  const sums = split.fields.length === 0 ? 0 : 2 ** Math.max(6, split.indexBits);
  set(JOB.slab, memory.take(sums * (wide ? 16 : 8)));
  set(JOB.marks, memory.take(sums / 8));
  const zerosEnd = memory.position;
  const outHigh = memory.take(8 * CAPACITY);
  const outLow = memory.take(8 * CAPACITY);
  const outDoubles = memory.take(8 * CAPACITY);
  const outPairs = memory.take(16 * CAPACITY);
  set(JOB.outHigh, outHigh);
  set(JOB.outLow, outLow);
  set(JOB.outDoubles, outDoubles);
  set(JOB.outPairs, outPairs);
  set(JOB.capacity, CAPACITY);
  memory.grow();
  const { buffer } = kernel.memory;
  new Uint8Array(buffer, zeros, zerosEnd - zeros).fill(0);
  for (const copy of inputs) copy(buffer);
  const state = new Uint32Array(buffer);
  for (const [at, value] of words) state[at] = value;
  kernel.multiply_start();
  const output = new Output(left.low !== undefined);
  do {
    kernel.multiply_run(SLICE_STEPS);
    output.append(
      buffer,
      outHigh,
      outLow,
      outDoubles,
      outPairs,
      state[job + JOB.outCount]!,
      state[job + JOB.outWide] === 1,
    );
    budget.step(state[job + JOB.steps]!);
    budget.requireTerms(output.count);
  } while (state[job + JOB.done] === 0);
  return { packing: left.packing, ...output.take() };
}

/** Takes room for a factor; gives what copies it there once the memory is large enough. */
function layFactor(
  terms: Terms,
  side: number,
  wide: boolean,
  memory: Arena,
  set: (at: number, value: number) => void,
): (buffer: ArrayBuffer) => void {
  const { count, keys, low, coefficients } = terms;
  const doubles = coefficients instanceof Float64Array;
  const high = memory.take(8 * count);
  const lowWords = low === undefined ? 0 : memory.take(8 * count);
  const values = memory.take((doubles ? 8 : 16) * count);
  set(side + SIDE.count, count);
  set(side + SIDE.high, high);
  set(side + SIDE.low, lowWords);
  set(side + SIDE.doubles, doubles ? values : 0);
  set(side + SIDE.pairs, doubles ? 0 : values);
  set(side + SIDE.groups, memory.take(8 * count));
  set(side + SIDE.start, memory.take(4 * (count + 1)));
  set(side + SIDE.index, memory.take(4 * count));
  set(side + SIDE.exact, memory.take(8 * count));
  set(side + SIDE.near, wide ? memory.take(8 * count) : 0);
  return (buffer) => {
    new Float64Array(buffer, high, count).set(keys);
    if (low !== undefined) new Float64Array(buffer, lowWords, count).set(low);
    if (doubles) new Float64Array(buffer, values, count).set(coefficients);
    else new BigInt64Array(buffer, values, 2 * count).set(coefficients as BigInt64Array);
  };
}

/** Room in the kernel's memory, one piece after the other. */
class Arena {
  position: number;
  readonly #memory: KernelMemory;

  constructor(kernel: Exports) {
    this.#memory = kernel.memory;
    this.position = aligned(kernel.__heap_base.value);
  }

  take(bytes: number): number {
    const start = this.position;
    this.position = aligned(start + bytes);
    return start;
  }

  /** Makes the memory large enough for what was taken. */
  grow(): void {
    const missing = this.position - this.#memory.buffer.byteLength;
    if (missing > 0) this.#memory.grow(Math.ceil(missing / PAGE_BYTES));
  }
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / 16) * 16;
}

/** What the kernel wrote, piece by piece. */
class Output {
  count = 0;
  readonly #keys: Float64Array[] = [];
  readonly #low: Float64Array[] | undefined;
  readonly #coefficients: (Float64Array | BigInt64Array)[] = [];
  #wide = false;

  constructor(twoWords: boolean) {
    if (twoWords) this.#low = [];
  }

  append(
    buffer: ArrayBuffer,
    high: number,
    low: number,
    doubles: number,
    pairs: number,
    count: number,
    wide: boolean,
  ): void {
    if (count === 0) return;
    this.count += count;
    this.#keys.push(new Float64Array(buffer, high, count).slice());
    this.#low?.push(new Float64Array(buffer, low, count).slice());
    this.#wide ||= wide;
    this.#coefficients.push(
      wide ? new BigInt64Array(buffer, pairs, 2 * count).slice() : new Float64Array(buffer, doubles, count).slice(),
    );
  }

  take(): Omit<Terms, 'packing'> {
    const coefficients = this.#wide ? this.#joinedPairs() : joined(this.#coefficients as Float64Array[], this.count);
    return {
      count: this.count,
      keys: joined(this.#keys, this.count),
      low: this.#low === undefined ? undefined : joined(this.#low, this.count),
      coefficients,
    };
  }

  #joinedPairs(): BigInt64Array {
    const pairs = new BigInt64Array(2 * this.count);
    const halves = new Int32Array(pairs.buffer);
    let at = 0;
    for (const piece of this.#coefficients) {
      if (piece instanceof BigInt64Array) {
        pairs.set(piece, 2 * at);
        at += piece.length / 2;
        continue;
      }
      for (const value of piece) {
        const top = Math.floor(value / 2 ** 32);
        halves[4 * at] = (value - top * 2 ** 32) | 0;
        halves[4 * at + 1] = top;
        const sign = value < 0 ? -1 : 0;
        halves[4 * at + 2] = sign;
        halves[4 * at++ + 3] = sign;
      }
    }
    return pairs;
  }
}

function joined(pieces: readonly Float64Array[], count: number): Float64Array {
  if (pieces.length === 1) return pieces[0]!;
  const whole = new Float64Array(count);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
