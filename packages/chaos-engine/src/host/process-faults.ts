// Signals. A tree is stopped in rounds: its members are found, written down and stopped, until a round finds no new one, so
// that a process which forks meanwhile does not get away. Who stood still before is left alone: undoing would wake it.

import { setImmediate } from 'node:timers/promises';
import { TenstripError } from '@tenstrip/shared-core/errors';
import type { ChaosErrorCode } from '../errors/index.js';
import type { FaultTarget } from '../faults/index.js';
import { isRunning, type Lease, type ProcessEntry, type ProcessIdentity, type UndoRecord } from '../lease/index.js';
import type { HostFault, HostFaultContext } from './host-fault.js';
import { isStopped, type ProcessTargets } from './process-targets.js';
import { faultInvalid, targetBusy, targetDenied, targetUnknown } from './refusal.js';

const maximumRounds = 64;
const maximumTree = 4096;
/** How long the kernel may take to stop a process; one that waits for a disk takes until the disk answers. */
const stopMs = 1000;

/** Stops a process, or its whole tree, until the fault ends. */
export const pauseProcess: HostFault<'process.pause'> = async (target, { tree = false }, context) => {
  const root = checkedRoot(target, tree, context.seen);
  if (isStopped(root)) throw targetBusy(target, 'it stands still already');
  const first = tree ? runningMembers(root, context.processes(), new Set()) : [root];
  return {
    undo: first.map(continuing),
    async apply(lease) {
      const stopped = new Set<number>();
      const members: ProcessEntry[] = [];
      let round = first;
      for (let rounds = 0; round.length > 0 && rounds < maximumRounds; rounds++) {
        if (rounds > 0) await lease.extend(round.map(continuing));
        for (const member of round) {
          send(target, member, 'SIGSTOP', member === root);
          stopped.add(member.pid);
          members.push(member);
        }
        if (stopped.size > maximumTree) throw targetBusy(target, `its tree grows beyond ${maximumTree} processes`);
        round = tree ? runningMembers(root, context.processes(), stopped) : [];
      }
      for (const member of members) await untilStopped(member, member === root, context);
    },
  };
};

/** Ends a process, or its whole tree. */
export const killProcess: HostFault<'process.kill'> = async (target, { signal, tree = false }, context) => {
  const root = checkedRoot(target, tree, context.seen);
  return {
    undo: [],
    async apply(_lease: Lease) {
      const members = tree ? context.processes().tree(root) : [root];
      for (const member of members) send(target, member, signal, member === root);
    },
  };
};

function checkedRoot(target: FaultTarget, tree: boolean, processes: ProcessTargets): ProcessEntry {
  if (!('pid' in target)) throw faultInvalid(['the target of a signal must be a process']);
  const root = processes.get(target.pid);
  if (root === undefined || root.state === 'Z') {
    if (target.pid === 1) throw targetDenied(target, 'it is the first process of the host');
    throw targetUnknown(target, 'there is no such process');
  }
  const denial = processes.denial(root) ?? (tree ? processes.treeDenial(processes.tree(root)) : undefined);
  if (denial !== undefined) throw targetDenied(target, denial);
  if (target.startTime !== undefined && target.startTime !== root.startTime) {
    throw targetUnknown(target, 'its number belongs to another process by now');
  }
  return root;
}

/** Members of a tree that run and are not among those already stopped. */
function runningMembers(root: ProcessEntry, processes: ProcessTargets, stopped: ReadonlySet<number>): ProcessEntry[] {
  return processes
    .tree(root)
    .filter(({ pid, state }) => !stopped.has(pid) && state !== 'T' && state !== 't' && state !== 'Z');
}

function continuing({ pid, startTime }: ProcessIdentity): UndoRecord {
  return { kind: 'sigcont', pid, startTime };
}

function send(target: FaultTarget, member: ProcessIdentity, signal: NodeJS.Signals, isRoot: boolean): void {
  const { pid } = member;
  if (!isRunning(member)) {
    if (isRoot) throw targetUnknown(target, 'it has just ended');
    return;
  }
  try {
    process.kill(pid, signal);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EPERM') throw targetDenied(target, `this process may not signal ${pid}`);
    if (code !== 'ESRCH') throw error;
    if (isRoot) throw targetUnknown(target, 'it has just ended');
  }
}

/** Of a tree, a member that has ended meanwhile will do. */
async function untilStopped(one: ProcessIdentity, isRoot: boolean, { sleep }: HostFaultContext): Promise<void> {
  const isDone = () => isStopped(one) || (!isRoot && !isRunning(one));
  // Mostly it stands still before anybody can look; a timer would wait for a millisecond at least.
  for (let turn = 0; turn < 10 && !isDone(); turn++) await setImmediate();
  for (let waited = 0; waited < stopMs && !isDone(); waited++) await sleep(1);
  if (!isDone()) {
    throw new TenstripError<ChaosErrorCode>('TargetUnknown', `process ${one.pid} did not stop within ${stopMs} ms.`, {
      details: { target: { pid: one.pid } },
      retryable: true,
    });
  }
}
