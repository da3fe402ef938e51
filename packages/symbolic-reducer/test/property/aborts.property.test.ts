// An abort is heard soon, wherever it comes: with random expressions, and with coefficients of thousands of bits, no call computes for
// long between two looks at its operation. What it takes is CPU time, of which other work on the machine takes none; a first run also
// compiles, so the least of three is what counts.
import { isTenstripError, type RandomSource, seededRandom } from '@tenstrip/shared-core';
import { expect, it } from 'vitest';
import {
  Budget,
  checkCertificate,
  differentiateWithProof,
  ExpressionStore,
  type ExprId,
  expand,
  greatestCommonDivisor,
  normalForm,
  parseText,
  proveEqual,
  proveSign,
  reduce,
  type Stoppable,
} from '../../src/index.js';

class Stopped extends Error {}

/** Remembers the longest time between two looks, and stops at one of them. */
class Watch implements Stoppable {
  readonly stopped = undefined;
  longest = 0;
  looks = 0;
  readonly #stopAt: number;
  #last = process.cpuUsage();

  constructor(stopAt: number) {
    this.#stopAt = stopAt;
  }

  throwIfStopped(): void {
    this.note();
    if (++this.looks === this.#stopAt) throw new Stopped();
  }

  note(): void {
    const { user, system } = process.cpuUsage(this.#last);
    this.longest = Math.max(this.longest, (user + system) / 1_000);
    this.#last = process.cpuUsage();
  }
}

const calls: Readonly<Record<string, (store: ExpressionStore, id: ExprId, operation: Stoppable) => unknown>> = {
  expand: (store, id, operation) => expand(store, id, { operation }),
  normalForm: (store, id, operation) => normalForm(store, id, { operation }),
  reduce: (store, id, operation) => reduce(store, id, { operation }),
  proveEqual: (store, id, operation) => proveEqual(store, id, store.sum([id, store.half]), { operation }),
  proveSign: (store, id, operation) => proveSign(store, id, { operation }),
  greatestCommonDivisor: (store, id, operation) =>
    greatestCommonDivisor(store, store.product([id, id]), store.product([id, store.symbol('x')]), { operation }),
  differentiate: (store, id, operation) =>
    differentiateWithProof(store, id, 'x', { times: 3, budget: new Budget({ operation }) }),
  checkCertificate: (_, __, operation) =>
    checkCertificate(
      {
        ...{ kind: 'equality', left: ['Power', ['Add', 'x', 'y', 'z', 1], 12], right: 0, steps: [] },
        ...{ assumptions: [], conditions: [] },
      },
      { look: () => operation.throwIfStopped() },
    ),
};

function digits(random: RandomSource, count: number): string {
  let text = '1';
  while (text.length < count) text += random.integer(0, 9);
  return text;
}

function randomExpression(random: RandomSource, depth: number): string {
  const part = (less = 1) => randomExpression(random, depth - less);
  if (depth <= 0) {
    const kind = random.integer(0, 9);
    if (kind < 7) return 'xyzwxyz'[kind]!;
    if (kind === 7) return digits(random, random.integer(1, 400));
    return `${digits(random, 30)}/${digits(random, 30)}`;
  }
  switch (random.integer(0, 7)) {
    case 0:
    case 1:
      return `(${part()}+${part()}-${part(2)})`;
    case 2:
    case 3:
      return `(${part()})*(${part()})`;
    case 4:
      return `(${part()})/(${part()}+1)`;
    case 5:
    case 6:
      return `(${part()}+${part(2)})^${random.integer(2, 12)}`;
    default:
      return `${['exp', 'sin', 'sqrt', 'tanh'][random.integer(0, 3)]}(${part()})`;
  }
}

/** The longest time without a look, and how often it was asked. */
function run(call: (typeof calls)[string], text: string, stopAt: number): Watch {
  const store = new ExpressionStore();
  const watch = new Watch(stopAt);
  try {
    const id = parseText(store, text);
    watch.note();
    watch.longest = 0;
    call(store, id, watch);
  } catch (error) {
    const isExpected =
      error instanceof Stopped || isTenstripError(error, 'BudgetExceeded', 'DomainError', 'ExponentRange');
    if (!isExpected && !isTenstripError(error, 'PolynomialInvalid', 'ParseError')) throw error;
  }
  watch.note();
  return watch;
}

it.each(Object.entries(calls))('%s', { timeout: 120_000 }, (name, call) => {
  const random = seededRandom(`aborts ${name}`);
  for (let round = 0; round < 12; round++) {
    const text = randomExpression(random, random.integer(2, 4));
    const stopAt = random.integer(1, 300);
    let longest = Number.POSITIVE_INFINITY;
    for (let time = 0; time < 3 && longest > 50; time++) longest = Math.min(longest, run(call, text, stopAt).longest);
    expect([text, longest <= 50 || longest]).toEqual([text, true]);
  }
});
