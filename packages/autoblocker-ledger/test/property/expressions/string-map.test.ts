import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StringMap } from '../../../src/expressions/index.js';
import { internedName } from '../../../src/patterns/index.js';

describe('StringMap', () => {
  it('is a Map of texts, whatever is set in whatever order', () => {
    const name = fc.oneof(fc.constantFrom('', 'a', 'service', '__proto__', '1'), fc.string({ maxLength: 3 }));
    const steps = fc.array(fc.tuple(name, fc.string({ maxLength: 3 })), { maxLength: 120, size: 'max' });
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

  it('sets several names as one after the other', () => {
    const names = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), { minLength: 1 });
    const lists = fc.array(names, { minLength: 1, maxLength: 3 });
    const calls = fc.array(fc.tuple(fc.nat(2), fc.string({ maxLength: 3 })), { maxLength: 6 });
    fc.assert(
      fc.property(lists, fc.array(calls, { minLength: 1, maxLength: 8 }), (known, maps) => {
        // The same lists again and again, as expressions of rules have them.
        for (const made of maps) {
          const [map, oracle] = [new StringMap(), new Map<string, string>()];
          for (const [which, text] of made) {
            const list = known[which % known.length]!;
            // Texts in another order than the names, and one that is missing.
            const texts = [undefined, ...list.map((name) => `${name}${text}`).reverse()];
            const places = list.map((_, at) => (at === 0 ? 0 : list.length - at));
            map.setAll(list, texts, places);
            list.forEach((name, at) => void oracle.set(name, at === 0 ? '' : `${name}${text}`));
          }
          expect([...map]).toEqual([...oracle]);
          expect([...map.values()]).toEqual([...oracle.values()]);
        }
      }),
    );
  });

  it('holds nothing of what was in it before it was cleared', () => {
    const entries = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.string({ maxLength: 3 })), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(fc.array(entries, { maxLength: 4 }), fc.nat(50), (lives, many) => {
        const map = new StringMap();
        for (let at = 0; at < many; at += 1) map.set(internedName(`name-${at}`), 'before');
        for (const life of lives) {
          map.clear();
          for (const [key, value] of life) map.set(internedName(key), value);
          expect([...map]).toEqual([...new Map(life)]);
        }
      }),
    );
  });

  it('keeps names as they are', () => {
    fc.assert(fc.property(fc.string(), (name) => internedName(name) === name));
  });
});
