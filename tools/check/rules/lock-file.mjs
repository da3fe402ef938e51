// Every lock file is whole, so that `npm ci` accepts it on any platform.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { workspacePackages } from '../../bootstrap/repository.mjs';
import { missingOptionalPackages } from '../../lock-file/platform-packages.mjs';

/** @type {import('../finding.mjs').Rule} */
export const lockFile = {
  name: 'lock-file',
  summary: 'lock files name every optional dependency, so that npm ci accepts them',
  async find(root) {
    const folders = ['.', ...workspacePackages(root).map(({ name }) => `packages/${name}/bench`)];
    return folders
      .filter((folder) => existsSync(join(root, folder, 'package-lock.json')))
      .flatMap((folder) => {
        const { packages } = JSON.parse(readFileSync(join(root, folder, 'package-lock.json'), 'utf8'));
        return missingOptionalPackages(packages).map(({ name, parent }) => ({
          file: join(folder, 'package-lock.json'),
          message: `${name}, an optional dependency of ${parent || 'the root'}, has no entry: npm ci will refuse the file`,
          advice: `Run \`npm run complete-lock -- ${folder}\`.`,
        }));
      });
  },
};
