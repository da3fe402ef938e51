import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileRules, RuleEvent } from '../../../src/rules/index.js';

const raw = {
  path: 'parsers/s00-raw/t/raw.yaml',
  text: 'name: t/raw\nonsuccess: next_stage\nstatics:\n  - parsed: message\n    expression: evt.Line.Raw\n',
};

/** What an inner node looks for: a text, and perhaps a number behind it. */
interface Sought {
  readonly text: string;
  readonly isNumbered: boolean;
}

/** A parser whose inner nodes each say which they are. */
function parserOf(nodes: readonly Sought[]): { readonly path: string; readonly text: string } {
  const written = nodes.map(
    ({ text, isNumbered }, number) =>
      `  - grok:\n      pattern: '${text}%{${isNumbered ? 'INT' : 'DATA'}:rest}'\n      apply_on: message\n    statics:\n      - meta: found\n        value: node-${number}\n`,
  );
  return {
    path: 'parsers/s01-parse/t/nodes.yaml',
    text: `name: t/nodes\nonsuccess: next_stage\nnodes:\n${written.join('')}`,
  };
}

const matches = ({ text, isNumbered }: Sought, message: string) =>
  isNumbered ? message.includes(`${text}1`) : message.includes(text);

const words = fc.array(fc.constantFrom('ab', 'cd', 'ef', 'gh', 'ij', 'kl'), { minLength: 1, maxLength: 3 });
const sought = fc.record({ text: words.map((some) => some.join('')), isNumbered: fc.boolean() });

/** The node that a message finds, by rules that were compiled. */
function finder(nodes: readonly Sought[]): (message: string) => string | undefined {
  const rules = compileRules([raw, parserOf(nodes)], { strict: true });
  const parser = rules.lineParser('x', { newestTime: () => 0, utcOffsetMinutes: 0 });
  return (text) => {
    const event = parser.parse({ text, offset: 0, end: 0, cut: false, garbled: false })?.event;
    return event instanceof RuleEvent ? event.fields.found : undefined;
  };
}

describe('inner nodes', () => {
  // Longer lists than bits of a number, with texts that stand in one another.
  it('are asked in their order, and the first whose pattern matches accepts', () => {
    const lists = fc.oneof(
      fc.array(sought, { minLength: 1, maxLength: 8 }),
      // Of many nodes few match, so that the last ones are asked.
      fc.array(
        sought.map((one) => ({ ...one, isNumbered: true })),
        { minLength: 40, maxLength: 70 },
      ),
    );
    // Mostly what one of the nodes looks for.
    const cases = lists.chain((nodes) =>
      fc.tuple(
        fc.constant(nodes),
        fc.array(
          fc
            .tuple(fc.constantFrom('', 'x', 'ab '), fc.constantFrom(...nodes), fc.constantFrom('1', '', ' cd1'))
            .map(([before, { text }, after]) => `${before}${text}${after}`),
          { minLength: 1, maxLength: 8 },
        ),
      ),
    );
    fc.assert(
      fc.property(cases, ([nodes, messages]) => {
        const find = finder(nodes);
        for (const text of messages) {
          const expected = nodes.findIndex((one) => matches(one, text));
          expect(find(text)).toBe(expected < 0 ? undefined : `node-${expected}`);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('are found behind more others than a number has bits', () => {
    const others = Array.from({ length: 70 }, (_, number) => ({ text: `no ${number} `, isNumbered: true }));
    for (let place = 0; place < others.length; place += 1) {
      // Its own text holds that of a node whose text is there and which does not match.
      const nodes = others.with(place, { text: 'abcd', isNumbered: true });
      for (let before = 0; before < place; before += 1)
        if (before + 32 <= place) nodes[before] = { text: 'ab', isNumbered: true };
      expect(finder(nodes)('abcd1')).toBe(`node-${place}`);
    }
  });
});
