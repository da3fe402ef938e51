import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { internedName, StringMap } from '../../../src/expressions/index.js';

describe('StringMap', () => {
  it('is a Map of texts, whatever is set in whatever order', () => {
    const name = fc.oneof(fc.constantFrom('', 'a', 'service', '__proto__', '1'), fc.string({ maxLength: 3 }));
    const steps = fc.array(fc.tuple(name, fc.string({ maxLength: 3 })), { maxLength: 120 });
    fc.assert(
      fc.property(steps, fc.array(name, { maxLength: 20 }), (entries, asked) => {
        const [map, oracle] = [new StringMap(), new Map<string, string>()];
        for (const [key, value] of entries) {
          map.set(internedName(key), value);
          oracle.set(key, value);
        }
        expect(map.size).toBe(oracle.size);
        expect([...map]).toEqual([...oracle]);
        expect([...map.values()]).toEqual([...oracle.values()]);
        for (const key of asked) {
          expect(map.get(key)).toBe(oracle.get(key));
          expect(map.has(key)).toBe(oracle.has(key));
        }
      }),
    );
  });

  it('keeps names as they are', () => {
    fc.assert(fc.property(fc.string(), (name) => internedName(name) === name));
  });
});
