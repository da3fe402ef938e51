import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { Tally } from '../../../src/tally/index.js';

it('counts every key as often as it was added', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('a', 'b', 'c', '__proto__')), (keys) => {
      const tally = new Tally(4);
      for (const key of keys) tally.add(key);
      for (const { key, count } of tally.mostFrequent(4))
        expect(count).toBe(keys.filter((each) => each === key).length);
      expect(tally.size).toBe(new Set(keys).size);
    }),
  );
});
