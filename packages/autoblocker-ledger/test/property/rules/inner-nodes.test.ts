import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileRules, RuleEvent } from '../../../src/rules/index.js';

const raw = {
  path: 'parsers/s00-raw/t/raw.yaml',
  text: 'name: t/raw\nonsuccess: next_stage\nstatics:\n  - parsed: message\n    expression: evt.Line.Raw\n',
};

/** A parser whose inner nodes each look for a text and say which they are. */
function parserOf(texts: readonly string[]): { readonly path: string; readonly text: string } {
  const nodes = texts.map(
    (text, number) =>
      `  - grok:\n      pattern: '${text}%{DATA:rest}'\n      apply_on: message\n    statics:\n      - meta: found\n        value: node-${number}\n`,
  );
  return {
    path: 'parsers/s01-parse/t/nodes.yaml',
    text: `name: t/nodes\nonsuccess: next_stage\nnodes:\n${nodes.join('')}`,
  };
}

const text = (minLength: number, maxLength: number) =>
  fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength, maxLength });

describe('inner nodes', () => {
  // Longer lists than bits of a number, with texts that stand in one another.
  it('are asked in their order, and the first whose pattern matches accepts', () => {
    fc.assert(
      fc.property(
        fc.array(text(1, 6), { minLength: 1, maxLength: 70 }),
        fc.array(text(0, 12), { minLength: 1, maxLength: 8 }),
        (texts, messages) => {
          const rules = compileRules([raw, parserOf(texts)], { strict: true });
          const parser = rules.lineParser('x', { newestTime: () => 0, utcOffsetMinutes: 0 });
          for (const message of messages) {
            const event = parser.parse({ text: message, offset: 0, end: 0, cut: false, garbled: false })?.event;
            const expected = texts.findIndex((one) => message.includes(one));
            const found = event instanceof RuleEvent ? event.fields.found : undefined;
            expect(found).toBe(expected < 0 ? undefined : `node-${expected}`);
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});
