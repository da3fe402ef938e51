import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runProgram } from '../bootstrap/program.mjs';
import { dependencyProgram, repositoryRoot } from '../bootstrap/repository.mjs';
import { codeBlocks, matchesOutput } from './code-blocks.mjs';
import { headingFragments, relativeLinks } from './links.mjs';
import { commandProblem, commandsOf, splitCommands } from './shell-lines.mjs';

const tick = '```';

describe('the code blocks of a document', () => {
  it('have their language, line, code and expected output', () => {
    const text = `# Title\n\n${tick}ts\nconsole.log(1);\n${tick}\n\nIt prints\n\n${tick}text\n1\n${tick}\n\n${tick}json\n{}\n${tick}\n`;
    expect(codeBlocks(text)).toEqual([
      {
        language: 'ts',
        line: 3,
        code: 'console.log(1);\n',
        continues: false,
        file: undefined,
        noRun: undefined,
        expected: '1\n',
      },
    ]);
  });

  it('may continue, have a name, or not be run for a reason', () => {
    const text = `${tick}ts file=a.ts\n${tick}\n${tick}ts continues\n${tick}\n${tick}sh no-run: needs a kernel module\n${tick}\n`;
    expect(codeBlocks(text)).toMatchObject([{ file: 'a.ts' }, { continues: true }, { noRun: 'needs a kernel module' }]);
    expect(() => codeBlocks(`${tick}ts no-run\n${tick}\n`)).toThrow('line 1: `no-run` needs a reason');
  });

  it('are found in longer and tilde fences, and not inside other blocks', () => {
    const nested = `${tick}${tick}md\n${tick}ts\nnot code\n${tick}\n${tick}${tick}\n~~~sh\nls\n~~~\n`;
    expect(codeBlocks(nested).map(({ code }) => code)).toEqual(['ls\n']);
  });

  it('do not take a text block further down as their output', () => {
    const text = `${tick}ts\n1;\n${tick}\n\nOne line.\n\nAnother line.\n\n${tick}text\nout\n${tick}\n`;
    expect(codeBlocks(text)[0]?.expected).toBeUndefined();
  });
});

describe('the relative links of a document', () => {
  it('are found as inline links and as definitions, not in code and not to elsewhere', () => {
    const text = `[a](b.md) [c](<d e>) ![p](p.png "title") [h](#here) [web](https://example.org) \`[no](no.md)\`\n\n[ref]: other/x.md#y\n${tick}sh\n[no](no.md)\n${tick}\n`;
    expect(relativeLinks(text)).toEqual(['b.md', 'p.png', '#here', 'other/x.md#y']);
  });

  it('reach headings by their fragments', () => {
    const text = `# A \`b\` & C\n## Twice\n## Twice\n${tick}sh\n# comment\n${tick}\n`;
    expect([...headingFragments(text)]).toEqual(['a-b--c', 'twice', 'twice-1']);
  });
});

describe('expected output', () => {
  it.each([
    ['a\nb\n', 'a\nb', true],
    ['a … c', 'a 17 c', true],
    ['a.c', 'abc', false],
    ['a', 'a\nb', false],
  ])('%j against %j', (expected, printed, matches) => expect(matchesOutput(expected, printed)).toBe(matches));
});

describe('the commands of a shell block', () => {
  it('are joined where they continue, without comments and prompts', () => {
    expect(commandsOf('# first\n$ ls \\\n  -l   # here\n\necho "#1"\n')).toEqual(['ls -l', 'echo "#1"']);
  });

  it('are run unless they would start the suite itself', () => {
    expect(splitCommands('npm start\nnpx ts-node examples/a.ts\nnpm run check\n')).toEqual({
      run: ['npx ts-node examples/a.ts'],
      check: ['npm start', 'npm run check'],
    });
  });

  it('that are not run must name scripts and packages that exist', () => {
    const repository = { scripts: { check: 'x' }, targets: { 'shared-core': { bench: 'x' } } };
    expect(commandProblem('npm run check', repository)).toBeUndefined();
    expect(commandProblem('npm run chekc', repository)).toContain('chekc');
    expect(commandProblem('npx nx bench shared-core --quick', repository)).toBeUndefined();
    expect(commandProblem('npx nx bench shared', repository)).toContain('no package');
    expect(commandProblem('npx nx lint shared-core', repository)).toContain('no script');
  });
});

describe('the reference', () => {
  it('refuses a public name without a comment, and is built when all have one', { timeout: 120_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tenstrip-reference-'));
    const source = (/** @type {string} */ text) =>
      writeFileSync(join(folder, 'packages', 'engine', 'src', 'index.ts'), text);
    mkdirSync(join(folder, 'packages', 'engine', 'src'), { recursive: true });
    const write = (/** @type {string} */ file, /** @type {object} */ content) =>
      writeFileSync(join(folder, file), JSON.stringify(content));
    write('package.json', { name: 'suite', private: true });
    write('packages/engine/package.json', { name: 'engine', version: '1.0.0', type: 'module' });
    write('packages/engine/typedoc.json', { entryPoints: ['src/index.ts'], readme: 'none' });
    write('packages/engine/tsconfig.json', {
      compilerOptions: { strict: true, skipLibCheck: true, types: [] },
      include: ['src'],
    });
    const typedoc = () =>
      runProgram(
        process.execPath,
        [
          dependencyProgram('typedoc'),
          '--options',
          join(repositoryRoot, 'typedoc.json'),
          '--entryPoints',
          'packages/*',
          '--out',
          'api',
          '--readme',
          'none',
        ],
        { cwd: folder },
      );
    source('/** The engine.\n * @module\n */\n\n/** How many. */\nexport const count = 1;\n');
    const good = await typedoc();
    expect(good.code, good.output).toBe(0);
    source('/** The engine.\n * @module\n */\n\nexport const count = 1;\n');
    const bad = await typedoc();
    expect(bad.code).not.toBe(0);
    expect(bad.output).toContain('count');
    rmSync(folder, { recursive: true, force: true });
  });
});
