// Runs a program to its end and gives its code and what it printed; of long output only the end is kept.
import { spawn } from 'node:child_process';

/** Characters kept of each stream. */
const KEPT_OUTPUT = 4 * 1024 * 1024;

/** @typedef {{ code: number, stdout: string, output: string }} ProgramResult `output` has both streams, as they came */

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd: string, env?: NodeJS.ProcessEnv }} options
 * @returns {Promise<ProgramResult>} rejects when the program cannot be started
 */
export function runProgram(command, args, { cwd, env = process.env }) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (/** @type {string} */ chunk) => {
      stdout = (stdout + chunk).slice(-KEPT_OUTPUT);
      output = (output + chunk).slice(-KEPT_OUTPUT);
    });
    child.stderr.setEncoding('utf8').on('data', (/** @type {string} */ chunk) => {
      output = (output + chunk).slice(-KEPT_OUTPUT);
    });
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code: code ?? (signal === null ? 1 : 130), stdout, output }));
  });
}
