// The plugins of single faults on this host.

import { definePlugin } from '@tenstrip/shared-core';
import { z } from 'zod';
import { type ActiveFault, type Fault, type FaultTarget, faultSchema, faultTargetSchema } from '../faults/index.js';
import { probeHost, type TargetPolicy } from '../host/index.js';
import { allowApi, type HostContext } from './real-faults.js';

const targetOutput = z.record(z.string(), z.union([z.string(), z.number()]));

export const injectFaultPlugin = definePlugin({
  name: 'inject-fault',
  summary: 'Injects a fault into this host for a time; it ends by itself, whoever dies',
  optionalCapabilities: ['process', 'net', 'fs.write'],
  requires: ['Linux; for partitions nft >= 1.0, CAP_NET_ADMIN and CAP_SYS_ADMIN'],
  input: z.object({ target: faultTargetSchema, fault: faultSchema, ttlMs: z.number().int().min(1).max(86_400_000) }),
  output: z.object({ id: z.string(), target: targetOutput, endsAt: z.number() }),
  async execute({ target, fault, ttlMs }, context: HostContext) {
    await allowFault(context, target, fault);
    const host = await context.service.real.host();
    const work = () => host.inject(target, fault, { ttlMs, signal: context.signal });
    const active = await context.io({ ops: 1 }, work);
    forget(context.service.real.active, context.clock.now());
    context.service.real.active.set(active.id, active);
    return { id: active.id, target: active.target as Record<string, string | number>, endsAt: active.endsAt };
  },
});

export const revertFaultPlugin = definePlugin({
  name: 'revert-fault',
  summary: 'Undoes a fault, or all of this strip; once more changes nothing',
  optionalCapabilities: ['process', 'net'],
  input: z.object({ id: z.string().max(64).optional() }),
  output: z.object({ reverted: z.array(z.string()) }),
  async execute({ id }, { service: { real } }: HostContext) {
    const wanted = [...real.active.values()].filter((one) => id === undefined || one.id === id);
    for (const one of wanted.toReversed()) {
      await one.revert();
      real.active.delete(one.id);
    }
    return { reverted: wanted.map((one) => one.id) };
  },
});

export const probeHostPlugin = definePlugin({
  name: 'probe-host',
  summary: 'Which faults this host can have, and what is missing for the others; changes nothing',
  optionalCapabilities: ['process'],
  input: z.object({}),
  output: z.record(z.string(), z.unknown()),
  async execute(_input, context: HostContext) {
    context.use('process');
    return { ...(await context.io({ ops: 1 }, () => probeHost())) };
  },
});

async function allowFault(context: HostContext, target: FaultTarget, fault: Fault): Promise<void> {
  const { folder, policy }: { folder?: string | undefined; policy: TargetPolicy } = context.service.real.options;
  // The reaper is a process, so that every fault needs `process`.
  context.use('process');
  if (!context.sandboxed) return;
  if (folder !== undefined) await context.use('fs.write').resolve(folder);
  if (fault.kind !== 'dependency.toxic' || !('proxy' in target)) return;
  const api = Object.hasOwn(policy.proxies, target.proxy) ? policy.proxies[target.proxy] : undefined;
  if (api !== undefined) await allowApi(context, api);
}

/** Faults whose time is over are no longer known by their id. */
function forget(active: Map<string, ActiveFault>, now: number): void {
  for (const [id, { endsAt }] of active) if (endsAt < now) active.delete(id);
}
