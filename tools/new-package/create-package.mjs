// `npm run new-package <name> ["summary"]`: a package in the shape that all have, from tools/new-package/template, and its place in
// the solution's references. What the template builds is small and works; its engine is to be replaced by yours.
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { npmCommand } from '../bootstrap/install.mjs';
import { runProgram } from '../bootstrap/program.mjs';
import { dependencyProgram, readManifest, repositoryRoot } from '../bootstrap/repository.mjs';
import { setUp } from '../bootstrap/set-up.mjs';
import { SetUpError } from '../bootstrap/set-up-error.mjs';
import { runStep } from '../bootstrap/step.mjs';

const TEMPLATE = fileURLToPath(new URL('template', import.meta.url));
const NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
/** Names that Nx or Vitest knows already, and one that every JavaScript object has: Nx then builds nothing any more. */
const TAKEN = ['tenstrip', 'examples', 'tools', 'constructor'];

/**
 * Makes the package, links it, and says what comes next.
 *
 * @param {readonly string[]} args
 */
export async function newPackage([name, summary]) {
  if (name === undefined) throw new SetUpError('Usage: npm run new-package <name> ["what it does, in a line"]');
  await setUp();
  const files = await createPackage(repositoryRoot, name, summary);
  await runStep({
    title: 'Linking the package (npm install)',
    ...npmCommand(['install', '--no-audit', '--no-fund']),
    cwd: repositoryRoot,
  });
  const next = [`npx nx test ${name}`, `npx nx bench ${name} --quick`, 'npm run check'];
  process.stdout.write(
    `${files.map((file) => `made ${file}\n`).join('')}\nNext:\n${next.map((line) => `  ${line}\n`).join('')}`,
  );
}

/**
 * Writes the package's files and its references; gives the files' names.
 *
 * @param {string} root
 * @param {string} name
 * @param {string} [summary]
 * @returns {Promise<string[]>}
 * @throws {SetUpError} for a name that is not kebab-case, longer than 64 or taken
 */
export async function createPackage(root, name, summary = `The ${name} engine of Tenstrip`) {
  const folder = join(root, 'packages', name);
  if (!NAME.test(name) || name.length > 64)
    throw new SetUpError(
      `"${name}" is no package name: at most 64 characters, lower-case words joined by "-", for example my-engine`,
    );
  if (TAKEN.includes(name)) throw new SetUpError(`the name ${name} is taken by the workspace: choose another`);
  if (existsSync(folder))
    throw new SetUpError(`packages/${name} exists already: choose another name, or delete it first`);
  const words = placeholders(root, name, summary);
  const made = templateFiles().map((template) => {
    const file = join(folder, relative(TEMPLATE, template).replace(/\.template$/, ''));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, fill(readFileSync(template, 'utf8'), words));
    return file;
  });
  const licence = join(folder, 'LICENSE');
  copyFileSync(join(repositoryRoot, 'LICENSE'), licence);
  made.push(licence);
  const changed = addReferences(root, name, String(words.suiteVersion));
  const biome = [dependencyProgram('@biomejs/biome', 'biome'), 'check', '--write', folder, ...changed];
  const { code, output } = await runProgram(process.execPath, biome, { cwd: root });
  if (code !== 0) throw new Error(`the template does not pass Biome:\n${output}`);
  return made.map((file) => relative(root, file));
}

function templateFiles() {
  return readdirSync(TEMPLATE, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.template'))
    .sort()
    .map((file) => join(TEMPLATE, file));
}

/**
 * @param {string} root
 * @param {string} name
 * @param {string} summary
 * @returns {Record<string, string>}
 */
function placeholders(root, name, summary) {
  const { version, dependencies } = readManifest(join(root, 'packages', 'shared-core'));
  return {
    name,
    camelName: name.replace(/-(.)/g, (_, letter) => letter.toUpperCase()),
    summary: summary.replace(/['"\\`\n]/g, '’'),
    suiteVersion: version,
    zodRange: dependencies?.zod ?? '^4.0.0',
  };
}

/**
 * @param {string} text
 * @param {Record<string, string>} words
 */
function fill(text, words) {
  return text.replace(/\{\{(\w+)\}\}/g, (_, key) => {
    const word = words[key];
    if (word === undefined) throw new Error(`the template has an unknown placeholder: ${key}`);
    return word;
  });
}

/**
 * Adds the package and its tests to the solution, and the package to what examples may import.
 *
 * @param {string} root
 * @param {string} name
 * @param {string} version
 */
function addReferences(root, name, version) {
  const solution = join(root, 'tsconfig.json');
  const examples = join(root, 'examples', 'tsconfig.json');
  editJson(solution, ({ references }) =>
    references.push({ path: `packages/${name}` }, { path: `packages/${name}/test` }),
  );
  editJson(examples, ({ references }) => references.push({ path: `../packages/${name}` }));
  const manifest = join(root, 'examples', 'package.json');
  editJson(manifest, (content) => {
    content.dependencies[`@tenstrip/${name}`] = version;
    content.dependencies = Object.fromEntries(Object.entries(content.dependencies).sort());
  });
  return [solution, examples, manifest];
}

/**
 * @param {string} file
 * @param {(content: { references: { path: string }[], dependencies: Record<string, string> }) => void} edit
 */
function editJson(file, edit) {
  const content = JSON.parse(readFileSync(file, 'utf8'));
  edit(content);
  writeFileSync(file, `${JSON.stringify(content, null, 2)}\n`);
}
