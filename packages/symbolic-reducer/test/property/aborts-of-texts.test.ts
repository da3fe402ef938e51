// Reading and writing are heard soon too: steps between two looks at the operation, which no other work on the machine makes longer.
import { isTenstripError } from '@tenstrip/shared-core';
import { describe, expect, it } from 'vitest';
import {
  type BudgetLimits,
  ExpressionStore,
  parseMathJson,
  parseText,
  printLatex,
  printMathJson,
  printText,
  type Stoppable,
  toMathJson,
} from '../../src/index.js';

class Stopped extends Error {}

function stoppedAt(look: number): Stoppable & { looks: number } {
  return {
    ...{ stopped: undefined, looks: 0 },
    throwIfStopped() {
      if (++this.looks === look) throw new Stopped();
    },
  };
}

const wide = Array.from({ length: 10_000 }, (_, at) => `${(at % 97) + 1}*x^${at % 1_013}*y^${at % 733}`).join('+');
const quotients = Array.from({ length: 10_000 }, (_, at) => `a${at}/b${at % 1_000}`).join('-');
const deep = `${'('.repeat(10_000)}x${'+1)*y'.repeat(10_000)}`;

const store = new ExpressionStore();
const expressions = [wide, quotients, deep].map((text) => parseText(store, text));

describe.each([
  [
    'parseText',
    () =>
      [wide, quotients, deep].map((text) => (limits: BudgetLimits) => parseText(new ExpressionStore(), text, limits)),
  ],
  ['printText', () => expressions.map((id) => (limits: BudgetLimits) => printText(store, id, limits))],
  ['printLatex', () => expressions.map((id) => (limits: BudgetLimits) => printLatex(store, id, limits))],
  [
    'toMathJson',
    () => expressions.map((id) => (limits: BudgetLimits) => parseMathJson(store, toMathJson(store, id, limits))),
  ],
  ['printMathJson', () => expressions.map((id) => (limits: BudgetLimits) => printMathJson(store, id, limits))],
  [
    'parseMathJson',
    () =>
      expressions.map((id) => {
        const json = toMathJson(store, id);
        return (limits: BudgetLimits) => parseMathJson(new ExpressionStore(), json, limits);
      }),
  ],
] as const)('%s', (_, calls) => {
  it('looks at its operation again and again, and ends where that was stopped', { timeout: 30_000 }, () => {
    for (const call of calls()) {
      const whole = stoppedAt(Number.POSITIVE_INFINITY);
      const expected = call({ operation: whole });
      expect(call({})).toEqual(expected);
      expect(whole.looks).toBeGreaterThanOrEqual(2);
      for (const look of [1, whole.looks]) {
        const operation = stoppedAt(look);
        expect(() => call({ operation })).toThrow(Stopped);
        expect(operation.looks).toBe(look);
      }
    }
  });

  it('takes no more steps than it may', () => {
    for (const call of calls()) {
      try {
        call({ maxSteps: 100 });
        expect.unreachable();
      } catch (error) {
        if (!isTenstripError(error, 'BudgetExceeded')) throw error;
        expect(error.details).toMatchObject({ limit: 'maxSteps', allowed: 100 });
      }
    }
  });
});
