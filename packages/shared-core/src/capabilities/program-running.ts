// The `process` capability: running granted programs. No shell, an empty environment, an own process group that is
// killed as a whole, a deadline, and a bound on what is kept of the output.
import { spawn } from 'node:child_process';
import { constants as access, accessSync, realpathSync, statSync } from 'node:fs';
import { constants } from 'node:os';
import { basename, delimiter, dirname, join, resolve, sep } from 'node:path';
import { type CoreErrorCode, TenstripError } from '../errors/index.js';
import type { ProgramRunning, RunOptions } from './capability.js';
import { capabilityDenied, type Granted } from './capability-denied.js';

type RunResult = Awaited<ReturnType<ProgramRunning['run']>>;

/** Milliseconds that a program may run unless `deadlineMs` says otherwise. */
const defaultRunDeadlineMs = 30_000;
/** Bytes of standard output and error together unless `maxOutputBytes` says otherwise: 64 MiB. */
const defaultRunOutputBytes = 64 << 20;

/**
 * Running the `granted` programs, where `within` grants them too, by path or by a name that is looked up in PATH. A program is the place where it
 * stands: its folder is followed through links, its own name is not (one binary may be many programs by its name).
 */
export function openProgramRunning(granted: Granted, within?: ProgramRunning): ProgramRunning {
  return {
    run: async (program, args, options = {}) => {
      const place = findGranted(program, granted);
      checkArguments(args, granted);
      return within === undefined ? runChild(place, args, options) : within.run(place, args, options);
    },
  };
}

/** Where a granted program stands. @throws TenstripError `CapabilityDenied` */
function findGranted(program: string, granted: Granted): string {
  const attempted = `running ${JSON.stringify(program)}`;
  if (typeof program !== 'string' || program === '' || program.includes('\0')) {
    throw capabilityDenied('process', attempted, granted, 'a program is a path or a name');
  }
  const place = programPlace(program);
  const allowed = granted === true || (place !== undefined && granted.some((name) => programPlace(name) === place));
  if (!allowed) throw capabilityDenied('process', attempted, granted);
  if (place === undefined) throw capabilityDenied('process', attempted, granted, 'no such program was found in PATH');
  return place;
}

function programPlace(program: string): string | undefined {
  if (program.includes('/') || program.includes(sep)) return realPlace(resolve(program));
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  const found = folders.map((folder) => resolve(folder, program)).find(isExecutableFile);
  return found === undefined ? undefined : realPlace(found);
}

function realPlace(path: string): string | undefined {
  try {
    return join(realpathSync.native(dirname(path)), basename(path));
  } catch {
    return undefined;
  }
}

function isExecutableFile(path: string): boolean {
  try {
    accessSync(path, access.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function checkArguments(args: readonly string[], granted: Granted): void {
  const bad = args.find((argument) => typeof argument !== 'string' || argument.includes('\0'));
  if (bad === undefined) return;
  throw capabilityDenied('process', `the argument ${JSON.stringify(bad)}`, granted, 'an argument is text without NUL');
}

function runChild(program: string, args: readonly string[], options: RunOptions): Promise<RunResult> {
  const deadlineMs = options.deadlineMs ?? defaultRunDeadlineMs;
  const maxOutputBytes = options.maxOutputBytes ?? defaultRunOutputBytes;
  const { signal } = options;
  return new Promise((fulfil, reject) => {
    signal?.throwIfAborted();
    const child = spawn(program, args, { shell: false, env: {}, detached: true, stdio: 'pipe', windowsHide: true });
    const output: Record<'stdout' | 'stderr', Buffer[]> = { stdout: [], stderr: [] };
    let outputBytes = 0;
    let failure: unknown;
    const stop = (why: unknown) => {
      failure ??= why;
      killGroup(child.pid);
    };
    const onAbort = () => stop(signal?.reason);
    const timer = setTimeout(() => stop(overDeadline(program, deadlineMs)), deadlineMs);
    signal?.addEventListener('abort', onAbort, { once: true });
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].on('data', (chunk: Buffer) => {
        outputBytes += chunk.length;
        if (outputBytes > maxOutputBytes) stop(overOutput(program, maxOutputBytes));
        else output[name].push(chunk);
      });
    }
    // A program may end without reading its input: EPIPE is its choice.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
    child.on('error', (error) => {
      failure ??= error;
    });
    // What the program left behind in its group would hold the pipes open: it ends with the program.
    child.on('exit', () => killGroup(child.pid));
    child.on('close', (code, killedBy) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      if (failure !== undefined) return reject(failure);
      fulfil({
        code: exitCode(code, killedBy),
        stdout: Buffer.concat(output.stdout),
        stderr: Buffer.concat(output.stderr),
      });
    });
  });
}

/** Kills the program and all that it started in its group; on Windows, which has no groups, only the program. */
function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL');
  } catch {
    // It has ended already.
  }
}

/** The exit code; 128 + the signal's number when it was killed, as shells count. */
function exitCode(code: number | null, killedBy: NodeJS.Signals | null): number {
  return code ?? 128 + constants.signals[killedBy ?? 'SIGKILL'];
}

function overDeadline(program: string, deadlineMs: number): Error {
  return new TenstripError<CoreErrorCode>(
    'IsolateLimit',
    `process: ${JSON.stringify(program)} ran longer than ${deadlineMs} ms and was killed; raise deadlineMs or give it less`,
    { details: { limit: 'deadline', program, deadlineMs } },
  );
}

function overOutput(program: string, maxOutputBytes: number): Error {
  return new TenstripError<CoreErrorCode>(
    'IsolateLimit',
    `process: ${JSON.stringify(program)} wrote more than ${maxOutputBytes} bytes and was killed; raise maxOutputBytes`,
    { details: { limit: 'output', program, maxOutputBytes } },
  );
}
