// A copy of the repository to run things in: every file that git knows or would add, the builds, and the installed dependencies
// by a link. What runs there leaves the clone alone.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { repositoryRoot, workspacePackages } from '../bootstrap/repository.mjs';

/** @param {string} folder made by this; must not exist */
export function copyRepository(folder) {
  const list = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: repositoryRoot,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  const builds = workspacePackages(repositoryRoot).map(({ name }) => `packages/${name}/dist`);
  for (const file of [...list.split('\0').filter(Boolean), ...builds]) {
    if (!existsSync(join(repositoryRoot, file))) continue;
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(join(repositoryRoot, file), join(folder, file), { recursive: true });
  }
  symlinkSync(join(repositoryRoot, 'node_modules'), join(folder, 'node_modules'));
}
