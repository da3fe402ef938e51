// What a test needs of its machine. A test that cannot run says so by name, and `npm test` lists it with the reason:
//
//   const unshare = requireTool('unshare');
//   describe.skipIf(!unshare.available)('a process isolate', …);
//
// With CI=true a missing tool is an error; a missing corpus is always a skip.
import { appendFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { repositoryRoot } from './bootstrap/repository.mjs';
import { installLine, isInstalledTool, SYSTEM_PACKAGES } from './testing/system-packages.mjs';

/**
 * @typedef {object} Requirement
 * @property {boolean} available
 * @property {string} reason why it is not available and what to do; empty when it is
 */

/** @typedef {Requirement & { folder: string }} CorpusRequirement `folder` is where the corpus is, or would be */

/**
 * A program of the operating system, by a name that `tools/testing/system-packages.mjs` lists.
 *
 * @param {string} tool for example `unshare`
 * @returns {Requirement}
 * @throws {Error} when it is missing and `CI` is `true`
 */
export function requireTool(tool) {
  const home = SYSTEM_PACKAGES.find(({ tools }) => tools.includes(tool));
  if (home === undefined)
    throw new Error(`${tool} is not in the table of tools/testing/system-packages.mjs: add it there`);
  const reason = `the program ${tool} is missing: ${installLine([home])}`;
  if (isInstalledTool(tool)) return requirement(true, reason);
  if (process.env.CI === 'true') throw new Error(reason);
  return requirement(false, reason);
}

/** @returns {Requirement} that the tests run as root */
export function requireRoot() {
  return requirement(process.getuid?.() === 0, 'needs root: run `sudo -E npm test`');
}

/** @returns {Requirement} that this is the long run, `npm run test:full` */
export function requireFull() {
  return requirement(process.env.TENSTRIP_FULL === '1', 'the long version: npm run test:full');
}

/**
 * A folder of a public corpus, kept outside the repository.
 *
 * @param {string} name the folder's name inside the corpus folder, for example `fail2ban`
 * @param {string} [source] where it can be had
 * @returns {CorpusRequirement}
 */
export function requireCorpus(name, source = 'see CONTRIBUTING.md, "Corpora"') {
  const folder = join(corpusFolder(), name);
  const reason = `the corpus ${name} is not in ${corpusFolder()} (TENSTRIP_CORPUS_DIR); ${source}`;
  return { ...requirement(existsSync(folder), reason), folder };
}

function corpusFolder() {
  return process.env.TENSTRIP_CORPUS_DIR ?? join(repositoryRoot, '..', 'shared', 'data');
}

/**
 * Any other need, tried by the test itself.
 *
 * @param {boolean} available
 * @param {string} reason why the test is skipped when it is not, and what to do
 * @returns {Requirement}
 */
export function requirement(available, reason) {
  if (available) return { available, reason: '' };
  const report = process.env.TENSTRIP_SKIP_REPORT;
  if (report !== undefined) appendFileSync(report, `${JSON.stringify({ file: testFile(), reason })}\n`);
  return { available, reason };
}

/** The test file that asked, however deep below it the question was put; without one the file that called. */
function testFile() {
  const stack = [...(new Error().stack ?? '').matchAll(/(?:file:\/\/)?(\/[^\s():]+):\d+:\d+/g)].map(([, file]) => file);
  const self = fileURLToPath(import.meta.url);
  return stack.find((file) => /\.test\.\w+$/.test(String(file))) ?? stack.find((file) => file !== self) ?? 'unknown';
}
