// Running programs: arguments as a list and never a shell, a time limit for each, output kept only where it is wanted.
import { spawn } from 'node:child_process';

/**
 * @typedef {object} RunOptions
 * @property {string} [input] what the program reads on its standard input
 * @property {number} [timeoutSeconds] when it is ended by SIGTERM; default 120
 * @property {string} [cwd]
 * @property {Record<string, string>} [env]
 */
/**
 * @typedef {object} RunResult
 * @property {number} code exit code; 128 for a program ended by a signal
 * @property {string} output its standard output and error, the last 64 KiB
 */

const OUTPUT_LIMIT = 1 << 16;

/** What every program of the lab sees: nothing of the caller's own environment. */
const ENVIRONMENT = {
  PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/run/lab/work',
  LANG: 'C.UTF-8',
  TERM: 'dumb',
  TZ: 'UTC',
};

/**
 * Runs a program to its end, or to its time limit.
 * @param {readonly string[]} command
 * @param {RunOptions} [options]
 * @returns {Promise<RunResult>}
 */
export function run(command, options = {}) {
  const [program, ...args] = command;
  if (program === undefined) throw new Error('an empty command');
  const child = spawn(program, args, {
    cwd: options.cwd ?? '/run',
    env: { ...ENVIRONMENT, ...options.env },
    timeout: (options.timeoutSeconds ?? 120) * 1000,
  });
  let output = '';
  const keep = (/** @type {Buffer} */ bytes) => {
    output = (output + bytes.toString('latin1')).slice(-OUTPUT_LIMIT);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  child.stdin.on('error', () => {}); // a program that ends before it read its input is not our failure
  child.stdin.end(options.input ?? '');
  return new Promise((done, fail) => {
    child.once('error', fail);
    child.once('close', (code) => done({ code: code ?? 128, output }));
  });
}

/**
 * Runs a program that has to succeed.
 * @param {readonly string[]} command
 * @param {RunOptions} [options]
 */
export async function must(command, options) {
  const { code, output } = await run(command, options);
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}: ${output.trim()}`);
}

/**
 * Starts a server that stays; the process namespace ends it with the lab at the latest.
 * @param {readonly string[]} command
 */
export function serve(command) {
  const [program, ...args] = command;
  if (program === undefined) throw new Error('an empty command');
  return spawn(program, args, { cwd: '/run', env: ENVIRONMENT, stdio: ['ignore', 'inherit', 'inherit'] });
}

/** @param {number} seconds */
export function pause(seconds) {
  return new Promise((done) => setTimeout(done, seconds * 1000));
}
