// Installs locked dependencies with `npm ci`, once per lock file. What npm itself recorded in node_modules counts too:
// after a developer's `npm install` nothing is installed again.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runStep } from './step.mjs';

/** @typedef {{ version?: string, link?: boolean, resolved?: string, optional?: boolean }} LockedPackage */

const STAMP = join('node_modules', '.tenstrip', 'installed');

/**
 * Makes `node_modules` of a folder match its `package-lock.json`; does nothing when it already does.
 *
 * @param {string} folder
 * @param {string} title shown while npm runs
 */
export async function installDependencies(folder, title) {
  if (isInstalled(folder)) return;
  await runStep({
    title: `${title} (npm ci)`,
    ...npmCommand(['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']),
    cwd: folder,
    explain: explainFailure,
  });
  writeStamp(folder);
}

/**
 * Tells whether `node_modules` holds what the lock file names.
 *
 * @param {string} folder
 */
export function isInstalled(folder) {
  const stamp = join(folder, STAMP);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === stampOf(folder)) return true;
  if (!npmInstalledAll(folder)) return false;
  writeStamp(folder);
  return true;
}

/** @param {string} folder */
function writeStamp(folder) {
  const stamp = join(folder, STAMP);
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, stampOf(folder));
}

/** @param {string} folder */
function stampOf(folder) {
  const lock = createHash('sha256').update(readFileSync(join(folder, 'package-lock.json')));
  return `${lock.digest('hex')} ${process.platform}-${process.arch}\n`;
}

/**
 * Compares the lock file with `node_modules/.package-lock.json`, which npm writes as the last act of an install.
 *
 * @param {string} folder
 */
function npmInstalledAll(folder) {
  const record = join(folder, 'node_modules', '.package-lock.json');
  if (!existsSync(record)) return false;
  const installed = readLockedPackages(record);
  return Object.entries(readLockedPackages(join(folder, 'package-lock.json')))
    .filter(([path, locked]) => path.includes('node_modules/') && locked.optional !== true)
    .every(([path, locked]) => sameVersion(locked, installed[path]));
}

/**
 * @param {LockedPackage} locked
 * @param {LockedPackage | undefined} installed
 */
function sameVersion(locked, installed) {
  if (installed === undefined) return false;
  return locked.link === true ? installed.resolved === locked.resolved : installed.version === locked.version;
}

/**
 * @param {string} file
 * @returns {Record<string, LockedPackage>}
 */
function readLockedPackages(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages ?? {};
}

/**
 * The npm that started us where there is one, else the one on the path.
 *
 * @param {readonly string[]} args
 * @returns {{ command: string, args: string[] }}
 */
export function npmCommand(args) {
  const script = process.env.npm_execpath;
  if (script?.endsWith('npm-cli.js') === true && existsSync(script)) {
    return { command: process.execPath, args: [script, ...args] };
  }
  return { command: 'npm', args: [...args] };
}

/** What npm says when it fails, and what to do about it. */
const FAILURES = [
  {
    said: /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|network/i,
    advice:
      'npm could not reach its package registry. Check the network (behind a proxy: `npm config set proxy …`), then run the command again.',
  },
  {
    said: /EACCES|EPERM/,
    advice: 'npm may not write here. Check who owns this folder and the npm cache, then run the command again.',
  },
  { said: /ENOSPC/, advice: 'The disk is full. Free about 500 MB, then run the command again.' },
  {
    said: /EUSAGE|can only install/,
    advice: 'package.json and package-lock.json do not agree. Run `npm install` and commit the new package-lock.json.',
  },
];

/**
 * What to do about a failed install, from what npm said.
 *
 * @param {string} output
 */
export function explainFailure(output) {
  return FAILURES.find(({ said }) => said.test(output))?.advice ?? 'Run `npm ci` by hand to see all of its output.';
}
