// Kills a process while it writes files: as soon as it changes something in a folder, and a moment later.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { watch } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * Runs a program of Node until `afterMs` after its first change in `folder`, where SIGKILL ends it.
 *
 * @param {URL} program
 * @param {{ folder: string, args: readonly string[], afterMs: number }} how
 */
export async function killWhileWriting(program, { folder, args, afterMs }) {
  const watcher = watch(folder);
  const changed = once(watcher, 'change');
  const child = spawn(process.execPath, [fileURLToPath(program), ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
  const gone = once(child, 'exit');
  try {
    await Promise.race([changed, gone]);
    const startMs = performance.now();
    while (performance.now() - startMs < afterMs); // a timer's moments are a millisecond apart
    if (!child.kill('SIGKILL')) throw new Error(`${fileURLToPath(program)} ended before it was killed`);
    await gone;
  } finally {
    watcher.close();
    child.kill('SIGKILL');
  }
}
