import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileExpression, EvaluationFailure, ruleVocabulary } from '../../../src/expressions/index.js';

const vocabulary = ruleVocabulary(['evt', 'n'], new Map(), {
  files: { lines: new Map(), patterns: new Map(), maps: new Map() },
  stash: { get: () => '' },
});
const scope = () => ({ evt: { Meta: new Map([['a', 'b']]), Unmarshaled: {} }, n: 3 });

const word = fc.constantFrom(
  ...'evt n Meta . ( ) [ ] { } "a" \'b\' 1 2.5 + - * / % ** == != < >= in not and or && || ?? ? : , # matches contains any all len Upper Split let x = ; if else .. | ?.'.split(
    ' ',
  ),
);

function outcome(text: string): string {
  const compiled = compileExpression(text, vocabulary);
  if ('problem' in compiled) return `refused at ${compiled.at}`;
  try {
    return JSON.stringify(compiled.evaluate(scope())) ?? 'nothing';
  } catch (error) {
    if (error instanceof EvaluationFailure) return 'failed';
    throw error;
  }
}

describe('compileExpression', () => {
  it('never throws, and an expression has one value, whatever the text', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.array(word, { maxLength: 30, size: 'max' }).map((words) => words.join(' ')),
        ),
        (text) => {
          expect(outcome(text)).toBe(outcome(text));
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('computes as JavaScript does where the two languages agree', () => {
    const leaf = fc.integer({ min: 0, max: 99 }).map(String);
    const { sum } = fc.letrec<{ sum: string; part: string }>((tie) => ({
      part: fc.oneof(
        { maxDepth: 4 },
        leaf,
        tie('sum').map((inner) => `(${inner})`),
      ),
      sum: fc
        .array(fc.tuple(tie('part'), fc.constantFrom('+', '-', '*')), { minLength: 1, maxLength: 4 })
        .map((parts) =>
          parts.map(([part, sign], index) => (index === parts.length - 1 ? part : `${part} ${sign} `)).join(''),
        ),
    }));
    fc.assert(
      fc.property(sum, (text) => {
        const compiled = compileExpression(text, vocabulary);
        if ('problem' in compiled) throw new Error(compiled.problem);
        // The other side goes through texts, of which none is -0.
        expect(Number(compiled.evaluate({})) + 0).toBe(sumOf(text));
      }),
    );
  });
});

/** The value by two shunting passes over the text: products first, then sums. */
function sumOf(text: string): number {
  const inner = /\(([^()]*)\)/.exec(text);
  if (inner !== null)
    return sumOf(`${text.slice(0, inner.index)}${sumOf(inner[1]!)}${text.slice(inner.index + inner[0].length)}`);
  const product = /(-?\d+) \* (-?\d+)/.exec(text);
  if (product !== null) {
    return sumOf(
      `${text.slice(0, product.index)}${Number(product[1]) * Number(product[2])}${text.slice(product.index + product[0].length)}`,
    );
  }
  const sum = /^(-?\d+) ([+-]) (-?\d+)/.exec(text);
  if (sum === null) return Number(text);
  const value = sum[2] === '+' ? Number(sum[1]) + Number(sum[3]) : Number(sum[1]) - Number(sum[3]);
  return sumOf(`${value}${text.slice(sum[0].length)}`);
}
