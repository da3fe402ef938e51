// A partition between a network namespace and peers, by a table of nftables that is its own.

import { existsSync } from 'node:fs';
import { namespaceFile, runNft } from '../lease/index.js';
import type { HostFault } from './host-fault.js';
import { partitionScript, peerProblem } from './partition-script.js';
import { faultInvalid, targetDenied, targetUnknown } from './refusal.js';

/** Cuts a namespace off from peers until the fault ends; the kernel ends it too. */
export const partitionNetwork: HostFault<'network.partition'> = async (target, { peers, oneWay }, context) => {
  if (!('namespace' in target)) throw faultInvalid(['the target of a partition must be a network namespace']);
  const { namespace } = target;
  if (!context.policy.namespaces.includes(namespace)) throw targetDenied(target, 'the policy does not list it');
  if (namespace !== '' && !existsSync(namespaceFile(namespace))) {
    throw targetUnknown(target, 'there is no such network namespace');
  }
  const issues = peers.flatMap((peer) => peerProblem(peer) ?? []);
  if (issues.length > 0) throw faultInvalid(issues);
  const table = `tenstrip_chaos_${context.freshName()}`;
  return {
    undo: [{ kind: 'nft-table', table, namespace }],
    async apply(lease) {
      await runNft(partitionScript(table, peers, oneWay, context.remainingMs(lease)), namespace);
    },
  };
};
