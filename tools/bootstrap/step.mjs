// One step of the set-up: a child process whose output stays hidden while it goes well, and is shown when it fails.
// Progress goes to standard error, so that standard output belongs to the program that the set-up is for.
import { runProgram } from './program.mjs';
import { SetUpError } from './set-up-error.mjs';

/** Characters shown of a failed step: the end, where tools say what went wrong. */
const SHOWN_OUTPUT = 16_384;
const HEARTBEAT_MS = 15_000;

/**
 * @typedef {object} Step
 * @property {string} title shown while it runs, for example `Installing dependencies`
 * @property {string} command
 * @property {readonly string[]} args
 * @property {string} cwd
 * @property {NodeJS.ProcessEnv} [env]
 * @property {(output: string) => string} [explain] turns a failed step's output into what to do
 */

/**
 * Runs one step to its end and gives its output.
 *
 * @param {Step} step
 * @returns {Promise<string>}
 * @throws {SetUpError} when the command is missing or fails
 */
export async function runStep(step) {
  const progress = showProgress(step.title);
  try {
    const { code, output } = await runProgram(step.command, step.args, step);
    if (code === 0) {
      progress.end('done');
      return output;
    }
    progress.end('failed');
    throw new SetUpError(failure(step, code, output));
  } catch (error) {
    if (error instanceof SetUpError) throw error;
    progress.end('failed');
    throw new SetUpError(notStarted(step, error));
  }
}

/**
 * @param {Step} step
 * @param {number} code
 * @param {string} output
 */
function failure(step, code, output) {
  const line = `${step.title}: \`${[step.command, ...step.args].join(' ')}\` ended with code ${code}.`;
  const advice = step.explain?.(output) ?? '';
  return [output.slice(-SHOWN_OUTPUT).trimEnd(), line, advice].filter((part) => part !== '').join('\n');
}

/**
 * @param {Step} step
 * @param {unknown} error
 */
function notStarted(step, error) {
  const missing = /** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT';
  const reason = missing
    ? 'it is not installed or not on the PATH (npm comes with Node.js); install it, then run the command again'
    : String(error);
  return `${step.title}: could not start \`${step.command}\`: ${reason}.`;
}

/**
 * On a terminal one line that counts seconds; elsewhere a line at the start, one now and then, and one at the end.
 *
 * @param {string} title
 */
function showProgress(title) {
  const started = performance.now();
  const terminal = process.stderr.isTTY === true;
  const seconds = () => ((performance.now() - started) / 1000).toFixed(terminal ? 0 : 1);
  const write = (/** @type {string} */ text) => process.stderr.write(text);
  if (!terminal) write(`${title} …\n`);
  const timer = setInterval(
    () => write(terminal ? `\r${title} … ${seconds()} s` : `${title} … ${seconds()} s so far\n`),
    terminal ? 250 : HEARTBEAT_MS,
  );
  return {
    /** @param {'done' | 'failed'} outcome */
    end(outcome) {
      clearInterval(timer);
      write(`${terminal ? '\r' : ''}${title}: ${outcome} in ${seconds()} s\n`);
    },
  };
}
