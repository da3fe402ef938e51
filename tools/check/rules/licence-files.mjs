// Each package carries the licence's text, as Apache-2.0 §4 asks of what is given to others: npm packs a file named LICENSE.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { workspacePackages } from '../../bootstrap/repository.mjs';

/** @type {import('../finding.mjs').Rule} */
export const licenceFiles = {
  name: 'licence-files',
  summary: 'every package has a LICENSE that is the repository’s',
  async find(root) {
    const text = readFileSync(join(root, 'LICENSE'), 'utf8');
    return workspacePackages(root).flatMap(({ name }) => {
      const file = `packages/${name}/LICENSE`;
      const found = existsSync(join(root, file)) ? readFileSync(join(root, file), 'utf8') : undefined;
      if (found === text) return [];
      const message = found === undefined ? 'the package has no LICENSE' : 'differs from the repository’s LICENSE';
      return [{ file, message, advice: `cp LICENSE ${file}` }];
    });
  },
};
