import { describe, expect, it } from 'vitest';
import { decodeBase64, encodeBase64 } from '../../../src/transparency/index.js';

describe('base64', () => {
  // RFC 4648 section 10.
  it.each([
    ['', ''],
    ['f', 'Zg=='],
    ['fo', 'Zm8='],
    ['foo', 'Zm9v'],
    ['foob', 'Zm9vYg=='],
    ['fooba', 'Zm9vYmE='],
    ['foobar', 'Zm9vYmFy'],
  ])('of %j is %j', (plain, encoded) => {
    expect(encodeBase64(new TextEncoder().encode(plain))).toBe(encoded);
    expect(decodeBase64(encoded)).toEqual(new TextEncoder().encode(plain));
  });

  it.each([
    ['no padding', 'Zg'],
    ['half the padding', 'Zg='],
    ['padding alone', '===='],
    ['too much padding', 'Z==='],
    ['padding inside', 'Zg==Zg=='],
    ['stray bits (RFC 4648 section 3.5)', 'Zh=='],
    ['stray bits before one =', 'Zm9='],
    ['a blank', 'Zm9 '],
    ['a newline', 'Zm9v\n'],
    ['the URL alphabet', 'Zm-_'],
    ['a letter beyond ASCII', 'Zm9\u0176'],
    ['a letter beyond the basic plane', 'Zm\u{1f600}'],
  ])('with %s is refused', (_, text) => {
    expect(decodeBase64(text)).toBeUndefined();
  });
});
