// Where things are: the repository's folder, its packages, and the programs of installed dependencies.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's folder, without a slash at the end. */
export const repositoryRoot = fileURLToPath(new URL('../../', import.meta.url)).slice(0, -1);

/**
 * A package's manifest, as far as the tools read it.
 *
 * @typedef {object} Manifest
 * @property {string} name
 * @property {string} version
 * @property {boolean} [private]
 * @property {string} [license]
 * @property {string | Record<string, string>} [bin]
 * @property {Record<string, unknown>} [exports]
 * @property {Record<string, string>} [scripts]
 * @property {Record<string, string>} [dependencies]
 * @property {Record<string, string>} [devDependencies]
 * @property {{ floors?: string[][] }} [tenstrip]
 */

/** @typedef {{ name: string, folder: string, manifest: Manifest }} WorkspacePackage `name` is the folder's name, `folder` its path */

/**
 * The suite's packages, by name.
 *
 * @param {string} root
 * @returns {WorkspacePackage[]}
 */
export function workspacePackages(root) {
  const parent = join(root, 'packages');
  if (!existsSync(parent)) return [];
  return readdirSync(parent)
    .filter((name) => existsSync(join(parent, name, 'package.json')))
    .sort()
    .map((name) => ({ name, folder: join(parent, name), manifest: readManifest(join(parent, name)) }));
}

/**
 * @param {string} folder
 * @returns {Manifest}
 */
export function readManifest(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}

/**
 * The file of an installed dependency's program, to be run by `process.execPath`.
 *
 * @param {string} dependency
 * @param {string} [program] the program's name where the dependency has several
 */
export function dependencyProgram(dependency, program = dependency) {
  const folder = join(repositoryRoot, 'node_modules', dependency);
  const { bin } = readManifest(folder);
  const file = typeof bin === 'string' ? bin : bin?.[program];
  if (file === undefined) throw new Error(`${dependency} has no program named ${program}`);
  return join(folder, file);
}
