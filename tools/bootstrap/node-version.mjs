// Which Node.js releases can run the suite: those in which `require()` loads ES modules without a flag.
// Imported by every entry before anything else, so it keeps to syntax that old releases can parse.

/** The oldest release of each line that has `require(esm)` switched on. */
const OLDEST = [
  [20, 19],
  [22, 12],
];

/**
 * Says why this Node.js cannot run the suite, or nothing when it can.
 *
 * @param {string} version as in `process.versions.node`, for example `20.19.0`
 * @returns {string | undefined}
 */
export function nodeVersionProblem(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const line = OLDEST.find(([lineMajor]) => lineMajor === major);
  if (major > 22 || (line !== undefined && minor >= Number(line[1]))) return undefined;
  return (
    `Tenstrip needs Node.js 20.19 or newer (in the 22 line 22.12 or newer); this is ${version}.\n` +
    'Install a current release from https://nodejs.org or with your version manager (for example `nvm install 22`), then run the command again.'
  );
}

/** Ends the process with a clear message when this Node.js is too old. */
export function requireSupportedNode() {
  const problem = nodeVersionProblem(process.versions.node);
  if (problem === undefined) return;
  process.stderr.write(`${problem}\n`);
  process.exit(1);
}
