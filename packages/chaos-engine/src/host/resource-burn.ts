// Processor time and memory, taken by children of the engine that end with it.

import { TenstripError } from '@tenstrip/shared-core/errors';
import type { ChaosErrorCode } from '../errors/index.js';
import type { FaultTarget } from '../faults/index.js';
import { Burner } from './burner.js';
import type { HostFault, PreparedFault } from './host-fault.js';
import { faultInvalid, targetDenied } from './refusal.js';

/** Keeps cores busy. */
export const burnProcessor: HostFault<'cpu.burn'> = async (target, { cores, percent }, { policy, folder, ttlMs }) => {
  checkAmount(target, 'cores', cores, policy.host.cores);
  return burning(await Burner.start(folder, ['cpu', cores, percent, ttlMs]));
};

/** Takes memory and writes to it. */
export const fillMemory: HostFault<'memory.fill'> = async (target, { bytes }, { policy, folder, ttlMs }) => {
  checkAmount(target, 'bytes', bytes, policy.host.bytes);
  return burning(await Burner.start(folder, ['memory', bytes, ttlMs]));
};

function burning(burner: Burner): PreparedFault {
  return {
    undo: [{ kind: 'kill-own-child', ...burner.identity }],
    apply: () => burner.begin(),
    abandon: () => burner.end(),
  };
}

function checkAmount(target: FaultTarget, unit: string, asked: number, allowed: number): void {
  if (!('host' in target)) throw faultInvalid(["the target of a burner must be { host: 'local' }"]);
  if (allowed === 0) throw targetDenied(target, `the policy allows no ${unit}`);
  if (asked <= allowed) return;
  throw new TenstripError<ChaosErrorCode>(
    'BlastRadiusExceeded',
    `${asked} ${unit} are more than the allowed ${allowed}.`,
    {
      details: { asked, allowed },
    },
  );
}
