import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { writeWholeFile } from '../../../src/files/index.js';

const names = ['a', 'b', 'c'];

it('is one that was written without an error, when any number of writers write any files at once', async () => {
  const write = fc.record({
    name: fc.constantFrom(...names),
    content: fc.uint8Array({ maxLength: 300 }),
    replace: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(write, { maxLength: 12 }), async (writes) => {
      const folder = mkdtempSync(join(tmpdir(), 'tenstrip-whole-files-'));
      try {
        const ends = await Promise.all(
          writes.map(async ({ name, content, replace }) => ({
            name,
            content: Buffer.from(content).toString('hex'),
            replace,
            refusal: await writeWholeFile(join(folder, name), content, { replace }).catch((error) => error.code),
          })),
        );
        for (const { refusal, replace } of ends) expect([undefined, replace || 'FileExists']).toContain(refusal);
        const written = ends.filter(({ refusal }) => refusal === undefined);
        expect(readdirSync(folder).sort()).toEqual(names.filter((name) => ends.some((end) => end.name === name)));
        for (const name of readdirSync(folder)) {
          const own = written.filter((end) => end.name === name);
          expect(own.filter(({ replace }) => !replace).length).toBeLessThanOrEqual(1);
          expect(own.map(({ content }) => content)).toContain(readFileSync(join(folder, name)).toString('hex'));
        }
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    }),
    { numRuns: 40 },
  );
});
