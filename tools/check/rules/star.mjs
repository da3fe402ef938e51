// The packages form a star: each imports the ground floor and no other package; nobody reaches into another's files.
import { workspacePackages } from '../../bootstrap/repository.mjs';
import { readSources } from '../imports.mjs';

/** @typedef {import('../finding.mjs').Finding} Finding */
/** @typedef {import('../imports.mjs').Import} Import */

const GROUND_FLOOR = 'shared-core';

/** @type {import('../finding.mjs').Rule} */
export const star = {
  name: 'star',
  summary: `packages import @tenstrip/${GROUND_FLOOR} and no other package of ours; nobody reaches into another’s files`,
  async find(root) {
    const ofImports = readSources(root).flatMap(({ file, imports }) =>
      imports.flatMap((item) => judgeImport(file, item).map((finding) => ({ file, line: item.line, ...finding }))),
    );
    return [...ofImports, ...workspacePackages(root).flatMap(judgeManifest)];
  },
};

/**
 * @param {string} file
 * @param {Import} item
 * @returns {{ message: string, advice: string }[]}
 */
function judgeImport(file, { specifier, target }) {
  const importer = packageOf(file);
  const named = /^@tenstrip\/([^/]+)(\/.*)?$/.exec(specifier);
  if (named !== null) return judgeNamed(importer, specifier, String(named[1]), named[2]);
  if (target === undefined) return [];
  const reached = packageOf(target);
  if (reached !== undefined && reached !== importer) {
    return [
      {
        message: `reaches into packages/${reached} by path (${specifier})`,
        advice: `Import from '@tenstrip/${reached}'.`,
      },
    ];
  }
  if (/^packages\/[^/]+\/src\//.test(file) && !target.startsWith(`packages/${importer}/src/`)) {
    return [
      {
        message: `leaves src (${specifier}), so the published package would lack it`,
        advice: 'Move what is needed into src.',
      },
    ];
  }
  return [];
}

/**
 * @param {string | undefined} importer
 * @param {string} specifier
 * @param {string} imported
 * @param {string | undefined} subpath
 */
function judgeNamed(importer, specifier, imported, subpath) {
  if (subpath !== undefined && /^\/(src|dist|test)\b/.test(subpath)) {
    return [
      {
        message: `reaches into the files of @tenstrip/${imported} (${specifier})`,
        advice: 'Import one of the package’s exports.',
      },
    ];
  }
  if (importer === undefined || importer === imported || isAllowed(importer, imported)) return [];
  const advice =
    importer === GROUND_FLOOR
      ? 'The ground floor imports no package of ours: move the code down, or turn the dependency around.'
      : `Declare the interface that is wanted here and let the user join the two, or move what both need into ${GROUND_FLOOR}.`;
  return [{ message: `packages/${importer} imports @tenstrip/${imported}`, advice }];
}

/**
 * @param {import('../../bootstrap/repository.mjs').WorkspacePackage} workspacePackage
 * @returns {Finding[]}
 */
function judgeManifest({ name, manifest }) {
  return Object.keys({ ...manifest.dependencies, ...manifest.devDependencies })
    .filter(
      (dependency) => dependency.startsWith('@tenstrip/') && !isAllowed(name, dependency.slice('@tenstrip/'.length)),
    )
    .map((dependency) => ({
      file: `packages/${name}/package.json`,
      message: `packages/${name} depends on ${dependency}`,
      advice: `A package depends on @tenstrip/${GROUND_FLOOR} at most: take the dependency out.`,
    }));
}

/**
 * @param {string} importer
 * @param {string} imported
 */
function isAllowed(importer, imported) {
  return importer !== GROUND_FLOOR && imported === GROUND_FLOOR;
}

/** @param {string} file */
function packageOf(file) {
  return /^packages\/([^/]+)\//.exec(file)?.[1];
}
