import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { javascriptSource } from '../../../src/patterns/javascript-expression.js';
import { LinearMatcher } from '../../../src/patterns/linear-matcher.js';
import { parsePattern } from '../../../src/patterns/pattern-syntax.js';
import { SafePattern } from '../../../src/patterns/safe-pattern.js';

/** Patterns without repeated groups, in whose groups the two engines differ by definition. */
const { pattern } = fc.letrec<{ pattern: string; term: string; atom: string; group: string }>((tie) => ({
  atom: fc.constantFrom('a', 'b', 'c', '.', '[ab]', '[^a]', '\\w', '\\b', '^', '$', '\\s'),
  group: fc.oneof(
    { maxDepth: 3 },
    tie('atom'),
    fc.tuple(fc.constantFrom('(', '(?:'), tie('pattern')).map(([open, inner]) => `${open}${inner})`),
  ),
  term: fc.oneof(
    tie('group'),
    fc
      .tuple(
        fc.constantFrom('a', 'b', '[ab]', '.', '(?:ab)', '(?:a|bc)', '(?:b*a)'),
        fc.constantFrom('*', '+', '?', '*?', '+?', '{2}', '{1,3}', '{2,}?'),
      )
      .map(([body, times]) => `${body}${times}`),
  ),
  pattern: fc
    .array(fc.array(tie('term'), { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 3 })
    .map((branches) => branches.map((terms) => terms.join('')).join('|')),
}));
const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', ' ', '\n'), maxLength: 12 });

describe('LinearMatcher', () => {
  it("finds the match and the groups that V8's engine finds", () => {
    fc.assert(
      fc.property(pattern, text, (source, subject) => {
        const parsed = parsePattern(source);
        if ('problem' in parsed) throw new Error(`${source}: ${parsed.problem}`);
        const expected = new RegExp(javascriptSource(parsed.root)).exec(subject);
        const found = LinearMatcher.compile(parsed)!.exec(subject);
        expect(found).toEqual(expected === null ? undefined : [...expected]);
      }),
      { numRuns: 5000 },
    );
  });

  it("is what the source itself means to V8's engine, whose syntax these patterns share", () => {
    fc.assert(
      fc.property(pattern, text, (source, subject) => {
        const compiled = SafePattern.compile(source);
        if ('problem' in compiled) throw new Error(compiled.problem);
        const expected = new RegExp(source).exec(subject);
        const found = compiled.exec(subject);
        expect(found === undefined ? undefined : [...found]).toEqual(expected === null ? undefined : [...expected]);
      }),
      { numRuns: 3000 },
    );
  });
});

describe('SafePattern', () => {
  it('gives of a match the groups that are wanted, as it gives all', () => {
    fc.assert(
      fc.property(pattern, text, fc.array(fc.nat(8)), fc.boolean(), (source, subject, wanted, isLong) => {
        const whole = SafePattern.compile(source);
        if ('problem' in whole) throw new Error(whole.problem);
        const kept = wanted.map((one) => one + 1).filter((group) => group <= whole.groups);
        const some = SafePattern.compile(source, new Set(kept));
        if ('problem' in some) throw new Error(some.problem);
        // Long texts go to the linear engine, where the pattern is one that V8 could be slow at.
        const subjectOrLong = isLong ? subject + 'ab '.repeat(3000) : subject;
        const all = whole.exec(subjectOrLong);
        const inOrder = [...new Set(kept)].sort((one, other) => one - other);
        const expected = all === undefined ? undefined : [all[0], ...inOrder.map((group) => all[group])];
        const found = some.exec(subjectOrLong);
        expect(found === undefined ? undefined : [...found]).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });

  it('never throws, whatever the pattern', () => {
    const piece = fc.constantFrom(
      ...'( ) [ ] { } * + ? | ^ $ . \\ a 0 - , : = ! < > P i m s \\d \\p{L} (?i) {2,3} [^ [:alpha:] \\Q \\E \u{1f600}'.split(
        ' ',
      ),
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.array(piece, { maxLength: 20, size: 'max' }).map((pieces) => pieces.join('')),
        ),
        text,
        (source, subject) => {
          const compiled = SafePattern.compile(source);
          if (!('problem' in compiled)) compiled.exec(subject);
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('comes to an end on every text, whatever the pattern', () => {
    fc.assert(
      fc.property(pattern, fc.constantFrom('a', 'ab', 'b', ' a'), (source, unit) => {
        const compiled = SafePattern.compile(`${source}!`);
        if ('problem' in compiled) throw new Error(compiled.problem);
        compiled.test(unit.repeat(2000));
      }),
      { numRuns: 150 },
    );
  });
});
