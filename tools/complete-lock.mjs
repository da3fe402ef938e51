// `npm run complete-lock [-- folder…]`: adds the other platforms' packages that npm left out of package-lock.json.
// To be run after an `npm install` that `npm run check` (rule `lock-file`) complained about.
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { repositoryRoot } from './bootstrap/repository.mjs';
import { completePlatformPackages } from './lock-file/platform-packages.mjs';

const folders = process.argv.length > 2 ? process.argv.slice(2) : [repositoryRoot];
for (const folder of folders) {
  const file = join(resolve(folder), 'package-lock.json');
  const lock = JSON.parse(readFileSync(file, 'utf8'));
  const { added, unknown } = completePlatformPackages(lock.packages);
  if (added.length > 0) writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
  console.log(`${file}: ${added.length} added`);
  if (unknown.length > 0) {
    console.error(`Not added, since the name or version does not say the platform: ${unknown.join(', ')}`);
    process.exitCode = 1;
  }
}
