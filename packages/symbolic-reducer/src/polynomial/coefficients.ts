// Integer coefficients in the narrowest of three layouts: doubles below 2^53, pairs of 64-bit words (low, high; two's complement)
// below 2^127, else BigInt. The layout follows from the largest value alone, so equal coefficients are laid out equally.

/** Coefficients of a polynomial: doubles that are integers, 128-bit integers as pairs (low, high), or BigInt. */
export type Coefficients = Float64Array | BigInt64Array | readonly bigint[];

const DOUBLE_LIMIT = 2n ** 53n;
const WIDE_LIMIT = 2n ** 127n;
/** At least as large as the error of rounding a few times. */
const ROUNDING = 1 + 2 ** -40;

/** How many coefficients there are. */
function countOf(coefficients: Coefficients): number {
  return coefficients instanceof BigInt64Array ? coefficients.length / 2 : coefficients.length;
}

/** One coefficient. */
export function coefficientAt(coefficients: Coefficients, index: number): bigint {
  if (coefficients instanceof Float64Array) return BigInt(coefficients[index]!);
  if (coefficients instanceof BigInt64Array) {
    return (coefficients[2 * index + 1]! << 64n) | BigInt.asUintN(64, coefficients[2 * index]!);
  }
  return coefficients[index]!;
}

/** All coefficients as BigInt. */
export function integersOf(coefficients: Coefficients): readonly bigint[] {
  if (coefficients instanceof Float64Array) return Array.from(coefficients, BigInt);
  if (!(coefficients instanceof BigInt64Array)) return coefficients;
  const integers = new Array<bigint>(coefficients.length / 2);
  for (let index = 0; index < integers.length; index++) integers[index] = coefficientAt(coefficients, index);
  return integers;
}

/** Lays integers out in the narrowest layout. */
export function layOut(integers: readonly bigint[]): Coefficients {
  let largest = 0n;
  for (const integer of integers) {
    const size = integer < 0n ? -integer : integer;
    if (size > largest) largest = size;
  }
  if (largest < DOUBLE_LIMIT) return Float64Array.from(integers, Number);
  if (largest >= WIDE_LIMIT) return integers;
  const pairs = new BigInt64Array(2 * integers.length);
  integers.forEach((integer, index) => {
    pairs[2 * index] = BigInt.asIntN(64, integer);
    pairs[2 * index + 1] = integer >> 64n;
  });
  return pairs;
}

/** A double at least as large as every absolute value; infinite beyond the doubles' range. */
export function heightOf(coefficients: Coefficients): number {
  let largest = 0;
  if (coefficients instanceof Float64Array) {
    for (let index = 0; index < coefficients.length; index++) {
      const size = Math.abs(coefficients[index]!);
      if (size > largest) largest = size;
    }
    return largest;
  }
  for (const integer of integersOf(coefficients)) largest = Math.max(largest, Math.abs(Number(integer)));
  return largest * ROUNDING;
}

/** A double at least as large as the sum of the absolute values. */
export function normOf(coefficients: Coefficients): number {
  let sum = 0;
  if (coefficients instanceof Float64Array) {
    for (let index = 0; index < coefficients.length; index++) sum += Math.abs(coefficients[index]!);
  } else {
    for (const integer of integersOf(coefficients)) sum += Math.abs(Number(integer));
  }
  return sum * (1 + countOf(coefficients) * 2 ** -52) * ROUNDING;
}

/** The bits of the largest absolute value: |c| < 2^bits. */
export function bitsOf(coefficients: Coefficients): number {
  const height = heightOf(coefficients);
  if (height < Number.MAX_VALUE) return height === 0 ? 0 : Math.floor(Math.log2(height)) + 1;
  let bits = 0;
  for (const integer of integersOf(coefficients)) bits = Math.max(bits, bitLengthOf(integer));
  return bits;
}

/**
 * Steps that one product of coefficients of so many bits counts for. Products of long numbers are long work, and between two looks at whether
 * the operation was stopped there must be little of it.
 */
export function productWeight(leftBits: number, rightBits: number): number {
  return 1 + Math.floor((leftBits * rightBits) / (32 * 64 * 64));
}

/** The least number of bits with |integer| < 2^bits; at most 3 more for large ones. */
export function bitLengthOf(integer: bigint): number {
  const digits = (integer < 0n ? -integer : integer).toString(16).length;
  return 4 * digits;
}

/** Collects coefficients and monomials in descending order. */
export class TermSink {
  #keys = spareColumns.pop() ?? new Float64Array(64);
  #low: Float64Array<ArrayBuffer> | undefined;
  #doubles: Float64Array<ArrayBuffer> | undefined = spareColumns.pop() ?? new Float64Array(64);
  #integers: bigint[] | undefined;
  #count = 0;

  constructor(words: 1 | 2) {
    if (words === 2) this.#low = new Float64Array(this.#keys.length);
  }

  get count(): number {
    return this.#count;
  }

  /** Adds a term whose coefficient is an integer below 2^53, unless it is zero. */
  pushDouble(key: number, low: number, coefficient: number): void {
    if (coefficient === 0) return;
    if (this.#doubles === undefined) {
      this.pushInteger(key, low, BigInt(coefficient));
      return;
    }
    this.#pushKey(key, low);
    this.#doubles[this.#count++] = coefficient;
  }

  /** Adds a term, unless its coefficient is zero. */
  pushInteger(key: number, low: number, coefficient: bigint): void {
    if (coefficient === 0n) return;
    if (this.#integers === undefined) {
      this.#integers = Array.from(this.#doubles!.subarray(0, this.#count), BigInt);
      this.#doubles = undefined;
    }
    this.#pushKey(key, low);
    this.#integers[this.#count++] = coefficient;
  }

  #pushKey(key: number, low: number): void {
    if (this.#count === this.#keys.length) {
      this.#keys = grown(this.#keys);
      if (this.#low !== undefined) this.#low = grown(this.#low);
    }
    if (this.#doubles !== undefined && this.#count === this.#doubles.length) this.#doubles = grown(this.#doubles);
    this.#keys[this.#count] = key;
    if (this.#low !== undefined) this.#low[this.#count] = low;
  }

  /** What was collected; the sink is at its end with that. */
  take(): { keys: Float64Array; low: Float64Array | undefined; coefficients: Coefficients } {
    const count = this.#count;
    const keys = firstOf(this.#keys, count);
    const low = this.#low?.slice(0, count);
    const coefficients = this.#integers === undefined ? firstOf(this.#doubles!, count) : layOut(this.#integers);
    keepSpare(this.#keys);
    if (this.#doubles !== undefined) keepSpare(this.#doubles);
    return { keys, low, coefficients };
  }
}

/** Columns of sinks that are done, for the next: making one costs more than a small sum. */
const spareColumns: Float64Array<ArrayBuffer>[] = [];

function keepSpare(column: Float64Array<ArrayBuffer>): void {
  if (spareColumns.length < 8 && column.length <= 1_024) spareColumns.push(column);
}

/** The first entries in an array of their own. */
export function firstOf(array: Float64Array, count: number): Float64Array<ArrayBuffer> {
  if (count > 32) return array.slice(0, count) as Float64Array<ArrayBuffer>;
  const first = new Float64Array(count);
  for (let index = 0; index < count; index++) first[index] = array[index]!;
  return first;
}

/** The same in an array twice as long. */
export function grown(array: Float64Array): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(2 * array.length);
  larger.set(array);
  return larger;
}
