// The checker reads the text of rules by a parser of its own: whatever the engine accepts, it must read as the engine does.
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { requireFull } from '../../../../../tools/test-requirements.mjs';
import { digestOfRules } from '../../../src/certificates/checker/index.js';
import { checkedLimits } from '../../../src/facts/index.js';
import { parseRules } from '../../../src/rules/index.js';
import { printRule } from '../../../src/rules/rule-syntax.js';

const limits = checkedLimits();
const space = fc.constantFrom('', '', '', ' ', '\n', '%c\n');
const leaf = fc.constantFrom(
  ...[
    'X',
    'Y1',
    'X_',
    '_',
    'Ω',
    'ǅ',
    'a',
    'a-b',
    'a-1',
    'not',
    'é',
    '0',
    '007',
    '-0',
    '-7',
    '2147483647',
    '-2147483648',
  ],
  ...[
    '"a b"',
    '"a\\"-\\u0031"',
    '"%"',
    '"\\ud800"',
    '<urn:x>',
    'ex:a',
    'ex:A-b',
    'ex:1-a',
    'ex:12a',
    'ex:_b',
    ':c',
    'ex-y:a',
  ],
);
const joined = (parts: readonly fc.Arbitrary<string>[]) => fc.tuple(...parts).map((texts) => texts.join(''));
const { expression } = fc.letrec<{ expression: string }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 3 },
    leaf,
    joined([tie('expression'), space, fc.constantFrom('+', '-', '*', '/'), space, tie('expression')]),
    joined([fc.constantFrom('-', '(', 'f(', '- '), tie('expression'), fc.constantFrom('', ')')]),
  ),
}));
const list = (of: fc.Arbitrary<string>) => fc.array(of, { minLength: 1, maxLength: 3 }).map((each) => each.join(','));
const atom = (of: fc.Arbitrary<string>) =>
  joined([fc.constantFrom('p', 'p-q', 'not-p', 'q_'), space, fc.constant('('), list(of), space, fc.constant(')')]);
const sign = fc.constantFrom('=', '!=', '<', '<=', '>', '>=');
const literal = fc.oneof(
  joined([fc.constantFrom('', '', 'not ', '!', 'not'), atom(leaf)]),
  joined([expression, space, sign, space, expression]),
);
const rule = joined([atom(expression), space, fc.constant(':-'), list(literal), space, fc.constant('.')]);
const prefix = joined([
  fc.constant('@prefix '),
  fc.constantFrom('ex', '"ex"', 'X', '', 'ex-y', '1'),
  space,
  fc.constantFrom(':<urn:x:>.', ': <urn:y:> .'),
]);
const declared = '@prefix ex: <urn:ex:>. @prefix : <urn:none:>. @prefix ex-y: <urn:y:>.\n';

describe('the text of rules', () => {
  it('is read by the checker as by the engine', () => {
    let read = 0;
    fc.assert(
      fc.property(
        fc.array(prefix, { maxLength: 1 }),
        fc.array(rule, { minLength: 1, maxLength: 2 }),
        (prefixes, body) => {
          const text = declared + prefixes.join('') + body.join('');
          let rules: string[];
          try {
            rules = parseRules(text, limits).map(printRule);
          } catch {
            return;
          }
          read += 1;
          const lines = [...new Set(rules)].sort().join('\n');
          const digest = createHash('sha256').update(lines).digest('hex');
          expect(digestOfRules(text)).toBe(digest);
          expect(parseRules(lines, limits).map(printRule)).toEqual(lines.split('\n'));
          expect(digestOfRules(lines)).toBe(digest);
        },
      ),
      { numRuns: requireFull().available ? 50_000 : 5_000 },
    );
    expect(read).toBeGreaterThan(500);
  });
});
