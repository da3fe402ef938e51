// The engine's side of a burner: a child that is started idle, written down, and then told to begin.

import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { TenstripError } from '@tenstrip/shared-core/errors';
import type { ChaosErrorCode } from '../errors/index.js';
import { type ProcessIdentity, readProcess } from '../lease/index.js';

/** The program of every burner, by which they are known among processes. */
export const burnerEntry = fileURLToPath(new URL('./burner-entry.js', import.meta.url));

/** A burner that is there and idle. */
export class Burner {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;
  readonly identity: ProcessIdentity;

  private constructor(
    child: ChildProcessByStdio<Writable, Readable, null>,
    lines: AsyncIterator<string>,
    identity: ProcessIdentity,
  ) {
    this.#child = child;
    this.#lines = lines;
    this.identity = identity;
  }

  /** Starts one that waits. @param folder the engine's, as an absolute path: it says whose the burner is */
  static async start(folder: string, words: readonly (string | number)[]): Promise<Burner> {
    const child = spawn(process.execPath, [burnerEntry, folder, ...words.map(String)], {
      cwd: '/',
      env: {},
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    child.on('error', () => {}); // Its output ends too.
    child.stdin.on('error', () => {});
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const { done } = await lines.next();
    const entry = readProcess(child.pid ?? 0);
    if (done === true || entry === undefined) throw notStarted();
    return new Burner(child, lines, { pid: entry.pid, startTime: entry.startTime });
  }

  /** Resolves when it burns. */
  async begin(): Promise<void> {
    this.#child.stdin.write('go\n');
    const { done } = await this.#lines.next();
    if (done === true) throw notStarted();
    this.#child.unref();
    (this.#child.stdin as Socket).unref();
    (this.#child.stdout as Socket).unref();
  }

  end(): void {
    this.#child.kill('SIGKILL');
  }
}

function notStarted(): TenstripError<ChaosErrorCode> {
  return new TenstripError('FaultUnsupported', 'a burner was started and ended at once; is the host out of memory?', {
    details: { missing: 'a child process that runs' },
    retryable: true,
  });
}
