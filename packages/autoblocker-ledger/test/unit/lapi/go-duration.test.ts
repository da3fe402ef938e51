import { describe, expect, it } from 'vitest';
import { goDuration } from '../../../src/lapi/go-duration.js';

describe('goDuration', () => {
  // What `fmt.Println(time.Duration(n) * time.Millisecond)` prints.
  it.each([
    [0, '0s'],
    [1, '1ms'],
    [999, '999ms'],
    [1000, '1s'],
    [1500, '1.5s'],
    [60_000, '1m0s'],
    [61_001, '1m1.001s'],
    [3_600_000, '1h0m0s'],
    [7_198_970, '1h59m58.97s'],
    [-7_198_970, '-1h59m58.97s'],
    [-40, '-40ms'],
  ])('prints %d ms as %s', (ms, text) => expect(goDuration(ms)).toBe(text));
});
