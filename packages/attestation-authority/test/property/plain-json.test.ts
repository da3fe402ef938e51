// JSON of plain data beside JSON.stringify: what is written are the bytes of its text, and plain data is written.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type InTotoStatement,
  printStatement,
  statementType,
  writeSignedPayload,
  writeStatement,
} from '../../src/statement/index.js';
import { JsonTemplate } from '../../src/statement/json-template.js';
import { notWritten, writePlainJson } from '../../src/statement/plain-json.js';

const roomBytes = 2 ** 16;

/** What is written of a value from byte 3 on, or `undefined`. */
function written(value: unknown, bytes = roomBytes): string | undefined {
  const room = new Uint8Array(bytes + 3);
  const end = writePlainJson(value, room, 3);
  return end === notWritten ? undefined : Buffer.from(room.subarray(3, end)).toString('latin1');
}

const plainText = fc.string({ unit: fc.constantFrom(...'abcXYZ019 :/._-{}[],~!#'), maxLength: 20 });
const { plain } = fc.letrec((tie) => ({
  plain: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    plainText,
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('plain'), { maxLength: 4 }),
    fc.dictionary(plainText, tie('plain'), { maxKeys: 4, noNullPrototype: true }),
  ),
}));

describe('plain JSON', () => {
  it('is what JSON.stringify prints, for all plain data', () => {
    fc.assert(
      fc.property(plain, (value) => {
        expect(written(value)).toBe(JSON.stringify(value));
      }),
    );
  });

  it('is what JSON.stringify prints, or nothing, for any value', () => {
    const any = fc.anything({ withDate: true, withMap: true, withNullPrototype: true, withSparseArray: true });
    fc.assert(
      fc.property(any, (value) => {
        const text = written(value);
        if (text !== undefined) expect(text).toBe(JSON.stringify(value));
      }),
    );
  });

  it('is written in a room that is just long enough, and in none that is shorter', () => {
    fc.assert(
      fc.property(plain, fc.nat(), (value, less) => {
        const { length } = JSON.stringify(value);
        expect(written(value, length)).toBe(JSON.stringify(value));
        expect(written(value, less % length)).toBeUndefined();
      }),
    );
  });

  it.each<[string, unknown]>([
    ['a quotation mark', 'a"b'],
    ['a backslash', 'a\\b'],
    ['a line end', 'a\n'],
    ['another alphabet', 'é'],
    ['half of a character', '\ud800'],
    ['a name with an escape', { 'a"': 1 }],
    ['what has no JSON', [undefined]],
    ['a bigint', { a: 1n }],
    ['a function', { a: () => 1 }],
    ['a class', { a: new Date(0) }],
    ['a boxed text', { a: Object('text') }],
    ['an object that prints itself', { a: { toJSON: () => 'x' } }],
    ['an object that prints itself in secret', Object.defineProperty({}, 'toJSON', { value: () => 'x' })],
    ['an array that prints itself', Object.assign([1], { toJSON: () => 'x' })],
    ['no number', Number.NaN],
    ['a member __proto__', JSON.parse('{"a":{"__proto__":1}}')],
  ])('leaves %s to JSON.stringify', (_, value) => {
    expect(written(value)).toBeUndefined();
  });

  it('leaves what contains itself to be refused', () => {
    const ring: unknown[] = [];
    ring.push(ring);
    expect(written(ring)).toBeUndefined();
  });
});

/** Changes of a value that keep most of it: other leaves, one more member, one less. */
function changed(value: unknown, draw: () => number): unknown {
  if (Array.isArray(value)) {
    const items = value.map((item) => changed(item, draw));
    return draw() % 8 === 0 ? [...items, draw()] : draw() % 8 === 0 ? items.slice(1) : items;
  }
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).map(([name, item]) => [name, changed(item, draw)] as const);
    if (draw() % 8 === 0) members.push([`more${draw() % 4}`, draw()]);
    return Object.fromEntries(draw() % 8 === 0 ? members.slice(1) : members);
  }
  const drawn = draw();
  if (drawn % 3 !== 0) return value;
  return [drawn, `${drawn}`, null, true, -0, 'é', undefined, [drawn], { drawn }, Number.NaN, '"'][drawn % 11];
}

describe('plain JSON along a template', () => {
  it('is what is written without, whatever was written before', () => {
    fc.assert(
      fc.property(plain, fc.array(fc.nat(), { minLength: 50, maxLength: 400 }), fc.nat(200), (first, numbers, less) => {
        const template = new JsonTemplate();
        let at = 0;
        const draw = () => numbers[at++ % numbers.length]!;
        let value: unknown = first;
        for (let turn = 0; turn < 40; turn++) {
          const [room, bytes] = [turn % 7 === 6 ? less : 2_000, written(value, turn % 7 === 6 ? less : 2_000)];
          const target = new Uint8Array(room + 3);
          const end = template.write(value, target, 3);
          const text = end === notWritten ? undefined : Buffer.from(target.subarray(3, end)).toString('latin1');
          expect(text).toBe(bytes);
          value = draw() % 6 === 0 ? first : changed(value, draw);
        }
      }),
    );
  });

  it('sees that an object which was written has other members now', () => {
    const template = new JsonTemplate();
    const room = new Uint8Array(200);
    const textOf = (value: unknown) => Buffer.from(room.subarray(0, template.write(value, room, 0))).toString();
    const value: Record<string, unknown> = { a: 'one', b: [1, 2], c: { d: 'x' } };
    for (const change of [{}, { a: 'two' }, { b: [1, 3] }, { c: { e: 'x' } }, { c: { d: 'x' }, f: null }, { a: 1 }]) {
      Object.assign(value, change);
      expect(textOf(value)).toBe(JSON.stringify(value));
      expect(textOf(value)).toBe(JSON.stringify(value));
    }
    expect(template.write(Object.create(value), room, 0)).toBe(notWritten);
    expect(template.write({ ...value, c: Object.assign(Object.create({ d: 'x' }), {}) }, room, 0)).toBe(notWritten);
  });
});

describe('a statement', () => {
  const terms = [
    undefined,
    { notAfter: '2027-01-01T00:00:00Z' },
    { notAfter: '2027-01-01T00:00:00Z', status: { list: 'https://a.example/status/0', index: 7 } },
    { notAfter: '2028-01-01T00:00:00Z', status: { list: 'https://é.example/"status"/1', index: 131_071 } },
    { notBefore: '2026-01-01T00:00:00Z', notAfter: '2027-01-01T00:00:00Z', status: { list: 'l/0', index: 0 } },
  ];

  it('is written as it is printed', () => {
    fc.assert(
      fc.property(plainText, plain, fc.constantFrom(...terms), (name, predicate, given_) => {
        const statement: InTotoStatement = {
          _type: statementType,
          subject: [{ name, digest: { sha256: 'ab'.repeat(32) } }],
          predicateType: `é"${name}`,
          predicate,
          ...(given_ === undefined ? {} : { tenstrip_terms: given_ }),
        };
        const { payload } = writeSignedPayload(statement, writeStatement)!;
        expect(payload.toString()).toBe(printStatement(statement).join(''));
      }),
    );
  });

  it('without a predicate, or too long for the room, is left to be printed', () => {
    const statement = { _type: statementType, subject: [], predicateType: 'p', predicate: undefined } as const;
    expect(writeSignedPayload(statement, writeStatement)).toBeUndefined();
    expect(writeSignedPayload({ ...statement, predicate: 'a'.repeat(2 ** 16) }, writeStatement)).toBeUndefined();
  });
});
