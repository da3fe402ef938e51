// `npm run bench [-- package…] [--quick] [--only text] [--strict]`: runs benchmark files, each in a fresh process, shows the tables,
// and after a whole run of a package rewrites its section of docs/benchmarks.md and its file in docs/benchmarks/.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { installDependencies } from '../bootstrap/install.mjs';
import { repositoryRoot, workspacePackages } from '../bootstrap/repository.mjs';
import { setUp } from '../bootstrap/set-up.mjs';
import { SetUpError } from '../bootstrap/set-up-error.mjs';
import { runFileProcess } from './file-process.mjs';
import { markdownSection, replaceSection, rowAsData, terminalTable } from './table.mjs';

/** @typedef {import('./measure.mjs').Row} Row */
/** @typedef {import('../bootstrap/repository.mjs').WorkspacePackage} WorkspacePackage */
/** @typedef {{ packages: string[], quick: boolean, only: string | undefined, strict: boolean }} BenchOptions */

/**
 * Runs what the arguments ask for; gives the exit code: 1 when results differed or a file failed (with `--strict` also when a
 * target was missed).
 *
 * @param {string[]} args
 */
export async function runBenchmarks(args) {
  const options = parseOptions(args);
  const packages = choosePackages(workspacePackages(repositoryRoot), options.packages);
  await setUp();
  let bad = false;
  let measured = 0;
  for (const { name, folder } of packages) {
    await installPeers(name, folder);
    const rows = await benchPackage(join(folder, 'bench'), options);
    measured += rows.length;
    process.stdout.write(`\n${name}\n${terminalTable(rows)}\n${formatErrors(rows)}`);
    const failed = rows.some((row) => 'error' in row);
    bad ||= failed || (options.strict && rows.some((row) => 'holds' in row && row.holds === false));
    if (options.quick || options.only !== undefined)
      process.stdout.write('A partial run: docs/benchmarks.md stays as it is.\n');
    else if (failed) process.stdout.write('A failed run: docs/benchmarks.md stays as it is.\n');
    else record(repositoryRoot, name, rows);
  }
  refuseNothing(options.only, measured);
  return bad ? 1 : 0;
}

/**
 * @param {string | undefined} only
 * @param {number} measured how many workloads were run
 * @throws {SetUpError} when `only` chose none: a misspelt name must not look like a run that went well
 */
export function refuseNothing(only, measured) {
  if (only === undefined || measured > 0) return;
  throw new SetUpError(`No workload's name contains ${JSON.stringify(only)}; without --only all are run and shown.`);
}

/**
 * @param {string[]} args
 * @returns {BenchOptions}
 * @throws {SetUpError} for an unknown option
 */
export function parseOptions(args) {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { quick: { type: 'boolean' }, only: { type: 'string' }, strict: { type: 'boolean' } },
    });
    return { packages: positionals, quick: values.quick === true, only: values.only, strict: values.strict === true };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SetUpError(`${reason}\nUsage: npm run bench -- [package…] [--quick] [--only text] [--strict]`);
  }
}

/**
 * The named packages, or all that have benchmarks.
 *
 * @param {readonly WorkspacePackage[]} packages
 * @param {readonly string[]} names
 * @throws {SetUpError} for a name that no package has
 */
export function choosePackages(packages, names) {
  const withBenchmarks = packages.filter(({ folder }) => benchmarkFiles(join(folder, 'bench')).length > 0);
  const unknown = names.filter((name) => !packages.some((candidate) => candidate.name === name));
  if (unknown.length > 0) {
    const known = withBenchmarks.map(({ name }) => name).join(', ');
    throw new SetUpError(
      `No package is named ${unknown.join(', ')}. Packages with benchmarks: ${known || 'none yet'}.`,
    );
  }
  return names.length === 0 ? withBenchmarks : withBenchmarks.filter(({ name }) => names.includes(name));
}

/** @param {string} folder */
function benchmarkFiles(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.bench.mjs'))
    .sort()
    .map((name) => join(folder, name));
}

/**
 * Peers are no dependencies of ours: they live in the benchmark folder's own `node_modules`. Without them the benchmarks run too.
 *
 * @param {string} name
 * @param {string} folder
 */
async function installPeers(name, folder) {
  const bench = join(folder, 'bench');
  if (!existsSync(join(bench, 'package-lock.json'))) return;
  try {
    await installDependencies(bench, `Installing the peers of ${name}`);
  } catch (error) {
    if (!(error instanceof SetUpError)) throw error;
    process.stderr.write(`${error.message}\nThe peers of ${name} will be listed as absent.\n`);
  }
}

/**
 * @param {string} folder
 * @param {BenchOptions} options
 */
async function benchPackage(folder, { quick, only }) {
  /** @type {Row[]} */
  const rows = [];
  for (const file of benchmarkFiles(folder)) {
    try {
      await runFileProcess({ file, quick, only }, (message) => {
        if ('begin' in message) process.stderr.write(`${message.begin} …\n`);
        if ('row' in message) rows.push(message.row);
      });
    } catch (error) {
      rows.push({ workload: file.slice(repositoryRoot.length + 1), size: 'the whole file', error: String(error) });
    }
  }
  return rows;
}

/** @param {readonly Row[]} rows */
function formatErrors(rows) {
  return rows.map((row) => ('error' in row ? `\n${row.workload}, ${row.size}:\n${row.error}\n` : '')).join('');
}

/**
 * Keeps a package's rows in docs/.
 *
 * @param {string} root
 * @param {string} packageName
 * @param {readonly Row[]} rows
 */
export function record(root, packageName, rows) {
  const data = join(root, 'docs', 'benchmarks');
  mkdirSync(data, { recursive: true });
  writeFileSync(join(data, `${packageName}.json`), `${JSON.stringify(rows.map(rowAsData), null, 2)}\n`);
  const document = join(root, 'docs', 'benchmarks.md');
  const before = existsSync(document) ? readFileSync(document, 'utf8') : '';
  writeFileSync(document, replaceSection(before, packageName, markdownSection(packageName, rows, conditions())));
}

/** @returns {import('./table.mjs').RunConditions} */
function conditions() {
  const processors = cpus();
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: `${processors[0]?.model.trim() ?? 'unknown processor'}, ${processors.length} cores, ${memory}`,
    versions: `${type()} ${release()}, Node.js ${process.versions.node}`,
  };
}
