// The documents whose code blocks are run, and the folder in which their TypeScript is compiled.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { workspacePackages } from '../bootstrap/repository.mjs';
import { codeBlocks } from './code-blocks.mjs';

/** @typedef {import('./code-blocks.mjs').CodeBlock} CodeBlock */
/** @typedef {{ file: string, blocks: CodeBlock[] }} Document `file` is relative to the root */
/** @typedef {{ module: string, startLine: number }} Module `startLine` is the document's line of the module's first line */

/**
 * README, CONTRIBUTING, SECURITY, docs/ without the generated reference, and the packages' READMEs.
 *
 * @param {string} root
 * @returns {Document[]}
 */
export function readDocuments(root) {
  const guides = existsSync(join(root, 'docs'))
    ? readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    : [];
  const files = [
    ...['README.md', 'CONTRIBUTING.md', 'SECURITY.md'],
    ...guides.filter((file) => file.endsWith('.md') && !file.startsWith('api/')).map((file) => `docs/${file}`),
    ...workspacePackages(root).map(({ name }) => `packages/${name}/README.md`),
    'examples/README.md',
  ];
  return files
    .filter((file) => existsSync(join(root, file)))
    .sort()
    .map((file) => ({ file, blocks: codeBlocks(readFileSync(join(root, file), 'utf8')) }));
}

const COMPILER_OPTIONS = {
  noEmit: false,
  composite: false,
  declaration: false,
  noUnusedLocals: false,
  noUnusedParameters: false,
  outDir: '.',
  rootDir: '.',
};

/**
 * Writes a document's TypeScript blocks as modules into a folder below the repository, where its packages resolve.
 *
 * @param {readonly CodeBlock[]} blocks
 * @param {string} folder
 * @param {string} baseConfig absolute path of tsconfig.base.json
 * @returns {Map<CodeBlock, Module>}
 */
export function writeModules(blocks, folder, baseConfig) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n');
  const config = { extends: baseConfig, compilerOptions: COMPILER_OPTIONS, include: ['**/*.ts'], exclude: [] };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  /** @type {Map<CodeBlock, Module>} */
  const modules = new Map();
  let before = '';
  for (const block of blocks.filter(({ language, noRun }) => language === 'ts' && noRun === undefined)) {
    const text = block.continues ? before + block.code : block.code;
    const module = block.file ?? `line-${block.line}.ts`;
    mkdirSync(dirname(join(folder, module)), { recursive: true });
    writeFileSync(join(folder, module), text);
    const linesBefore = text.split('\n').length - block.code.split('\n').length;
    modules.set(block, { module, startLine: block.line + 1 - linesBefore });
    before = text;
  }
  return modules;
}
