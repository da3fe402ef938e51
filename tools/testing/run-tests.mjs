// `npm test`: the whole set-up, then every suite, then a verdict. Arguments are Vitest's filters; `--full` runs the long versions.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dependencyProgram, repositoryRoot } from '../bootstrap/repository.mjs';
import { setUp } from '../bootstrap/set-up.mjs';
import { SetUpError } from '../bootstrap/set-up-error.mjs';
import { formatVerdict, judge } from './report.mjs';
import { installLine, provideSystemPackages } from './system-packages.mjs';

/** @typedef {import('./report.mjs').Verdict} Verdict */

/**
 * Runs the tests and gives the exit code.
 *
 * @param {readonly string[]} args
 */
export async function runTests(args) {
  const verdict = await verdictOf(args);
  process.stdout.write(`${formatVerdict(verdict, repositoryRoot)}\n`);
  return verdict.failed === 0 ? 0 : 1;
}

/**
 * @param {readonly string[]} args
 * @returns {Promise<Verdict>}
 */
async function verdictOf(args) {
  try {
    await setUp();
    const missing = await missingSystemPackages();
    const verdict = await runVitest(args);
    return { ...verdict, failed: verdict.failed + missing.length, problems: [...verdict.problems, ...missing] };
  } catch (error) {
    if (!(error instanceof SetUpError)) throw error;
    return { passed: 0, failed: 1, skipped: [], problems: [error.message] };
  }
}

/** System packages that could not be had: shown, and where CI=true each one is a failure. */
async function missingSystemPackages() {
  const missing = await provideSystemPackages();
  if (missing.length === 0) return [];
  const lines = missing.map(
    ({ debian, neededBy }) => `${debian} is missing (needed by ${neededBy}): ${installLine(missing)}`,
  );
  if (process.env.CI === 'true') return lines;
  process.stderr.write(`Some tests will be skipped:\n${lines.map((line) => `  ${line}\n`).join('')}`);
  return [];
}

/** @param {readonly string[]} args */
async function runVitest(args) {
  const folder = mkdtempSync(join(tmpdir(), 'tenstrip-test-'));
  const reportFile = join(folder, 'report.json');
  const skipFile = join(folder, 'skips.jsonl');
  const full = args.includes('--full');
  const options = [
    'run',
    '--config',
    'vitest.workspace.ts',
    '--reporter=dot',
    '--reporter=json',
    `--outputFile.json=${reportFile}`,
  ];
  try {
    const exitCode = await runInForeground(
      [dependencyProgram('vitest'), ...options, ...args.filter((arg) => arg !== '--full')],
      {
        ...process.env,
        ...(full ? { TENSTRIP_FULL: '1' } : {}),
        TENSTRIP_SKIP_REPORT: skipFile,
      },
    );
    const report = existsSync(reportFile) ? JSON.parse(readFileSync(reportFile, 'utf8')) : undefined;
    return judge(report, exitCode, existsSync(skipFile) ? readSkips(skipFile) : []);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * @param {string} file
 * @returns {import('./report.mjs').SkipReason[]}
 */
function readSkips(file) {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line));
}

/**
 * Runs Vitest on our own terminal; a signal that would end us is passed on, and we end after it.
 *
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<number>}
 */
function runInForeground(args, env) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: repositoryRoot, env, stdio: 'inherit' });
    for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']))
      process.on(signal, () => child.kill(signal));
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
}
