// Processes as Linux tells of them in /proc/PID/stat (proc(5)). A pid alone names nobody: its number is used again. A pid with
// the time at which it started does. Node's built-in modules only: the reaper reads this too.

import { readdirSync, readFileSync } from 'node:fs';

/** A process, pinned against reuse of its number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks from boot to its start. */
  readonly startTime: number;
}

/** What the kernel says of a process. */
export interface ProcessEntry extends ProcessIdentity {
  readonly parent: number;
  /** `R`, `S`, `D`, `T` (stopped), `t` (traced), `Z` (zombie) and rarer ones. */
  readonly state: string;
  /** The program's name, at most 15 bytes. */
  readonly name: string;
}

/** One process, or `undefined` when it is gone. */
export function readProcess(pid: number): ProcessEntry | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined;
  }
  // The name stands in brackets and may hold brackets and blanks itself.
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')');
  const fields = text.slice(close + 2).split(' ');
  const [state = '', parent = ''] = fields;
  return {
    pid,
    startTime: Number(fields[19]),
    parent: Number(parent),
    state,
    name: text.slice(open + 1, close),
  };
}

/** Every process that this one may see. */
export function readProcesses(): ProcessEntry[] {
  return readdirSync('/proc').flatMap((name) => {
    const entry = /^\d+$/.test(name) ? readProcess(Number(name)) : undefined;
    return entry === undefined ? [] : [entry];
  });
}

/** The words of its command line; none for a kernel thread, a zombie, or one that is gone. */
export function commandLineOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
  } catch {
    return [];
  }
}

/** Whether exactly this process still runs; a zombie does not. */
export function isRunning({ pid, startTime }: ProcessIdentity): boolean {
  const entry = readProcess(pid);
  return entry !== undefined && entry.startTime === startTime && entry.state !== 'Z' && entry.state !== 'X';
}
