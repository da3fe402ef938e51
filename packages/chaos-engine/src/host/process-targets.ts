// Which processes may be harmed: those that the policy lists, and never those whose end would end the engine or the host.

import { commandLineOf, type ProcessEntry, type ProcessIdentity, readProcess, readProcesses } from '../lease/index.js';
import { burnerEntry } from './burner.js';
import { matchesPattern, type TargetPolicy } from './target-policy.js';

const notListed = 'the policy does not list it';

/** The processes of this host at one moment. */
export class ProcessTargets {
  readonly #policy: TargetPolicy;
  readonly #entries: ReadonlyMap<number, ProcessEntry>;
  readonly #untouchable: ReadonlySet<number>;

  constructor(policy: TargetPolicy, reaper: ProcessIdentity | undefined) {
    this.#policy = policy;
    this.#entries = new Map(readProcesses().map((entry) => [entry.pid, entry]));
    const untouchable = new Set([1, 2]);
    if (reaper !== undefined) untouchable.add(reaper.pid);
    for (let pid = process.pid; pid > 0; pid = this.#entries.get(pid)?.parent ?? 0) untouchable.add(pid);
    this.#untouchable = untouchable;
  }

  /** Those that the policy allows. */
  allowed(): ProcessEntry[] {
    return [...this.#entries.values()].filter((entry) => this.denial(entry) === undefined && entry.state !== 'Z');
  }

  get(pid: number): ProcessEntry | undefined {
    return this.#entries.get(pid);
  }

  /** A process and all that descend from it. */
  tree(root: ProcessEntry): ProcessEntry[] {
    const children = new Map<number, ProcessEntry[]>();
    for (const entry of this.#entries.values()) {
      const siblings = children.get(entry.parent);
      if (siblings === undefined) children.set(entry.parent, [entry]);
      else siblings.push(entry);
    }
    const found = [root];
    for (const entry of found) found.push(...(children.get(entry.pid) ?? []));
    return found;
  }

  /** Why a process may not be harmed; `undefined` when it may. */
  denial(entry: ProcessEntry): string | undefined {
    if (entry.pid === 1) return 'it is the first process of the host';
    if (entry.pid === 2 || entry.parent === 2) return 'it is a thread of the kernel';
    if (entry.pid === process.pid) return 'it is the engine itself';
    if (this.#untouchable.has(entry.pid)) return 'the engine depends on it';
    const { ownChildren, pids, commands } = this.#policy.processes;
    const named = pids.includes(entry.pid) || (ownChildren && this.#descends(entry));
    if (!named && commands.length === 0) return notListed;
    const command = commandLineOf(entry.pid);
    if (command.includes(burnerEntry)) return 'it is a burner of an engine';
    const line = command.join(' ');
    return named || commands.some((pattern) => matchesPattern(pattern, line)) ? undefined : notListed;
  }

  /** Why something in the tree of a process may never be harmed, whatever the policy says of its root. */
  treeDenial(tree: readonly ProcessEntry[]): string | undefined {
    const kept = tree.find(({ pid }) => this.#untouchable.has(pid));
    return kept === undefined ? undefined : `process ${kept.pid}, on which the engine depends, descends from it`;
  }

  #descends(entry: ProcessEntry): boolean {
    let pid = entry.parent;
    for (let depth = 0; pid > 1 && depth < 4096; depth++) {
      if (pid === process.pid) return true;
      pid = this.#entries.get(pid)?.parent ?? 0;
    }
    return false;
  }
}

/** Whether a process is stopped by a signal or a tracer. */
export function isStopped({ pid, startTime }: ProcessIdentity): boolean {
  const now = readProcess(pid);
  return now !== undefined && now.startTime === startTime && (now.state === 'T' || now.state === 't');
}
