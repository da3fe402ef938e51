// Strict JSON against texts of which the generator knows whether a name stands twice: any spacing, escapes, spellings of numbers.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseStrictJson } from '../../src/statement/index.js';

/** A JSON text, and whether an object in it has one name twice. */
interface Text {
  readonly text: string;
  readonly hasTwins: boolean;
}

const space = fc.constantFrom('', '', '', ' ', '\n', '\t ');
const plainName = fc.constantFrom('a', 'b', 'c', 'é', 'a:b', '', '1', 'toJSON', '€{');
const number = fc.constantFrom(
  '0',
  '-0',
  '7',
  '10',
  '100',
  '1e2',
  '1E3',
  '1000',
  '999999999999999',
  '1.50',
  '-12',
  '1e-7',
);

function spelt(name: string, escaped: boolean): string {
  const text = JSON.stringify(name);
  return escaped && name.startsWith('a') ? text.replace('a', '\\u0061') : text;
}

const { value } = fc.letrec<{ value: Text; array: Text; object: Text }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    number.map((text) => ({ text, hasTwins: false })),
    fc.constantFrom('true', 'false', 'null').map((text) => ({ text, hasTwins: false })),
    fc.string({ unit: 'binary', maxLength: 8 }).map((text) => ({ text: JSON.stringify(text), hasTwins: false })),
    tie('array'),
    tie('object'),
  ),
  array: fc.tuple(fc.array(tie('value'), { maxLength: 4 }), space).map(([items, gap]) => ({
    text: `[${gap}${items.map(({ text }) => text).join(`${gap},`)}]`,
    hasTwins: items.some(({ hasTwins }) => hasTwins),
  })),
  object: fc
    .tuple(fc.array(fc.tuple(plainName, fc.boolean(), tie('value')), { maxLength: 4 }), space)
    .map(([members, gap]) => ({
      text: `{${gap}${members.map(([name, escaped, { text }]) => `${spelt(name, escaped)}${gap}:${text}`).join(',')}}`,
      hasTwins:
        new Set(members.map(([name]) => name)).size < members.length || members.some(([, , { hasTwins }]) => hasTwins),
    })),
}));

it('refuses exactly the texts in which an object has one name twice', () => {
  fc.assert(
    fc.property(value, space, ({ text, hasTwins }, gap) => {
      const whole = `${gap}${text}`;
      for (const given of [whole, Buffer.from(whole)]) {
        const read = parseStrictJson(given);
        if (hasTwins) expect(read.problem).toMatch(/twice/);
        else expect(read).toEqual({ value: JSON.parse(whole) });
      }
    }),
    { numRuns: 3000 },
  );
});

it('refuses a name that came twice, however little text its first value took', () => {
  for (const inner of ['0', '""', '[]', '{}', 'null', '1e9', '1000', '{"a":0}']) {
    for (const last of ['0', '1000', '123000', '"x"', '[10,100,999999999999999]', '9007199254740991']) {
      expect(parseStrictJson(`{"a":${inner},"a":${last}}`).problem).toMatch(/twice/);
      expect(parseStrictJson(`{"__proto__":${inner},"a":${last}}`).problem).toMatch(/twice/);
      expect(parseStrictJson(`{"b":[${inner}],"a":${last}}`).problem).toBeUndefined();
    }
  }
});
