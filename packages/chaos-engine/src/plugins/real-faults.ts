// Faults on this host, as plugins share them: the host is opened when it is first needed, and under a sandbox everything that it
// is reached by goes through granted handles.

import { type PluginContext, type ResourceGovernor, TenstripError } from '@tenstrip/shared-core';
import { z } from 'zod';
import type { ChaosErrorCode } from '../errors/index.js';
import type { ActivityFunction, ExperimentControl } from '../experiment/index.js';
import type { ActiveFault } from '../faults/index.js';
import { HostSurface, targetPolicySchema } from '../host/index.js';

/** Options of what is done to this host. Functions are code and come in here too. */
export const hostOptionsSchema = z.object({
  /** The folder of the journal of leases. Without it there are no faults on this host. */
  folder: z.string().min(1).max(4096).optional(),
  policy: targetPolicySchema.prefault({}),
  modules: z
    .custom<Readonly<Record<string, Readonly<Record<string, ActivityFunction>>>>>(
      isObject,
      'functions by module and name',
    )
    .optional(),
  controls: z.custom<Readonly<Record<string, ExperimentControl>>>(isObject, 'controls by name').optional(),
});

/** The host, and what an experiment may name. */
export interface RealFaults {
  readonly options: z.output<typeof hostOptionsSchema>;
  /** The host, opened when it is first needed. */
  host(): Promise<HostSurface>;
  readonly active: Map<string, ActiveFault>;
  close(): Promise<void>;
}

/** What plugins that act on this host need of the strip. */
export interface RealFaultsService {
  readonly real: RealFaults;
}

export type HostContext = PluginContext<RealFaultsService>;

export function openRealFaults(options: z.output<typeof hostOptionsSchema>, governor: ResourceGovernor): RealFaults {
  let host: Promise<HostSurface> | undefined;
  return {
    options,
    active: new Map(),
    host() {
      const { folder, policy } = options;
      if (folder === undefined) {
        const issues = ['folder: where the journal of leases is kept'];
        const message = 'faults on this host need a folder for their journal; mount the strip with one.';
        return Promise.reject(new TenstripError<ChaosErrorCode>('OptionsInvalid', message, { details: { issues } }));
      }
      host ??= HostSurface.open({ folder, policy, governor }).catch((error: unknown) => {
        host = undefined;
        throw error;
      });
      return host;
    },
    async close() {
      await host?.then((surface) => surface.close()).catch(() => {});
    },
  };
}

/** The API of a proxy, under a sandbox. */
export async function allowApi(context: HostContext, api: string): Promise<void> {
  const { protocol, hostname, port } = new URL(api);
  await context.use('net').allow(hostname, Number(port) || (protocol === 'https:' ? 443 : 80));
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}
