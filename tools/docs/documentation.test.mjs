// Runs every TypeScript and shell block of the documentation, and compares what it prints with what the document says.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runProgram } from '../bootstrap/program.mjs';
import { dependencyProgram, readManifest, repositoryRoot, workspacePackages } from '../bootstrap/repository.mjs';
import { requirement } from '../test-requirements.mjs';
import { matchesOutput } from './code-blocks.mjs';
import { readDocuments, writeModules } from './documents.mjs';
import { headingFragments, relativeLinks } from './links.mjs';
import { copyRepository } from './repository-copy.mjs';
import { commandProblem, splitCommands } from './shell-lines.mjs';

const documents = readDocuments(repositoryRoot);
mkdirSync(join(repositoryRoot, '.tenstrip'), { recursive: true });
const scratch = mkdtempSync(join(repositoryRoot, '.tenstrip', 'docs-'));
const outside = mkdtempSync(join(tmpdir(), 'tenstrip-docs-'));
afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
  rmSync(outside, { recursive: true, force: true });
});

const repository = {
  scripts: readManifest(repositoryRoot).scripts ?? {},
  targets: Object.fromEntries(
    workspacePackages(repositoryRoot).map(({ name, manifest }) => [name, manifest.scripts ?? {}]),
  ),
};

/** @type {Promise<string> | undefined} */
let copy;
/** The copy of the repository, made when the first command needs it. */
const repositoryCopy = () => {
  copy ??= Promise.resolve().then(() => {
    copyRepository(join(outside, 'copy'));
    return join(outside, 'copy');
  });
  return copy;
};

/**
 * @param {string} file the document
 * @param {string} link
 */
function leadsSomewhere(file, link) {
  const [path = '', fragment] = link.split('#');
  const target = path === '' ? join(repositoryRoot, file) : join(repositoryRoot, dirname(file), decodeURI(path));
  if (!existsSync(target)) return false;
  if (fragment === undefined || !target.endsWith('.md')) return true;
  return headingFragments(readFileSync(target, 'utf8')).has(decodeURI(fragment));
}

/**
 * @param {import('./code-blocks.mjs').CodeBlock} block
 * @param {{ code: number, stdout: string, output: string }} result
 */
function expectGood(block, { code, stdout, output }) {
  expect(code, output).toBe(0);
  if (block.expected !== undefined && !matchesOutput(block.expected, stdout))
    expect(stdout.trimEnd()).toBe(block.expected.trimEnd());
}

it('finds documents', () => expect(documents.length).toBeGreaterThan(0));

describe.each(documents)('the links of $file', ({ file }) => {
  const text = readFileSync(join(repositoryRoot, file), 'utf8');
  const links = relativeLinks(text);

  it.runIf(links.length > 0)('lead to files and headings that exist', () => {
    expect(links.filter((link) => !leadsSomewhere(file, link))).toEqual([]);
  });
});

describe.each(documents.filter(({ blocks }) => blocks.length > 0))('$file', ({ file, blocks }) => {
  const folder = join(scratch, file.replaceAll('/', '-'));
  const modules = writeModules(blocks, folder, join(repositoryRoot, 'tsconfig.base.json'));
  /** @type {string[]} */
  let errors = [];

  beforeAll(async () => {
    if (modules.size === 0) return;
    const { output } = await runProgram(
      process.execPath,
      [dependencyProgram('typescript', 'tsc'), '-p', folder, '--pretty', 'false'],
      {
        cwd: folder,
      },
    );
    errors = output.split('\n').filter((line) => line.includes('error TS'));
  }, 120_000);

  for (const block of blocks) {
    const name = `${block.language} block at line ${block.line}`;
    const module = modules.get(block);
    if (block.noRun !== undefined) {
      requirement(false, `${file}:${block.line}: ${block.noRun}`);
      it.skip(`${name} (${block.noRun})`, () => {});
    } else if (module !== undefined) {
      it(`${name} type-checks and runs`, { timeout: 60_000 }, async () => {
        const own = errors.filter((line) => line.startsWith(`${module.module}(`));
        expect(
          own.map((line) =>
            line.replace(/\((\d+),/, (_, at) => `(document line ${module.startLine + Number(at) - 1}, column `),
          ),
        ).toEqual([]);
        expectGood(
          block,
          await runProgram(process.execPath, [join(folder, module.module.replace(/ts$/, 'js'))], { cwd: folder }),
        );
      });
    } else {
      it(`${name} runs`, { timeout: 120_000 }, async () => {
        const { run, check } = splitCommands(block.code);
        expect(
          check.map((command) => commandProblem(command, repository)).filter((problem) => problem !== undefined),
        ).toEqual([]);
        if (run.length === 0) return;
        expectGood(block, await runProgram('bash', ['-e', '-c', run.join('\n')], { cwd: await repositoryCopy() }));
      });
    }
  }
});
