// Makes a package in a copy of the repository, then builds, tests, checks and measures it there.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runFileProcess } from '../bench/file-process.mjs';
import { runProgram } from '../bootstrap/program.mjs';
import { dependencyProgram } from '../bootstrap/repository.mjs';
import { cycles } from '../check/rules/cycles.mjs';
import { floors } from '../check/rules/floors.mjs';
import { star } from '../check/rules/star.mjs';
import { copyRepository } from '../docs/repository-copy.mjs';
import { createPackage } from './create-package.mjs';

const outside = mkdtempSync(join(tmpdir(), 'tenstrip-new-'));
const root = join(outside, 'copy');
const name = 'word-counter';
afterAll(() => rmSync(outside, { recursive: true, force: true }));
beforeAll(async () => {
  copyRepository(root);
  await createPackage(root, name, 'Counts words');
}, 60_000);

/** @param {string[]} args */
const run = async (...args) => {
  const { code, output } = await runProgram(process.execPath, args, { cwd: root });
  expect(code, output).toBe(0);
  return output;
};

describe('a new package', () => {
  it('is part of the solution, and what examples may import', () => {
    const read = (/** @type {string} */ file) => readFileSync(join(root, file), 'utf8');
    expect(read('tsconfig.json')).toContain('"packages/word-counter/test"');
    expect(read('examples/tsconfig.json')).toContain('"../packages/word-counter"');
    expect(read('examples/package.json')).toContain('"@tenstrip/word-counter"');
  });

  it('keeps the rules of the house', async () => {
    for (const rule of [star, floors, cycles]) {
      const findings = await rule.find(root);
      expect(findings.filter(({ file }) => file.startsWith(`packages/${name}/`))).toEqual([]);
    }
    await run(dependencyProgram('@biomejs/biome', 'biome'), 'check', `packages/${name}`, 'tsconfig.json');
  });

  it('builds, passes its tests, loads and is measured', { timeout: 180_000 }, async () => {
    await run(dependencyProgram('typescript', 'tsc'), '-p', `packages/${name}`);
    await run(dependencyProgram('typescript', 'tsc'), '-p', `packages/${name}/test`);
    await run(dependencyProgram('vitest'), 'run', '--config', 'vitest.workspace.ts', '--project', `@tenstrip/${name}`);
    await run('-e', `if (!require('./packages/${name}/dist/index.js').wordCounterStrip) throw 1`);
    const rows = /** @type {unknown[]} */ ([]);
    const file = join(root, 'packages', name, 'bench', 'tally.bench.mjs');
    await runFileProcess({ file, quick: true, only: undefined }, (message) => {
      if ('row' in message) rows.push(message.row);
    });
    expect(rows).toMatchObject([{ unit: 'ns a key' }]);
  });

  it.each([
    ...['Upper', 'with space', '../out', 'shared-core', ''],
    ...['constructor', 'examples', 'tenstrip', 'a'.repeat(65)],
  ])('is not made with the name %j', async (bad) => {
    await expect(createPackage(root, bad)).rejects.toThrow(/no package name|exists already|is taken/);
  });
});
