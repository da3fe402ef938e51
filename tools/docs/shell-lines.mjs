// Which lines of a document's shell blocks a test runs, and which it only checks: those that would start the whole suite again, or
// that make sense on a reader's machine alone.

/** @typedef {{ pattern: RegExp, reason: string }} NotRun */

/** @type {readonly NotRun[]} */
const NOT_RUN = [
  { pattern: /^git clone\b|^cd\b/, reason: 'the test already stands in a copy of the repository' },
  { pattern: /^npm (install|i|ci)\b/, reason: 'the packing test installs the packages' },
  {
    pattern: /^(CI=true )?(npm (start|test|t)\b|\.ci\/run\b)/,
    reason: 'the test would start itself, or the main job, which has tests of its own',
  },
  { pattern: /^npm run [\w:-]+/, reason: 'each script has tests of its own; here only its name is checked' },
  { pattern: /^npx nx \w+/, reason: 'a package script by another name; here only package and target are checked' },
  { pattern: /^(sudo |apt-get )/, reason: 'it changes the reader’s machine' },
];

/**
 * The commands of a shell block: comments dropped, continued lines joined.
 *
 * @param {string} code
 */
export function commandsOf(code) {
  return code
    .replace(/\s*\\\n\s*/g, ' ')
    .split('\n')
    .map((line) =>
      line
        .replace(/^\$ /, '')
        .replace(/\s+#\s.*$/, '')
        .trim(),
    )
    .filter((line) => line !== '' && !line.startsWith('#'));
}

/**
 * Splits commands into those to run and those to check only.
 *
 * @param {string} code
 */
export function splitCommands(code) {
  const commands = commandsOf(code);
  const isChecked = (/** @type {string} */ command) => NOT_RUN.some(({ pattern }) => pattern.test(command));
  return { run: commands.filter((command) => !isChecked(command)), check: commands.filter(isChecked) };
}

/**
 * What is wrong with a command that is not run, as far as the repository can tell.
 *
 * @param {string} command
 * @param {{ scripts: Record<string, string>, targets: Record<string, Record<string, string>> }} repository the root's scripts,
 *   and each package's by the package's name
 * @returns {string | undefined}
 */
export function commandProblem(command, { scripts, targets }) {
  const script = /^npm run ([\w:-]+)/.exec(command)?.[1];
  if (script !== undefined && !(script in scripts)) return `package.json has no script named ${script}`;
  const [, target, packageName] = /^npx nx (\w+) ([\w-]+)/.exec(command) ?? [];
  if (target === undefined || packageName === undefined || packageName.startsWith('-')) return undefined;
  if (targets[packageName] === undefined) return `no package is named ${packageName}`;
  return target in targets[packageName] ? undefined : `${packageName} has no script named ${target}`;
}
