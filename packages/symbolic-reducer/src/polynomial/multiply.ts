// Products: the choice between the kernels, and the one in TypeScript, which serves small products, all that the WebAssembly kernel cannot
// hold, machines without WebAssembly, and as its oracle.

import type { Budget } from '../budget/index.js';
import {
  bitsOf,
  type Coefficients,
  firstOf,
  heightOf,
  integersOf,
  normOf,
  productWeight,
  TermSink,
} from './coefficients.js';
import { multiplyByKernel } from './kernel.js';
import { ProductHeap } from './product-heap.js';
import type { Terms } from './terms.js';

/**
 * An upper bound of every absolute value that adding up the products of two polynomials' terms can pass through: each monomial of
 * the product gets at most one product from each term of either.
 */
export function productBound(left: Coefficients, right: Coefficients): number {
  return Math.min(heightOf(left) * normOf(right), normOf(left) * heightOf(right)) * (1 + 2 ** -50);
}

/** Below this many products of terms, laying factors out for the kernel costs more than it saves. */
const KERNEL_PRODUCTS = 512;

/** Up to so many products of terms, sorting them in as they come costs less than a heap. */
const SMALL_PRODUCTS = 64;

const smallKeys = new Float64Array(SMALL_PRODUCTS);
const smallValues = new Float64Array(SMALL_PRODUCTS);

/** The product of few terms in one word, with coefficients and all their sums below 2^53. */
function multiplySmall(
  left: Terms,
  leftValues: Float64Array,
  right: Terms,
  rightValues: Float64Array,
  budget: Budget,
): Terms {
  let count = 0;
  for (let row = 0; row < left.count; row++) {
    for (let column = 0; column < right.count; column++) {
      const key = left.keys[row]! + right.keys[column]!;
      const value = leftValues[row]! * rightValues[column]!;
      let place = count;
      while (place > 0 && smallKeys[place - 1]! < key) place--;
      if (place > 0 && smallKeys[place - 1] === key) {
        smallValues[place - 1]! += value;
        continue;
      }
      for (let at = count++; at > place; at--) {
        smallKeys[at] = smallKeys[at - 1]!;
        smallValues[at] = smallValues[at - 1]!;
      }
      smallKeys[place] = key;
      smallValues[place] = value;
    }
  }
  let kept = 0;
  for (let at = 0; at < count; at++) {
    if (smallValues[at] === 0) continue;
    smallKeys[kept] = smallKeys[at]!;
    smallValues[kept++] = smallValues[at]!;
  }
  budget.requireTerms(kept);
  return {
    ...{ packing: left.packing, count: kept, low: undefined },
    ...{ keys: firstOf(smallKeys, kept), coefficients: firstOf(smallValues, kept) },
  };
}

/** The product of polynomials that are not 0. Packings are equal and hold `degrees`, the product's. */
export function multiplyTerms(left: Terms, right: Terms, degrees: Float64Array, bound: number, budget: Budget): Terms {
  const products = left.count * right.count;
  if (
    products <= SMALL_PRODUCTS &&
    bound < 2 ** 53 &&
    left.low === undefined &&
    left.coefficients instanceof Float64Array &&
    right.coefficients instanceof Float64Array
  ) {
    budget.step(products);
    return multiplySmall(left, left.coefficients, right, right.coefficients, budget);
  }
  if (products >= KERNEL_PRODUCTS) {
    const product = multiplyByKernel(left, right, degrees, bound, budget);
    if (product !== undefined) return product;
  }
  return multiplyByHeap(left, right, bound, budget);
}

/** The product by Johnson's heap: O(n m log min(n, m)) steps, O(min(n, m)) memory beside the result. Packings must be equal. */
export function multiplyByHeap(first: Terms, second: Terms, bound: number, budget: Budget): Terms {
  const [left, right] = first.count <= second.count ? [first, second] : [second, first];
  const heap = new ProductHeap(left, right);
  const sink = new TermSink(left.packing.words);
  if (left.coefficients instanceof Float64Array && right.coefficients instanceof Float64Array && bound < 2 ** 53) {
    addDoubles(heap, left.coefficients, right.coefficients, sink, budget);
  } else {
    addIntegers(heap, integersOf(left.coefficients), integersOf(right.coefficients), sink, budget);
  }
  return { packing: left.packing, count: sink.count, ...sink.take() };
}

function addDoubles(heap: ProductHeap, left: Float64Array, right: Float64Array, sink: TermSink, budget: Budget): void {
  for (let count = heap.next(); count > 0; count = heap.next()) {
    const { rows, columns } = heap;
    let sum = 0;
    for (let index = 0; index < count; index++) sum += left[rows[index]!]! * right[columns[index]!]!;
    sink.pushDouble(heap.key, heap.low, sum);
    budget.step(count);
    budget.requireTerms(sink.count);
  }
}

function addIntegers(
  heap: ProductHeap,
  left: readonly bigint[],
  right: readonly bigint[],
  sink: TermSink,
  budget: Budget,
): void {
  const weight = productWeight(bitsOf(left), bitsOf(right));
  for (let count = heap.next(); count > 0; count = heap.next()) {
    const { rows, columns } = heap;
    let sum = 0n;
    for (let index = 0; index < count; index++) {
      sum += left[rows[index]!]! * right[columns[index]!]!;
      budget.step(weight);
    }
    sink.pushInteger(heap.key, heap.low, sum);
    budget.requireTerms(sink.count);
  }
}
