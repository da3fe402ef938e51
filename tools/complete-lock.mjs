// `npm run complete-lock [-- folder…]`: adds the other platforms' packages that npm left out of package-lock.json.
// To be run after an `npm install` that `npm run check` (rule `lock-file`) complained about.
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { repositoryRoot } from './bootstrap/repository.mjs';
import { runEntry, SetUpError } from './bootstrap/set-up-error.mjs';
import { completePlatformPackages } from './lock-file/platform-packages.mjs';

const folders = process.argv.length > 2 ? process.argv.slice(2) : [repositoryRoot];
await runEntry(async () => {
  const complete = folders.map((folder) => completeLock(join(resolve(folder), 'package-lock.json')));
  return complete.every(Boolean) ? 0 : 1;
});

/**
 * Completes one lock file; whether nothing is missing any more.
 *
 * @param {string} file
 */
function completeLock(file) {
  const lock = readLock(file);
  const { added, unknown } = completePlatformPackages(lock.packages);
  if (added.length > 0) writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
  console.log(`${file}: ${added.length} added`);
  if (unknown.length > 0)
    console.error(`Not added, since the name or version does not say the platform: ${unknown.join(', ')}`);
  return unknown.length === 0;
}

/** @param {string} file */
function readLock(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new SetUpError(
      `${file} cannot be read: ${error instanceof Error ? error.message : error}\nUsage: npm run complete-lock [-- folder…]`,
    );
  }
}
