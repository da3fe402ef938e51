// Every dependency's licence lets the suite be used and shipped under Apache-2.0. What is installed by users of the packages
// must be permissive; tools of the repository alone may also have a weak copyleft, since they are never shipped.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { workspacePackages } from '../../bootstrap/repository.mjs';

/** @typedef {{ version?: string, license?: unknown, licenses?: unknown, dev?: boolean, link?: boolean }} LockedPackage */

/** SPDX identifiers that ask for no more than a notice. */
const PERMISSIVE = new Set([
  ...['MIT', 'MIT-0', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD', 'ISC', 'BlueOak-1.0.0', 'Zlib'],
  ...['Unlicense', 'CC0-1.0', 'Python-2.0', 'WTFPL'],
]);

/** Fine for tools that are run and not shipped: weak copyleft, and licences of data and texts. */
const FOR_TOOLS = new Set([...PERMISSIVE, 'MPL-2.0', 'CC-BY-3.0', 'CC-BY-4.0']);

/** @type {import('../finding.mjs').Rule} */
export const licences = {
  name: 'licences',
  summary: 'every dependency’s licence is permissive (tools of the repository: permissive or weak copyleft)',
  async find(root) {
    const benches = workspacePackages(root).map(({ name }) => ({ folder: `packages/${name}/bench`, shipped: false }));
    return [{ folder: '.', shipped: true }, ...benches]
      .filter(({ folder }) => existsSync(join(root, folder, 'package-lock.json')))
      .flatMap(({ folder, shipped }) => judgeLock(root, folder, shipped));
  },
};

/**
 * @param {string} root
 * @param {string} folder
 * @param {boolean} shipped whether what is not a development dependency reaches users
 * @returns {import('../finding.mjs').Finding[]}
 */
function judgeLock(root, folder, shipped) {
  /** @type {Record<string, LockedPackage>} */
  const packages = JSON.parse(readFileSync(join(root, folder, 'package-lock.json'), 'utf8')).packages;
  return Object.entries(packages)
    .filter(([path, { link }]) => path.includes('node_modules/') && link !== true)
    .flatMap(([path, locked]) => {
      const licence = licenceOf(join(root, folder, path), locked);
      const production = shipped && locked.dev !== true;
      if (isAccepted(licence, production ? PERMISSIVE : FOR_TOOLS)) return [];
      const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
      return [
        {
          file: join(folder, 'package-lock.json'),
          message: `${name} ${locked.version ?? ''} (${production ? 'production' : 'development'}) has the licence ${licence}`,
          advice:
            'Replace the dependency, or, when the licence is fine, add it to the list in tools/check/rules/licences.mjs.',
        },
      ];
    });
}

/**
 * The licence as the lock file has it, else as the installed package states it.
 *
 * @param {string} folder
 * @param {LockedPackage} locked
 */
function licenceOf(folder, locked) {
  const manifest = join(folder, 'package.json');
  const stated = locked.license ?? (existsSync(manifest) ? readStated(manifest) : undefined);
  return typeof stated === 'string' ? stated : 'UNKNOWN';
}

/** @param {string} manifest */
function readStated(manifest) {
  const { license, licenses } = JSON.parse(readFileSync(manifest, 'utf8'));
  return license?.type ?? license ?? licenses?.map((/** @type {{ type: string }} */ { type }) => type).join(' OR ');
}

/**
 * Evaluates an SPDX expression: one side of an OR is enough, an AND needs both. `a OR b AND c` is `a OR (b AND c)`.
 *
 * @param {string} expression for example `(MIT OR GPL-3.0) AND BSD-2-Clause`
 * @param {ReadonlySet<string>} accepted
 * @returns {boolean}
 */
export function isAccepted(expression, accepted) {
  const tokens = expression.match(/[()]|[^\s()]+/g) ?? [];
  const either = () => {
    let value = both();
    while (tokens[0] === 'OR') {
      tokens.shift();
      value = both() || value;
    }
    return value;
  };
  const both = () => {
    let value = one();
    while (tokens[0] === 'AND') {
      tokens.shift();
      value = one() && value;
    }
    return value;
  };
  /** @returns {boolean} */
  const one = () => {
    const token = tokens.shift();
    if (token !== '(') return token !== undefined && accepted.has(token);
    const value = either();
    return tokens.shift() === ')' && value;
  };
  const value = either();
  return value && tokens.length === 0;
}
