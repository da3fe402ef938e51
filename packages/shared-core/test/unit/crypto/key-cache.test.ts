import { describe, expect, it } from 'vitest';
import { KeyCache } from '../../../src/crypto/ed25519/key-cache.js';

const key = (number: number): Uint8Array => new Uint8Array(32).fill(number);

describe('key cache', () => {
  it('makes a value once while it is kept, and forgets the one used longest ago', () => {
    const made: number[] = [];
    const cache = new KeyCache(2, (bytes) => made.push(bytes[0]!));
    for (const number of [1, 2, 1, 3, 1, 2]) cache.get(key(number));
    // 3 pushed out 2, not 1, which was used in between; then 2 pushed out 3.
    expect(made).toEqual([1, 2, 3, 2]);
    expect(cache.size).toBe(2);
  });

  it('never keeps more than its capacity', () => {
    const cache = new KeyCache(10, (bytes) => bytes[0]!);
    for (let number = 0; number < 256; number++) {
      expect(cache.get(key(number))).toBe(number);
      expect(cache.size).toBe(Math.min(number + 1, 10));
    }
  });

  it('tells keys apart by their bytes alone, wherever they lie', () => {
    const cache = new KeyCache(10, (bytes) => [...bytes]);
    const memory = new Uint8Array(64).fill(5);
    expect(cache.get(memory.subarray(3, 35))).toBe(cache.get(key(5)));
    memory[40] = 6;
    expect(cache.get(memory.subarray(10, 42))).not.toBe(cache.get(key(5)));
    const own = key(7);
    expect(cache.get(own)).toEqual([...key(7)]);
    own[31] = 8; // whoever asked last may use its memory for another key
    expect(cache.get(own)).toEqual([...own]);
    expect(cache.get(key(7))).toEqual([...key(7)]);
  });
});
