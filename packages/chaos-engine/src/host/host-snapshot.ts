// The state of everything that faults touch, as plain JSON that is equal before and after when nothing was left behind:
// no handles, no counters, no remaining times.

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { TenstripError } from '@tenstrip/shared-core/errors';
import type { ChaosErrorCode } from '../errors/index.js';
import {
  callToxiproxy,
  commandLineOf,
  insideNamespace,
  namespaceFile,
  namespaceName,
  readProcess,
  readProcesses,
  runProgram,
} from '../lease/index.js';
import { burnerEntry } from './burner.js';

/** What to look at. */
export interface SnapshotOptions {
  /** Network namespaces by name; `''` is this process's own. Default: none. */
  readonly namespaces?: readonly string[];
  /** Processes by pid. Default: none. */
  readonly processes?: readonly number[];
  /** Proxies: APIs by name. Default: none. */
  readonly proxies?: Readonly<Record<string, string>>;
  /** Burners of the engine that has this folder, and of those that had it before. Default: of any engine. */
  readonly folder?: string;
}

/** The state of what was looked at. */
export interface HostSnapshot {
  readonly namespaces: Readonly<Record<string, { readonly rules: string; readonly queues: string }>>;
  /** By pid. `startTime` tells apart processes that had the same number. */
  readonly processes: Readonly<
    Record<string, { readonly state: 'running' | 'stopped' | 'gone'; readonly startTime?: number }>
  >;
  readonly proxies: Readonly<Record<string, unknown>>;
  /** How many burners there are. */
  readonly burners: number;
}

/** Looks at the host. Writes nothing. @throws TenstripError `OptionsInvalid` */
export async function hostSnapshot(options: SnapshotOptions = {}): Promise<HostSnapshot> {
  const { namespaces = [], processes = [], proxies = {}, folder } = options;
  const issues = [
    ...namespaces
      .filter((name) => !namespaceName.safeParse(name).success)
      .map((name) => `${name} is no name of ip-netns(8)`),
    ...processes.filter((pid) => !Number.isSafeInteger(pid) || pid < 1).map((pid) => `${pid} is no process`),
  ];
  if (issues.length > 0) {
    throw new TenstripError<ChaosErrorCode>('OptionsInvalid', `no snapshot is taken so: ${issues.join('; ')}.`, {
      details: { issues },
    });
  }
  return {
    namespaces: Object.fromEntries(await Promise.all(namespaces.map(async (name) => [name, await networkOf(name)]))),
    processes: Object.fromEntries(processes.map((pid) => [pid, stateOf(pid)])),
    proxies: Object.fromEntries(
      await Promise.all(Object.entries(proxies).map(async ([name, api]) => [name, await proxyOf(name, api)])),
    ),
    burners: countBurners(folder),
  };
}

function countBurners(folder: string | undefined): number {
  const owner = folder === undefined ? undefined : resolve(folder);
  return readProcesses().filter(({ pid }) => {
    const words = commandLineOf(pid);
    const at = words.indexOf(burnerEntry);
    return at >= 0 && (owner === undefined || words[at + 1] === owner);
  }).length;
}

/** Where two snapshots differ, as paths with both values; empty when nothing changed. */
export function compareSnapshots(before: HostSnapshot, after: HostSnapshot): string[] {
  return differences('', before, after);
}

function differences(path: string, before: unknown, after: unknown): string[] {
  if (isDeepStrictEqual(before, after)) return [];
  if (!isPlain(before) || !isPlain(after))
    return [`${path}: ${JSON.stringify(before)} became ${JSON.stringify(after)}`];
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].flatMap((key) => differences(path === '' ? key : `${path}.${key}`, before[key], after[key]));
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

async function networkOf(namespace: string): Promise<{ rules: string; queues: string }> {
  if (namespace !== '' && !existsSync(namespaceFile(namespace))) return { rules: 'gone', queues: 'gone' };
  const [rules, queues] = await Promise.all([
    runProgram(insideNamespace(namespace, ['nft', '--stateless', 'list', 'ruleset'])),
    runProgram(insideNamespace(namespace, ['tc', 'qdisc', 'show'])),
  ]);
  return { rules, queues };
}

function stateOf(pid: number): { state: 'running' | 'stopped' | 'gone'; startTime?: number } {
  const entry = readProcess(pid);
  if (entry === undefined || entry.state === 'Z' || entry.state === 'X') return { state: 'gone' };
  return { state: entry.state === 'T' || entry.state === 't' ? 'stopped' : 'running', startTime: entry.startTime };
}

async function proxyOf(name: string, api: string): Promise<unknown> {
  try {
    const { status, body } = await callToxiproxy(api, 'GET', ['proxies', name]);
    if (status !== 200 || !isPlain(body)) return { status };
    const { enabled, toxics } = body;
    return { enabled, toxics };
  } catch (error) {
    return { unreachable: (error as NodeJS.ErrnoException).code ?? 'yes' };
  }
}
