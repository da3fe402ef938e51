// Nothing lies about: knip finds no unused file, export or dependency, and none that is used without being declared.

import { runProgram } from '../../bootstrap/program.mjs';
import { dependencyProgram } from '../../bootstrap/repository.mjs';

/** What knip's kinds of issue mean, and what to do about each. */
const KINDS = {
  files: ['no file imports', 'Delete it, or import it from where it is needed.'],
  dependencies: ['nothing uses the dependency', 'Uninstall it.'],
  devDependencies: ['nothing uses the development dependency', 'Uninstall it.'],
  unlisted: ['is used and not declared in package.json', 'Install it in this workspace.'],
  unresolved: ['cannot be resolved', 'Correct the path.'],
  exports: ['no other file uses the export', 'Take the `export` away, or delete it.'],
  types: ['no other file uses the exported type', 'Take the `export` away, or delete it.'],
  duplicates: ['is exported twice', 'Keep one of the names.'],
  binaries: ['is run and not declared in package.json', 'Install what provides it.'],
};

/** @type {import('../finding.mjs').Rule} */
export const unused = {
  name: 'unused',
  summary: 'knip finds no unused file, export or dependency',
  async find(root) {
    const args = [dependencyProgram('knip'), '--no-config-hints', '--no-progress', '--reporter', 'json'];
    const { code, stdout, output } = await runProgram(process.execPath, args, { cwd: root });
    if (code > 1 || !stdout.startsWith('{')) {
      return [{ file: 'knip.jsonc', message: output.trim(), advice: 'knip could not run: correct what it names.' }];
    }
    /** @type {{ file: string, [kind: string]: unknown }[]} */
    const issues = JSON.parse(stdout).issues;
    return issues.flatMap((issue) =>
      Object.entries(KINDS).flatMap(([kind, [meaning, advice]]) =>
        namesIn(issue[kind]).map(({ name, line }) => ({
          file: issue.file,
          ...(line === undefined ? {} : { line }),
          message: kind === 'files' ? `${meaning} this` : `${name}: ${meaning}`,
          advice: String(advice),
        })),
      ),
    );
  },
};

/**
 * @param {unknown} list of names, or of lists of them
 * @returns {{ name: string, line?: number }[]}
 */
function namesIn(list) {
  return Array.isArray(list) ? list.flat() : [];
}
