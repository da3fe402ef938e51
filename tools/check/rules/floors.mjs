// Inside a package imports run down the floors that its package.json lists, and enter another module by its index alone.
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { workspacePackages } from '../../bootstrap/repository.mjs';
import { readSources } from '../imports.mjs';

/** @typedef {import('../finding.mjs').Finding} Finding */
/** @typedef {import('../imports.mjs').SourceFile} SourceFile */

/** @type {import('../finding.mjs').Rule} */
export const floors = {
  name: 'floors',
  summary: 'inside a package imports run down the floors of its package.json and enter another module by its index.js',
  async find(root) {
    const sources = readSources(root);
    return workspacePackages(root).flatMap(({ name, folder, manifest }) => {
      const list = manifest.tenstrip?.floors;
      const file = `packages/${name}/package.json`;
      if (list === undefined) {
        const advice =
          'List the folders and files of src, top first: "tenstrip": { "floors": [["index", "strip"], …] }.';
        return [{ file, message: 'the package lists no floors', advice }];
      }
      const floorOf = new Map(list.flatMap((modules, floor) => modules.map((module) => [module, floor])));
      const prefix = `packages/${name}/src/`;
      const own = sources.filter((source) => source.file.startsWith(prefix));
      return [
        ...homeless(join(folder, 'src'), floorOf, file),
        ...own.flatMap((source) => judge(source, prefix, floorOf)),
      ];
    });
  },
};

/**
 * Modules of src that are on no floor.
 *
 * @param {string} src
 * @param {Map<string, number>} floorOf
 * @param {string} file
 * @returns {Finding[]}
 */
function homeless(src, floorOf, file) {
  return readdirSync(src)
    .map((entry) => moduleOf(entry))
    .filter((module) => !floorOf.has(module))
    .map((module) => ({
      file,
      message: `src/${module} is on no floor`,
      advice: 'Add it to "tenstrip.floors" where it belongs.',
    }));
}

/**
 * @param {SourceFile} source
 * @param {string} prefix
 * @param {Map<string, number>} floorOf
 * @returns {Finding[]}
 */
function judge({ file, imports }, prefix, floorOf) {
  const own = moduleOf(file.slice(prefix.length));
  return imports.flatMap(({ target, specifier, line }) => {
    if (target === undefined || !target.startsWith(prefix)) return [];
    const path = target.slice(prefix.length);
    const other = moduleOf(path);
    if (other === own) return [];
    /** @type {Finding[]} */
    const findings = [];
    if (Number(floorOf.get(other)) < Number(floorOf.get(own))) {
      const advice = 'Move what is needed to a floor below both, or take it as a parameter.';
      findings.push({
        file,
        line,
        message: `${own} imports ${other}, which is on a floor above it (${specifier})`,
        advice,
      });
    }
    if (path.includes('/') && basename(path) !== 'index.ts') {
      const advice = `Import from '${other}/index.js', and export there what is meant for others.`;
      findings.push({ file, line, message: `reaches into the module ${other} (${specifier})`, advice });
    }
    return findings;
  });
}

/**
 * The top folder, or the file's name without its extension.
 *
 * @param {string} path below src
 */
function moduleOf(path) {
  return String(path.split('/')[0]).replace(/\.[a-z]+$/, '');
}
