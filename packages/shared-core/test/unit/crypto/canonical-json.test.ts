import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../../../src/crypto/index.js';

describe('canonical JSON', () => {
  // RFC 8785 section 3.2.2 to 3.2.4, the example and its canonical form.
  it('prints the example of RFC 8785', () => {
    const value = JSON.parse(`{
      "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
      "string": "\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\"\\/",
      "literals": [null, true, false]
    }`);
    expect(canonicalJson(value)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });

  // RFC 8785 section 3.2.3: names sort by UTF-16 units, so that U+1F600 comes before U+FB33.
  it('sorts names as RFC 8785 shows', () => {
    const value = {
      '\u20ac': 'Euro Sign',
      '\r': 'Carriage Return',
      '\ufb33': 'Hebrew Letter Dalet With Dagesh',
      1: 'One',
      '\u{1f600}': 'Emoji: Grinning Face',
      '\u0080': 'Control',
      '\u00f6': 'Latin Small Letter O With Diaeresis',
    };
    expect(Object.values(JSON.parse(canonicalJson(value)) as object).toSorted()).toEqual(
      Object.values(value).toSorted(),
    );
    expect([...canonicalJson(value).matchAll(/:"([^"]*)"/g)].map(([, text]) => text)).toEqual([
      'Carriage Return',
      'One',
      'Control',
      'Latin Small Letter O With Diaeresis',
      'Euro Sign',
      'Emoji: Grinning Face',
      'Hebrew Letter Dalet With Dagesh',
    ]);
  });

  // RFC 8785 appendix B: IEEE 754 bits and the text of the number.
  it.each([
    ['0000000000000000', '0'],
    ['8000000000000000', '0'],
    ['0000000000000001', '5e-324'],
    ['8000000000000001', '-5e-324'],
    ['7fefffffffffffff', '1.7976931348623157e+308'],
    ['ffefffffffffffff', '-1.7976931348623157e+308'],
    ['4340000000000000', '9007199254740992'],
    ['c340000000000000', '-9007199254740992'],
    ['4430000000000000', '295147905179352830000'],
    ['44b52d02c7e14af5', '9.999999999999997e+22'],
    ['44b52d02c7e14af6', '1e+23'],
    ['44b52d02c7e14af7', '1.0000000000000001e+23'],
    ['444b1ae4d6e2ef4e', '999999999999999700000'],
    ['444b1ae4d6e2ef4f', '999999999999999900000'],
    ['444b1ae4d6e2ef50', '1e+21'],
    ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
    ['3eb0c6f7a0b5ed8d', '0.000001'],
    ['41b3de4355555553', '333333333.3333332'],
    ['41b3de4355555554', '333333333.33333325'],
    ['41b3de4355555555', '333333333.3333333'],
    ['41b3de4355555556', '333333333.3333334'],
    ['41b3de4355555557', '333333333.33333343'],
    ['becbf647612f3696', '-0.0000033333333333333333'],
    ['43143ff3c1cb0959', '1424953923781206.2'],
  ])('prints the number with bits %s as %s', (bits, text) => {
    expect(canonicalJson(Buffer.from(bits, 'hex').readDoubleBE())).toBe(text);
  });

  // cyberphone/json-canonicalization, testdata: structures and weird.
  it('prints structures of the reference test data', () => {
    expect(
      canonicalJson({
        1: { f: { f: 'hi', F: 5 }, '\n': 56.0 },
        10: {},
        '': 'empty',
        a: {},
        111: [{ e: 'yes', E: 'no' }],
        A: {},
      }),
    ).toBe('{"":"empty","1":{"\\n":56,"f":{"F":5,"f":"hi"}},"10":{},"111":[{"E":"no","e":"yes"}],"A":{},"a":{}}');
    expect(canonicalJson([56, { d: true, 10: null, 1: [] }])).toBe('[56,{"1":[],"10":null,"d":true}]');
    expect(canonicalJson({ 'Unnormalized Unicode': 'A\u030a' })).toBe('{"Unnormalized Unicode":"A\u030a"}');
  });

  it('calls toJSON and leaves out members that are undefined, as JSON.stringify does', () => {
    expect(canonicalJson({ b: new Date(0), a: undefined })).toBe('{"b":"1970-01-01T00:00:00.000Z"}');
    expect(canonicalJson({ toJSON: () => [1] })).toBe('[1]');
    expect(canonicalJson(Object.assign(Object.create(null), { z: 1 }))).toBe('{"z":1}');
    const shared = { x: 1 };
    expect(canonicalJson([shared, shared])).toBe('[{"x":1},{"x":1}]');
  });

  const cycle: unknown[] = [];
  cycle.push({ again: cycle });
  const nested = (depth: number): unknown => JSON.parse('['.repeat(depth) + ']'.repeat(depth));

  it.each([
    ['NaN', Number.NaN, 'value is NaN'],
    ['an infinity inside', { a: [1, Number.NEGATIVE_INFINITY] }, 'value["a"][1] is -Infinity'],
    ['undefined', undefined, 'value is undefined'],
    ['undefined in an array', [undefined], 'value[0] is undefined'],
    ['a hole in an array', new Array(1), 'value[0] is undefined'],
    ['a function', { run: () => 1 }, 'value["run"] is function'],
    ['a symbol', [Symbol('s')], 'value[0] is symbol'],
    ['a bigint', { size: 1n }, 'value["size"] is bigint'],
    ['half of a surrogate pair', ['\ud800'], 'value[0] is text with half of a surrogate pair'],
    ['the other half', '\udc00a', 'half of a surrogate pair'],
    ['half of a surrogate pair in a name', { 'a\ud800': 1 }, 'half of a surrogate pair'],
    ['bytes', { key: Uint8Array.of(1) }, 'value["key"] is an instance of Uint8Array'],
    ['a Map', new Map([[1, 2]]), 'an instance of Map'],
    ['what toJSON makes of it', { a: { toJSON: () => undefined } }, 'value["a"] is undefined'],
    ['a cycle', cycle, 'value[0]["again"] is a reference to an object around it'],
    ['too deep a nest', nested(1001), 'nested deeper than 1000 levels'],
  ])('refuses %s and says where', (_, value, message) => {
    expect(() => canonicalJson(value)).toThrow(TypeError);
    expect(() => canonicalJson(value)).toThrow(message);
  });

  it('prints a nest of 1,000 levels', () => {
    expect(canonicalJson(nested(1000))).toBe('['.repeat(1000) + ']'.repeat(1000));
  });
});
