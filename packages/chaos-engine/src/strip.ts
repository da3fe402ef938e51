// The governed strip. Faults on the host need what they are made of granted, and a policy that lists what may be harmed; what
// an experiment reaches goes through the handles of granted capabilities. The host is opened by the first fault, not before.

import { definePlugin, defineStrip, type PluginContext, type ResourceGovernor } from '@tenstrip/shared-core';
import { TenstripError } from '@tenstrip/shared-core/errors';
import { z } from 'zod';
import type { ChaosErrorCode } from './errors/index.js';
import {
  type ActivityFunction,
  type ExperimentControl,
  type ProviderAllowance,
  renderExperimentTimeline,
  runExperiment,
} from './experiment/index.js';
import { type ActiveFault, type Fault, type FaultTarget, faultSchema, faultTargetSchema } from './faults/index.js';
import { HostSurface, probeHost, type TargetPolicy, targetPolicySchema } from './host/index.js';

/** What is open while the strip is mounted. */
interface ChaosService {
  readonly options: z.output<typeof optionsSchema>;
  /** The host, opened when it is first needed. */
  host(): Promise<HostSurface>;
  readonly active: Map<string, ActiveFault>;
  close(): Promise<void>;
}

type ChaosContext = PluginContext<ChaosService>;

const targetOutput = z.record(z.string(), z.union([z.string(), z.number()]));

const runExperimentPlugin = definePlugin({
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
  async execute({ experiment, onHost, timeline, dry, strategy, rollbacks, configuration }, context: ChaosContext) {
    const { modules = {}, controls = {} } = context.service.options;
    const real = onHost && dry !== 'activities' && dry !== 'actions';
    if (real) await allowHost(context);
    const journal = await runExperiment(experiment, {
      allow: allowanceOf(context, modules),
      controlModules: controls,
      configuration,
      context,
      ...(context.sandboxed ? { env: environmentOf(context) } : {}),
      ...(real ? { surface: await context.service.host() } : {}),
      ...(dry === undefined ? {} : { dry }),
      ...(strategy === undefined ? {} : { strategy }),
      ...(rollbacks === undefined ? {} : { rollbacks }),
    });
    // What is not JSON in an answer of a function is left out, as in a file.
    const plain = JSON.parse(JSON.stringify(journal)) as Record<string, unknown>;
    return { journal: plain, ...(timeline ? { timeline: renderExperimentTimeline(journal) } : {}) };
  },
});

const injectFault = definePlugin({
  name: 'inject-fault',
  summary: 'Injects a fault into this host for a time; it ends by itself, whoever dies',
  optionalCapabilities: ['process', 'net', 'fs.write'],
  requires: ['Linux; for partitions nft >= 1.0, CAP_NET_ADMIN and CAP_SYS_ADMIN'],
  input: z.object({ target: faultTargetSchema, fault: faultSchema, ttlMs: z.number().int().min(1).max(86_400_000) }),
  output: z.object({ id: z.string(), target: targetOutput, endsAt: z.number() }),
  async execute({ target, fault, ttlMs }, context: ChaosContext) {
    await allowFault(context, target, fault);
    const host = await context.service.host();
    const work = () => host.inject(target, fault, { ttlMs, signal: context.signal });
    const active = await context.io({ ops: 1 }, work);
    forget(context.service.active, context.clock.now());
    context.service.active.set(active.id, active);
    return { id: active.id, target: active.target as Record<string, string | number>, endsAt: active.endsAt };
  },
});

const revertFault = definePlugin({
  name: 'revert-fault',
  summary: 'Undoes a fault, or all of this strip; once more changes nothing',
  optionalCapabilities: ['process', 'net'],
  input: z.object({ id: z.string().max(64).optional() }),
  output: z.object({ reverted: z.array(z.string()) }),
  async execute({ id }, { service }: ChaosContext) {
    const wanted = [...service.active.values()].filter((one) => id === undefined || one.id === id);
    for (const one of wanted.toReversed()) {
      await one.revert();
      service.active.delete(one.id);
    }
    return { reverted: wanted.map((one) => one.id) };
  },
});

const probeHostPlugin = definePlugin({
  name: 'probe-host',
  summary: 'Which faults this host can have, and what is missing for the others; changes nothing',
  optionalCapabilities: ['process'],
  input: z.object({}),
  output: z.record(z.string(), z.unknown()),
  async execute(_input, context: ChaosContext) {
    context.use('process');
    return { ...(await context.io({ ops: 1 }, () => probeHost())) };
  },
});

/** What the strip is mounted with. Functions are code and come in here too. */
const optionsSchema = z.object({
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

/** The engine as a strip: `registry.mount(chaosStrip, { folder, policy })`. */
export const chaosStrip = defineStrip({
  name: 'chaos-engine',
  version: 1,
  summary: 'Injects faults that undo themselves, and runs experiments with them',
  options: optionsSchema,
  plugins: [runExperimentPlugin, injectFault, revertFault, probeHostPlugin],
  open: (options, governor): ChaosService => openService(options, governor),
  close: (service) => service.close(),
});

function openService(options: z.output<typeof optionsSchema>, governor: ResourceGovernor): ChaosService {
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

/** What a host needs, whatever the fault. */
async function allowHost(context: ChaosContext): Promise<void> {
  context.use('process');
  const { folder } = context.service.options;
  if (context.sandboxed && folder !== undefined) await context.use('fs.write').resolve(folder);
  if (!context.sandboxed) return;
  for (const api of Object.values(context.service.options.policy.proxies)) await allowApi(context, api);
}

async function allowFault(context: ChaosContext, target: FaultTarget, fault: Fault): Promise<void> {
  const { folder, policy }: { folder?: string | undefined; policy: TargetPolicy } = context.service.options;
  // The reaper is a process, so that every fault needs `process`.
  context.use('process');
  if (!context.sandboxed) return;
  if (folder !== undefined) await context.use('fs.write').resolve(folder);
  if (fault.kind !== 'dependency.toxic' || !('proxy' in target)) return;
  const api = Object.hasOwn(policy.proxies, target.proxy) ? policy.proxies[target.proxy] : undefined;
  if (api !== undefined) await allowApi(context, api);
}

async function allowApi(context: ChaosContext, api: string): Promise<void> {
  const { protocol, hostname, port } = new URL(api);
  await context.use('net').allow(hostname, Number(port) || (protocol === 'https:' ? 443 : 80));
}

/** Under a sandbox everything that an experiment reaches goes through granted handles. */
function allowanceOf(context: ChaosContext, modules: NonNullable<ProviderAllowance['modules']>): ProviderAllowance {
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

function environmentOf(context: ChaosContext): Readonly<Record<string, string>> {
  try {
    return context.use('env');
  } catch {
    return {};
  }
}

/** Faults whose time is over are no longer known by their id. */
function forget(active: Map<string, ActiveFault>, now: number): void {
  for (const [id, { endsAt }] of active) if (endsAt < now) active.delete(id);
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}
