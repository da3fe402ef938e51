// Does what undo records say. Doing it twice, or when the fault was never applied, changes nothing and is no error. Node's
// built-in modules only: the reaper runs this when the engine is gone.

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { isRunning } from './process-table.js';
import { callToxiproxy } from './toxiproxy-api.js';
import type { UndoRecord } from './undo-record.js';

const timeoutMs = 10_000;

/** Undoes the steps of one fault, the last first. Rejects with what the first that did not work said; the others are done. */
export async function undoAll(records: readonly UndoRecord[]): Promise<void> {
  const problems: unknown[] = [];
  for (const record of records.toReversed()) {
    await undo(record).catch((problem: unknown) => problems.push(problem));
  }
  if (problems.length > 0) throw problems[0];
}

/** Those of a fault that others were told to do, and may still do after whoever told them is gone. Signals are done at once. */
export function lateRecords(records: readonly UndoRecord[]): UndoRecord[] {
  return records.filter(({ kind }) => kind !== 'sigcont' && kind !== 'kill-own-child');
}

async function undo(record: UndoRecord): Promise<void> {
  switch (record.kind) {
    case 'sigcont':
      return signal(record, 'SIGCONT');
    case 'kill-own-child':
      return signal(record, 'SIGKILL');
    case 'nft-table':
      return removeTable(record.table, record.namespace);
    case 'proxy-toxic':
      return askProxy(record.api, 'DELETE', ['proxies', record.proxy, 'toxics', record.toxic]);
    case 'proxy-enable':
      return askProxy(record.api, 'POST', ['proxies', record.proxy], { enabled: true });
  }
}

function signal(target: { pid: number; startTime: number }, name: 'SIGCONT' | 'SIGKILL'): void {
  if (!isRunning(target)) return;
  try {
    process.kill(target.pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** One transaction that works whether the table is there or not. */
function removeTable(table: string, namespace: string): Promise<void> {
  if (namespace !== '' && !existsSync(namespaceFile(namespace))) return Promise.resolve();
  return runNft(`add table inet ${table}\ndelete table inet ${table}\n`, namespace).then(() => undefined);
}

/** Where ip-netns(8) keeps a network namespace. */
export function namespaceFile(namespace: string): string {
  return `/run/netns/${namespace}`;
}

/** The words that run a program inside a network namespace. */
export function insideNamespace(namespace: string, command: readonly [string, ...string[]]): [string, ...string[]] {
  return namespace === '' ? [...command] : ['nsenter', `--net=${namespaceFile(namespace)}`, '--', ...command];
}

/** Gives nft a script, which the kernel takes whole or not at all. @throws Error with what nft said */
export function runNft(script: string, namespace: string): Promise<string> {
  return runProgram(insideNamespace(namespace, ['nft', '-f', '-']), script);
}

/** Runs a program to its end; standard output, at most 8 MiB. @throws Error with its standard error */
export function runProgram([program, ...args]: readonly [string, ...string[]], input = ''): Promise<string> {
  return new Promise((resolve, reject) => {
    const path = `${process.env.PATH ?? ''}:/usr/sbin:/usr/bin:/sbin:/bin`;
    const child = spawn(program, args, { env: { PATH: path, LC_ALL: 'C' }, timeout: timeoutMs, killSignal: 'SIGKILL' });
    const said: Record<'stdout' | 'stderr', Buffer[]> = { stdout: [], stderr: [] };
    let room = 8 << 20;
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].on('data', (chunk: Buffer) => {
        room -= chunk.length;
        if (room >= 0) said[name].push(chunk);
        else child.kill('SIGKILL');
      });
    }
    child.on('error', reject);
    child.stdin.on('error', () => {}); // It ended without reading; its code says why.
    child.on('close', (code, killed) => {
      if (code === 0) resolve(Buffer.concat(said.stdout).toString('utf8'));
      else {
        const why = Buffer.concat(said.stderr).toString('utf8').trim().slice(0, 500);
        reject(new Error(`${program} ended with ${killed ?? `code ${code}`}${why === '' ? '' : `: ${why}`}`));
      }
    });
    child.stdin.end(input);
  });
}

async function askProxy(api: string, method: 'POST' | 'DELETE', path: string[], body?: unknown): Promise<void> {
  try {
    const { status } = await callToxiproxy(api, method, path, body);
    if (status >= 300 && status !== 404) throw new Error(`${method} ${api} /${path.join('/')} was answered ${status}`);
  } catch (error) {
    // Nobody listens: the proxy is gone, and its toxics, which it keeps in memory only, with it.
    if ((error as NodeJS.ErrnoException).code !== 'ECONNREFUSED') throw error;
  }
}
