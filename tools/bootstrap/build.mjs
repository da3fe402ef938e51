// Builds every package with Nx, unless nothing changed since. Nx has its own cache; the stamp spares its start (1.5 s).
// The stamp covers the sources and the compiler's own record of what it wrote, so a build by hand makes it invalid.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { dependencyProgram, repositoryRoot, workspacePackages } from './repository.mjs';
import { runStep } from './step.mjs';

const STAMP = join('node_modules', '.tenstrip', 'built');

/** Makes every package's `dist` match its sources. */
export async function buildPackages() {
  const stamp = join(repositoryRoot, STAMP);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === buildDigest(repositoryRoot)) return;
  await runStep({
    title: 'Building the packages (nx run-many --target=build)',
    command: process.execPath,
    args: [dependencyProgram('nx'), 'run-many', '--target=build', '--output-style=static'],
    cwd: repositoryRoot,
    explain: () => 'The sources do not compile. `npm run build` shows the same errors again.',
  });
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, buildDigest(repositoryRoot));
}

/**
 * A digest of all that decides what a build gives, and of what the last build gave.
 *
 * @param {string} root
 */
export function buildDigest(root) {
  const hash = createHash('sha256');
  for (const file of buildFiles(root)) {
    hash.update(file.slice(root.length)).update('\0');
    hash.update(existsSync(file) ? readFileSync(file) : 'absent').update('\0');
  }
  return hash.digest('hex');
}

/** @param {string} root */
function buildFiles(root) {
  const ofPackage = workspacePackages(root).flatMap(({ folder }) => [
    join(folder, 'package.json'),
    join(folder, 'tsconfig.json'),
    join(folder, 'dist', '.tsbuildinfo'),
    join(folder, 'dist', 'index.js'),
    ...filesUnder(join(folder, 'src')),
  ]);
  return [join(root, 'package-lock.json'), join(root, 'tsconfig.base.json'), ...ofPackage];
}

/** @param {string} folder */
function filesUnder(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
