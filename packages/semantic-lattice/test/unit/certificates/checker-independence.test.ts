import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

describe('the checker', () => {
  it('shares no code with the engine: its files import one another, and of the suite its cryptography and errors alone', () => {
    const folder = new URL('../../../src/certificates/checker/', import.meta.url);
    const files = readdirSync(folder);
    expect(files.length).toBeGreaterThan(3);
    for (const file of files) {
      const text = readFileSync(new URL(file, folder), 'utf8');
      for (const [, from] of text.matchAll(/\bfrom '([^']*)'|\bimport\(/g))
        expect(
          from === '@tenstrip/shared-core' || files.includes(from!.replace(/^\.\/(.*)\.js$/, '$1.ts')),
          `${file}: ${from}`,
        ).toBe(true);
    }
  });
});
