import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileExpression, StringMap, type Vocabulary } from '../../../src/expressions/index.js';
import { EventRecord } from '../../../src/rules/rule-event.js';
import { TextComparison, textAt, textSourceOf } from '../../../src/rules/text-place.js';

/** Reads by one name after the other, without the readers of whole paths. */
const vocabulary: Vocabulary = {
  variables: new Set(['evt']),
  fields: new Map(),
  functions: new Map(),
  methods: new Map(),
  pattern: () => ({ problem: 'none' }),
};

const value = fc.constantFrom('', 'sshd', 'a b', '"', 'é');
const record = fc
  .record({ program: fc.option(value), service: fc.option(value), stamp: value, raw: value, type: value })
  .map(({ program, service, stamp, raw, type }) => {
    const made = new EventRecord(raw, 'auth.log', new StringMap([['type', type]]), 0);
    if (program !== null) made.Parsed.set('program', program);
    if (service !== null) made.Meta.set('service', service);
    made.StrTime = stamp;
    return made;
  });
const path = fc.constantFrom(
  'evt.Parsed.program',
  'evt.Parsed.other',
  'evt.Meta.service',
  'evt.Enriched.x',
  'evt.Line.Labels.type',
  'evt.Line.Labels.other',
  'evt.Line.Raw',
  'evt.Line.Src',
  'evt.StrTime',
);

/** Places are what the members of Go's event are, whose texts are "" where nothing is. */
function evaluated(expression: string, evt: EventRecord): unknown {
  const compiled = compileExpression(expression, vocabulary);
  if ('problem' in compiled) throw new Error(compiled.problem);
  const { Parsed, Meta, Enriched, Line, StrTime } = evt;
  return compiled.evaluate({ evt: { Parsed, Meta, Enriched, Line, StrTime } });
}

describe('a text by its place', () => {
  it('is what the expression reads that names it', () => {
    fc.assert(
      fc.property(path, record, (expression, evt) => {
        expect(textAt(evt, textSourceOf(expression)!)).toBe(evaluated(expression, evt));
      }),
    );
  });

  it('is compared as the expression compares it', () => {
    const quote = fc.constantFrom("'", '"');
    const gap = fc.constantFrom('', ' ', '\n');
    fc.assert(
      fc.property(
        path,
        fc.constantFrom('==', '!='),
        value,
        quote,
        gap,
        record,
        (place, operator, text, mark, space, evt) => {
          const filter = `${place}${space}${operator}${space}${mark}${text}${mark}`;
          const comparison = text.includes(mark) ? undefined : TextComparison.of(filter);
          if (text.includes(mark)) return;
          expect(comparison?.holds(evt)).toBe(evaluated(filter, evt));
        },
      ),
    );
  });

  it.each([
    "evt.Parsed.program == 'sshd' && evt.Meta.service == 'ssh'",
    "evt.Parsed.program contains 'sshd'",
    "evt.Parsed.program == 'a\\'b'",
    "Upper(evt.Parsed.program) == 'SSHD'",
    "evt.Meta == 'x'",
    "evt.Unmarshaled.x == 'y'",
  ])('leaves %s to the compiler of expressions', (filter) => {
    expect(TextComparison.of(filter)).toBeUndefined();
  });
});
