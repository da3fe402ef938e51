// The plugin that runs experiments: functions and controls come in the mount options under names, and all else is JSON.

import { definePlugin } from '@tenstrip/shared-core';
import { z } from 'zod';
import { type ProviderAllowance, renderExperimentTimeline, runExperiment } from '../experiment/index.js';
import { allowApi, type HostContext } from './real-faults.js';

export const runExperimentPlugin = definePlugin({
  name: 'run-experiment',
  summary: 'Runs a Chaos Toolkit experiment to its end; its faults are undone before it answers',
  optionalCapabilities: ['process', 'net', 'fs.write', 'env'],
  input: z.object({
    /** The experiment, or its text as JSON or YAML. */
    experiment: z.union([z.string().max(4 << 20), z.record(z.string(), z.unknown())]),
    /** Whether its faults are for this host. Default: there are none. */
    onHost: z.boolean().default(false),
    dry: z.enum(['probes', 'actions', 'activities', 'pause']).optional(),
    strategy: z
      .enum(['default', 'before-method-only', 'after-method-only', 'during-method-only', 'continuously', 'skip'])
      .optional(),
    rollbacks: z.enum(['default', 'always', 'never', 'deviated']).optional(),
    configuration: z.record(z.string(), z.unknown()).default({}),
    timeline: z.boolean().default(false),
  }),
  output: z.object({ journal: z.record(z.string(), z.unknown()), timeline: z.string().optional() }),
  async execute({ experiment, onHost, timeline, dry, strategy, rollbacks, configuration }, context: HostContext) {
    const { modules = {}, controls = {} } = context.service.real.options;
    const real = onHost && dry !== 'activities' && dry !== 'actions';
    if (real) await allowHost(context);
    const journal = await runExperiment(experiment, {
      allow: allowanceOf(context, modules),
      controlModules: controls,
      configuration,
      context,
      ...(context.sandboxed ? { env: environmentOf(context) } : {}),
      ...(real ? { surface: await context.service.real.host() } : {}),
      ...(dry === undefined ? {} : { dry }),
      ...(strategy === undefined ? {} : { strategy }),
      ...(rollbacks === undefined ? {} : { rollbacks }),
    });
    // What is not JSON in an answer of a function is left out, as in a file.
    const plain = JSON.parse(JSON.stringify(journal)) as Record<string, unknown>;
    return { journal: plain, ...(timeline ? { timeline: renderExperimentTimeline(journal) } : {}) };
  },
});

/** What a host needs, whatever the fault. */
async function allowHost(context: HostContext): Promise<void> {
  context.use('process');
  const { folder } = context.service.real.options;
  if (context.sandboxed && folder !== undefined) await context.use('fs.write').resolve(folder);
  if (!context.sandboxed) return;
  for (const api of Object.values(context.service.real.options.policy.proxies)) await allowApi(context, api);
}

/** Under a sandbox everything that an experiment reaches goes through granted handles. */
function allowanceOf(context: HostContext, modules: NonNullable<ProviderAllowance['modules']>): ProviderAllowance {
  if (!context.sandboxed) return { modules };
  return {
    modules,
    http: async (host, port) => context.use('net').allow(host, port),
    process: async (program, args, input, signal) => {
      const handle = context.use('process');
      const { code, stdout, stderr } = await handle.run(program, args, { input: Buffer.from(input), signal });
      return { status: code, stdout: Buffer.from(stdout).toString(), stderr: Buffer.from(stderr).toString() };
    },
  };
}

function environmentOf(context: HostContext): Readonly<Record<string, string>> {
  try {
    return context.use('env');
  } catch {
    return {};
  }
}
