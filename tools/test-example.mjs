// Runs an example as a reader does, by ts-node from the repository's root, and gives what it printed.
import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';

const repository = resolve(import.meta.dirname, '..');

/**
 * The lines that `examples/<example>.ts` prints; rejects when it fails.
 *
 * @param {string} example
 * @param {NodeJS.ProcessEnv} [env]
 */
export async function linesOfExample(example, env = process.env) {
  const tsNode = resolve(repository, 'node_modules/ts-node/dist/bin.js');
  const args = [tsNode, `examples/${example}.ts`];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: repository, env });
  return stdout.trimEnd().split('\n');
}
