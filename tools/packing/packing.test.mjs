// The packages as their users get them: packed, installed in an empty folder outside the repository, and used by an example in three
// ways: as CommonJS by ts-node, as ES module by ts-node's loader, and compiled. And every example as it runs from a clone.
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { npmCommand } from '../bootstrap/install.mjs';
import { runProgram } from '../bootstrap/program.mjs';
import { dependencyProgram, readManifest, repositoryRoot, workspacePackages } from '../bootstrap/repository.mjs';
import { packPackage } from '../check/rules/packaging.mjs';

const EXAMPLE = 'shared-core/governed-work.ts';
const examples = join(repositoryRoot, 'examples');

/**
 * Runs Node and gives standard output; anything on standard error, a warning too, is a failure.
 *
 * @param {string} cwd
 * @param {readonly string[]} args
 */
async function node(cwd, args) {
  const { code, stdout, output } = await runProgram(process.execPath, args, { cwd });
  expect(code, output).toBe(0);
  expect(output).toBe(stdout);
  return stdout;
}

/** Its data have to be installed; it has a test of its own, on data of the test's. */
const needsData = 'semantic-lattice/gene-ontology.ts';

/** Examples are the TypeScript files right in examples/<package>/, their parts in folders beside them; watchtower is a program with tests of its own. */
const standalone = readdirSync(examples, { recursive: true, encoding: 'utf8' })
  .filter((file) => /^(?!watchtower|node_modules)[^/]+\/[^/]+\.ts$/.test(file) && file !== needsData)
  .sort();

describe('from a clone', () => {
  it('there are examples', () => expect(standalone).toContain(EXAMPLE));

  it.each(standalone)('examples/%s runs, types checked, without a warning', { timeout: 120_000 }, async (file) => {
    const printed = await node(repositoryRoot, [dependencyProgram('ts-node'), join('examples', file)]);
    expect(printed).not.toBe('');
  });
});

describe('from packed packages, outside of the repository', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tenstrip-user-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** What the example prints in a clone, which is what it must print everywhere: it is deterministic. */
  let expected = '';

  beforeAll(async () => {
    expected = await node(repositoryRoot, [dependencyProgram('ts-node'), join('examples', EXAMPLE)]);
    /** @type {string[]} */
    const tarballs = [];
    for (const { folder: source } of workspacePackages(repositoryRoot))
      tarballs.push(await packPackage(source, folder));
    const { devDependencies = {} } = readManifest(repositoryRoot);
    const tools = ['typescript', 'ts-node', '@types/node'].map((name) => `${name}@${devDependencies[name]}`);
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'user', private: true }));
    const install = npmCommand(['install', '--prefer-offline', '--no-audit', '--no-fund', ...tarballs, ...tools]);
    const { code, output } = await runProgram(install.command, install.args, { cwd: folder });
    expect(code, output).toBe(0);
  }, 240_000);

  /**
   * A folder with the example and a compiler configuration, of the given module kind.
   *
   * @param {string} name
   * @param {'commonjs' | 'module'} type
   * @param {object} [compilerOptions]
   */
  function project(name, type, compilerOptions = {}) {
    const { compilerOptions: base } = JSON.parse(readFileSync(join(repositoryRoot, 'tsconfig.base.json'), 'utf8'));
    const inherited = { ...base, composite: false, declaration: false, verbatimModuleSyntax: false };
    mkdirSync(join(folder, name), { recursive: true });
    writeFileSync(join(folder, name, 'package.json'), JSON.stringify({ type }));
    writeFileSync(
      join(folder, name, 'tsconfig.json'),
      JSON.stringify({ compilerOptions: { ...inherited, ...compilerOptions }, include: ['*.ts'] }),
    );
    cpSync(join(examples, EXAMPLE), join(folder, name, 'example.ts'));
    return join(folder, name);
  }

  const program = (/** @type {string} */ name, /** @type {string} */ file) =>
    join(folder, 'node_modules', name, 'dist', file);

  it('runs as CommonJS by ts-node, types checked', { timeout: 120_000 }, async () => {
    const cwd = project('commonjs', 'commonjs');
    expect(await node(cwd, [program('ts-node', 'bin.js'), 'example.ts'])).toBe(expected);
  });

  it('runs as an ES module by ts-node’s loader', { timeout: 120_000 }, async () => {
    const cwd = project('module', 'module', { verbatimModuleSyntax: true });
    // The loader interface is experimental in Node 20 and says so; --no-warnings keeps that one line away.
    expect(await node(cwd, ['--no-warnings', '--loader', 'ts-node/esm', 'example.ts'])).toBe(expected);
  });

  it.each(/** @type {const} */ (['commonjs', 'module']))('runs compiled, as %s', { timeout: 120_000 }, async (type) => {
    const cwd = project(`compiled-${type}`, type, { outDir: 'out' });
    await node(cwd, [join(folder, 'node_modules', 'typescript', 'bin', 'tsc')]);
    expect(await node(cwd, ['out/example.js'])).toBe(expected);
  });
});
