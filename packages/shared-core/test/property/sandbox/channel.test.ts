import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameReader, FrameRefused, frame } from '../../../src/sandbox/guest/frame.js';
import { decodeValue, encodeValue, maxDepth, ValueRefused } from '../../../src/sandbox/guest/value-codec.js';

const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { depthSize: 'small' },
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.double(),
      fc.boolean(),
      fc.constant(null),
      fc.constant(undefined),
      fc.bigInt(),
    ),
    fc.uint8Array(),
    fc.array(tie('any')),
    fc.dictionary(
      fc.oneof(
        fc.string().filter((key) => key !== '__proto__'),
        fc.constantFrom('$', 'constructor', 'toJSON', 'length'),
      ),
      tie('any'),
      {
        noNullPrototype: true,
      },
    ),
  ),
})).any;

/** Cuts `bytes` at the given places. */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const ends = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [...ends, bytes.length].map((end, index) => bytes.subarray(index === 0 ? 0 : ends[index - 1], end));
}

describe('values on the channel', () => {
  it('come out as they went in', () => {
    fc.assert(
      fc.property(value, (sent) => {
        expect(decodeValue(encodeValue(sent))).toEqual(structuredClone(sent));
      }),
      { numRuns: 500 },
    );
  });

  it('are read or refused, whatever the bytes are, and never touch a prototype', () => {
    const keys = Object.getOwnPropertyNames(Object.prototype).sort();
    const mutated = fc
      .tuple(value, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }))
      .map(([sent, changes]) => {
        const payload = encodeValue(sent);
        for (const [at, byte] of changes) payload[at % payload.length] = byte;
        return payload;
      });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 64 }), mutated), (payload) => {
        try {
          decodeValue(payload);
        } catch (error) {
          expect(error).toBeInstanceOf(ValueRefused);
        }
      }),
      { numRuns: 1000 },
    );
    expect(Object.getOwnPropertyNames(Object.prototype).sort()).toEqual(keys);
  });

  it('refuse what cannot be sent, and say where it is', () => {
    const cyclic: unknown[] = [];
    cyclic.push(cyclic);
    expect(() => encodeValue({ rows: [{ at: new Date() }] }, 'input')).toThrow('input.rows[0].at is a Date');
    expect(() => encodeValue({ f: () => 1 }, 'input')).toThrow('input.f is a function');
    expect(() => encodeValue(Symbol('x'))).toThrow('value is a symbol');
    expect(() => encodeValue(JSON.parse('{"a":{"__proto__":1}}'), 'input')).toThrow('input.a has the key __proto__');
    expect(() => encodeValue(cyclic)).toThrow(`deeper than ${maxDepth}`);
  });
});

describe('frames on the channel', () => {
  it('come out whole and in order, however the stream is cut', () => {
    const payloads = fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { maxLength: 8 });
    fc.assert(
      fc.property(payloads, fc.array(fc.nat(3000), { maxLength: 40 }), (sent, places) => {
        const reader = new FrameReader(300);
        const received = cut(Buffer.concat(sent.map(frame)), places).flatMap((chunk) => [...reader.push(chunk)]);
        expect(received.map((payload) => Buffer.from(payload).toString('hex'))).toEqual(
          sent.map((payload) => Buffer.from(payload).toString('hex')),
        );
      }),
      { numRuns: 500 },
    );
  });

  it('are refused by their header alone when they are empty or too long', () => {
    for (const length of [0, 301, 2 ** 32 - 1]) {
      const header = new Uint8Array(4);
      new DataView(header.buffer).setUint32(0, length, true);
      expect(() => [...new FrameReader(300).push(header)]).toThrow(FrameRefused);
    }
  });
});
