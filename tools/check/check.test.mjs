import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { repositoryRoot } from '../bootstrap/repository.mjs';
import { formatFinding } from './finding.mjs';
import { compile } from './rules/compile.mjs';
import { cycles, findCycles } from './rules/cycles.mjs';
import { floors } from './rules/floors.mjs';
import { formatAndLint } from './rules/format-and-lint.mjs';
import { licenceFiles } from './rules/licence-files.mjs';
import { isAccepted, licences } from './rules/licences.mjs';
import { loading } from './rules/loading.mjs';
import { lockFile } from './rules/lock-file.mjs';
import { packaging } from './rules/packaging.mjs';
import { star } from './rules/star.mjs';
import { unused } from './rules/unused.mjs';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tenstrip-check-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** @param {Record<string, string | object>} files text, or an object that is written as JSON */
function plant(files) {
  for (const [file, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), typeof content === 'string' ? content : JSON.stringify(content));
  }
}

/**
 * @param {import('./finding.mjs').Rule} rule
 * @returns {Promise<string[]>} findings as people read them, without the advice
 */
async function find(rule) {
  const findings = await rule.find(root);
  expect(findings.every(({ advice }) => advice.length > 0)).toBe(true);
  return findings.map((finding) => String(formatFinding(finding).split('\n')[0]));
}

const ground = {
  name: '@tenstrip/shared-core',
  version: '0.1.0',
  tenstrip: { floors: [['index'], ['governor'], ['errors']] },
};
const engine = {
  name: '@tenstrip/engine',
  version: '0.1.0',
  tenstrip: { floors: [['index', 'strip'], ['run'], ['plan']] },
  dependencies: { '@tenstrip/shared-core': '0.1.0' },
};
/** A small suite in which no rule finds anything. */
const clean = {
  'packages/shared-core/package.json': ground,
  'packages/shared-core/src/index.ts': "export * from './errors/index.js';\nexport * from './governor/index.js';\n",
  'packages/shared-core/src/governor/index.ts': "export { run } from './run.js';\n",
  'packages/shared-core/src/governor/run.ts':
    "import { fail } from '../errors/index.js';\nexport const run = () => fail();\n",
  'packages/shared-core/src/errors/index.ts': 'export const fail = () => 1;\n',
  'packages/engine/package.json': engine,
  'packages/engine/src/index.ts': "export { go } from './run/index.js';\n",
  'packages/engine/src/run/index.ts': "import { run } from '@tenstrip/shared-core';\nexport const go = run;\n",
  'packages/engine/test/unit/run.test.ts': "import { go } from '../../src/run/index.js';\ngo();\n",
  'examples/engine/go.ts':
    "import { go } from '@tenstrip/engine';\nimport { run } from '@tenstrip/shared-core';\ngo();\nrun();\n",
};

describe('a clean suite', () => {
  it.each([star, floors, cycles, licences, lockFile].map((rule) => ({ rule, name: rule.name })))(
    'passes $name',
    async ({ rule }) => {
      plant(clean);
      expect(await find(rule)).toEqual([]);
    },
  );
});

describe('star', () => {
  it.each([
    ['a static import', "import { x } from '@tenstrip/other';\n"],
    ['a type', "export type X = import('@tenstrip/other').X;\n"],
    ['a re-export', "export * from '@tenstrip/other';\n"],
    ['a dynamic import', "await import('@tenstrip/other');\n"],
    ['a require', "require('@tenstrip/other');\n"],
  ])('catches %s of another engine', async (_, text) => {
    plant({ ...clean, 'packages/engine/src/plan.ts': `\n${text}` });
    expect(await find(star)).toEqual(['packages/engine/src/plan.ts:2: packages/engine imports @tenstrip/other']);
  });

  it('catches a package without the licence, or with another', async () => {
    plant({ ...clean, LICENSE: 'the licence', 'packages/engine/LICENSE': 'another' });
    expect((await find(licenceFiles)).sort()).toEqual([
      'packages/engine/LICENSE: differs from the repository’s LICENSE',
      'packages/shared-core/LICENSE: the package has no LICENSE',
    ]);
  });

  it('catches the ground floor importing an engine', async () => {
    plant({ ...clean, 'packages/shared-core/src/errors/index.ts': "import '@tenstrip/engine';\n" });
    expect(await find(star)).toEqual([
      'packages/shared-core/src/errors/index.ts:1: packages/shared-core imports @tenstrip/engine',
    ]);
  });

  it('catches a path into another package, from a package, an example or a tool', async () => {
    plant({
      ...clean,
      'packages/engine/test/unit/reach.test.ts': "import '../../../shared-core/src/errors/index.js';\n",
      'examples/reach.ts': "import '../packages/engine/dist/index.js';\n",
      'tools/reach.mjs': "import '../packages/engine/src/index.ts';\n",
    });
    expect(await find(star)).toEqual([
      'packages/engine/test/unit/reach.test.ts:1: reaches into packages/shared-core by path (../../../shared-core/src/errors/index.js)',
      'examples/reach.ts:1: reaches into packages/engine by path (../packages/engine/dist/index.js)',
      'tools/reach.mjs:1: reaches into packages/engine by path (../packages/engine/src/index.ts)',
    ]);
  });

  it('catches a subpath into the files of a package, and a source that leaves src', async () => {
    plant({
      ...clean,
      'examples/reach.ts': "import '@tenstrip/engine/src/run/index.js';\n",
      'packages/engine/src/plan.ts': "import '../test/unit/run.test.js';\n",
    });
    expect(await find(star)).toEqual([
      'packages/engine/src/plan.ts:1: leaves src (../test/unit/run.test.js), so the published package would lack it',
      'examples/reach.ts:1: reaches into the files of @tenstrip/engine (@tenstrip/engine/src/run/index.js)',
    ]);
  });

  it('catches a dependency on another engine in package.json', async () => {
    plant({ ...clean, 'packages/engine/package.json': { ...engine, devDependencies: { '@tenstrip/other': '0.1.0' } } });
    expect(await find(star)).toEqual(['packages/engine/package.json: packages/engine depends on @tenstrip/other']);
  });
});

describe('floors', () => {
  it('catches an import that runs up, also of a type alone', async () => {
    plant({ ...clean, 'packages/engine/src/plan.ts': "import type { go } from './run/index.js';\n" });
    expect(await find(floors)).toEqual([
      'packages/engine/src/plan.ts:1: plan imports run, which is on a floor above it (./run/index.js)',
    ]);
  });

  it('catches an import that goes past another module’s index', async () => {
    plant({ ...clean, 'packages/shared-core/src/index.ts': "export * from './governor/run.js';\n" });
    expect(await find(floors)).toEqual([
      'packages/shared-core/src/index.ts:1: reaches into the module governor (./governor/run.js)',
    ]);
  });

  it('catches a folder or file without a floor, and a package without floors', async () => {
    plant({
      ...clean,
      'packages/engine/src/utils/index.ts': '',
      'packages/bare/package.json': { name: '@tenstrip/bare' },
      'packages/bare/src/index.ts': '',
    });
    expect(await find(floors)).toEqual([
      'packages/bare/package.json: the package lists no floors',
      'packages/engine/package.json: src/utils is on no floor',
    ]);
  });
});

describe('cycles', () => {
  it('catches files that load each other, and lets types be', async () => {
    plant({
      ...clean,
      'packages/engine/src/plan/a.ts': "import { b } from './b.js';\n",
      'packages/engine/src/plan/b.ts': "import { c } from './c.js';\n",
      'packages/engine/src/plan/c.ts': "import { a } from './a.js';\n",
      'packages/engine/src/plan/d.ts': "import type { e } from './e.js';\n",
      'packages/engine/src/plan/e.ts': "import { d } from './d.js';\n",
    });
    const [finding, ...others] = await find(cycles);
    expect(others).toEqual([]);
    expect(finding).toContain(
      'a cycle: packages/engine/src/plan/a.ts → packages/engine/src/plan/b.ts → packages/engine/src/plan/c.ts → packages/engine/src/plan/a.ts',
    );
  });

  it('are found behind a shared file and by a file that loads itself', () => {
    const edges = { a: ['b', 'c'], b: ['d'], c: ['d'], d: ['b'], e: ['e'] };
    expect(findCycles(new Map(Object.entries(edges)))).toEqual([
      ['b', 'd', 'b'],
      ['e', 'e'],
    ]);
  });
});

describe('licences', () => {
  const lock = {
    packages: {
      '': {},
      'node_modules/good': { version: '1.0.0', license: '(MIT OR GPL-3.0)' },
      'node_modules/bad': { version: '2.0.0', license: 'GPL-3.0' },
      'node_modules/weak': { version: '3.0.0', license: 'MPL-2.0' },
      'node_modules/weak-tool': { version: '3.0.0', license: 'MPL-2.0', dev: true },
      'node_modules/@scope/silent': { version: '4.0.0', dev: true },
    },
  };

  it('names package, version and licence of what is not accepted; production is judged stricter', async () => {
    plant({ ...clean, 'package-lock.json': lock });
    expect(await find(licences)).toEqual([
      'package-lock.json: bad 2.0.0 (production) has the licence GPL-3.0',
      'package-lock.json: weak 3.0.0 (production) has the licence MPL-2.0',
      'package-lock.json: @scope/silent 4.0.0 (development) has the licence UNKNOWN',
    ]);
  });

  it.each([
    ['MIT', true],
    ['GPL-3.0', false],
    ['MIT AND GPL-3.0', false],
    ['GPL-3.0 OR MIT AND ISC', true],
    ['(GPL-3.0 OR MIT) AND (ISC)', true],
    ['(MIT', false],
    ['', false],
  ])('reads the expression %j', (expression, accepted) => {
    expect(isAccepted(expression, new Set(['MIT', 'ISC']))).toBe(accepted);
  });
});

describe('lock-file', () => {
  it('catches an optional dependency without an entry', async () => {
    plant({
      ...clean,
      'package-lock.json': { packages: { 'node_modules/a': { optionalDependencies: { 'a-darwin-x64': '1.0.0' } } } },
    });
    expect(await find(lockFile)).toEqual([
      'package-lock.json: a-darwin-x64, an optional dependency of node_modules/a, has no entry: npm ci will refuse the file',
    ]);
  });
});

describe('format-and-lint', () => {
  it('catches a badly formatted file and a lint error, and accepts good ones', { timeout: 60_000 }, async () => {
    cpSync(join(repositoryRoot, 'biome.json'), join(root, 'biome.json'));
    plant({ '.gitignore': 'node_modules/\n', 'good.mjs': 'export const a = 1;\n' });
    expect(await find(formatAndLint)).toEqual([]);
    plant({ 'bad.mjs': 'export const a = "1"\n', 'worse.mjs': 'let b = 1;\nconsole.log(b);\n' });
    const findings = (await find(formatAndLint)).join('\n');
    expect(findings).toContain('bad.mjs:1: ');
    expect(findings).toContain('worse.mjs:1: ');
    expect(findings).toContain('useConst');
  });
});

describe('compile', () => {
  it('catches a type error in a referenced project, with its line', { timeout: 60_000 }, async () => {
    plant({
      'tsconfig.json': { files: [], references: [{ path: 'engine' }] },
      'engine/tsconfig.json': {
        compilerOptions: { composite: true, strict: true, skipLibCheck: true, lib: ['es5'], types: [], outDir: 'dist' },
        include: ['*.ts'],
      },
      'engine/good.ts': 'export const a: number = 1;\n',
    });
    expect(await find(compile)).toEqual([]);
    plant({ 'engine/bad.ts': '\nexport const b: number = "1";\n' });
    expect(await find(compile)).toEqual([
      "engine/bad.ts:2: Type 'string' is not assignable to type 'number'. (TS2322)",
    ]);
  });
});

describe('unused', () => {
  it('catches an unused file, export and dependency, and one that is not declared', { timeout: 60_000 }, async () => {
    const manifest = { name: 'suite', type: 'module', main: 'index.js' };
    plant({
      'package.json': manifest,
      'index.js': "import { a } from './a.js';\nconsole.log(a);\n",
      'a.js': 'export const a = 1;\n',
    });
    expect(await find(unused)).toEqual([]);
    plant({
      'package.json': { ...manifest, dependencies: { idle: '1.0.0' } },
      'a.js': "import 'undeclared';\nexport const a = 1;\nexport const b = 2;\n",
      'lonely.js': 'console.log(1);\n',
    });
    const findings = (await find(unused)).join('\n');
    expect(findings).toMatch(/^lonely\.js: no file imports this$/m);
    expect(findings).toMatch(/^a\.js:3: b: no other file uses the export$/m);
    expect(findings).toMatch(/^package\.json.*: idle: nothing uses the dependency$/m);
    expect(findings).toMatch(/^a\.js:1: undeclared: is used and not declared in package\.json$/m);
  });
});

describe('a package as it is published', () => {
  const good = {
    name: '@tenstrip/engine',
    version: '0.1.0',
    license: 'Apache-2.0',
    type: 'module',
    files: ['dist'],
    exports: { '.': { types: './dist/index.d.ts', default: './dist/index.js' }, './package.json': './package.json' },
  };
  const files = {
    'packages/engine/dist/index.js': 'export const a = 1;\n',
    'packages/engine/dist/index.d.ts': 'export declare const a: number;\n',
  };

  it('passes when manifest, types and code agree', { timeout: 120_000 }, async () => {
    plant({ 'packages/engine/package.json': good, ...files });
    expect(await find(packaging)).toEqual([]);
    expect(await find(loading)).toEqual([]);
  });

  it('is caught when an export names a file that is not packed', { timeout: 120_000 }, async () => {
    plant({ 'packages/engine/package.json': { ...good, exports: { '.': './dist/gone.js' } }, ...files });
    const [publint] = await find(packaging);
    expect(publint).toMatch(/^packages\/engine\/package\.json: publint: /);
  });

  it('is caught when its types are CommonJS and its code is not', { timeout: 120_000 }, async () => {
    const exports = { '.': { types: './dist/index.d.cts', default: './dist/index.js' } };
    plant({
      'packages/engine/package.json': { ...good, exports },
      ...files,
      'packages/engine/dist/index.d.cts': 'export declare const a: number;\n',
    });
    expect((await packaging.find(root)).map(({ message }) => message.split(':')[0])).toContain('attw');
  });

  it('is caught when an export has a top-level await below it', { timeout: 60_000 }, async () => {
    plant({
      'packages/engine/package.json': good,
      ...files,
      'packages/engine/dist/index.js': "export { a } from './deep.js';\n",
      'packages/engine/dist/deep.js': 'export const a = await Promise.resolve(1);\n',
    });
    const [finding] = await find(loading);
    expect(finding).toContain("require('@tenstrip/engine') fails: ERR_REQUIRE_ASYNC_MODULE");
  });
});
