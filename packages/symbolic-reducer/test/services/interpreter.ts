// One run of another program over all cases of a test: its answers, a line for each case.
import { spawnSync } from 'node:child_process';

/** Runs a program with this input and gives the lines of its output. */
export function linesFrom(program: string, args: readonly string[], input: string): string[] {
  const { status, stdout, stderr, error } = spawnSync(program, args, { input, encoding: 'utf8', maxBuffer: 1 << 28 });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${program} ended with ${status}: ${stderr.slice(0, 2_000)}`);
  return stdout.split('\n').filter((line) => line !== '');
}
