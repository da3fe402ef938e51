// The real host as a surface of faults. A fault goes: policy, blast radius, exclusion, preparing (no write), lease, doing.

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { counter, histogram, type ResourceGovernor, systemClock, ungoverned } from '@tenstrip/shared-core';
import { TenstripError } from '@tenstrip/shared-core/errors';
import type { ChaosErrorCode } from '../errors/index.js';
import {
  type ActiveFault,
  type Fault,
  type FaultCapability,
  type FaultKind,
  type FaultSurface,
  type FaultTarget,
  faultSchema,
  faultTargetSchema,
  type InjectOptions,
  targetName,
} from '../faults/index.js';
import {
  type Lease,
  type LeaseEnd,
  LeaseKeeper,
  type LeaseRecord,
  namespaceFile,
  type Recovery,
} from '../lease/index.js';
import { poisonDependency } from './dependency-toxic.js';
import type { HostFault, HostFaultContext, PreparedFault } from './host-fault.js';
import { type HostProbe, probeHost } from './host-probe.js';
import { partitionNetwork } from './network-partition.js';
import { killProcess, pauseProcess } from './process-faults.js';
import { ProcessTargets } from './process-targets.js';
import { faultInvalid, faultUnsupported, targetBusy } from './refusal.js';
import { burnProcessor, fillMemory } from './resource-burn.js';
import { checkedPolicy, type TargetPolicy, type TargetPolicyInput } from './target-policy.js';

/** Options of {@link HostSurface.open}. */
export interface HostSurfaceOptions {
  /** The folder of the journal of leases, for this engine alone. */
  readonly folder: string;
  readonly policy: TargetPolicyInput;
  readonly governor?: ResourceGovernor;
  /** How many faults may be active at once. Default 256. */
  readonly maximumFaults?: number;
  /** How long closing waits for what cannot be undone, milliseconds; then it is left to the reaper. Default 5000. */
  readonly closeWithinMs?: number;
}

const injected = counter('tenstrip.chaos-engine.faults_injected', '{fault}');
const ended = counter('tenstrip.chaos-engine.faults_ended', '{fault}');
const injectMs = histogram('tenstrip.chaos-engine.inject_duration', 'ms');
const revertMs = histogram('tenstrip.chaos-engine.revert_duration', 'ms');

const faults: { readonly [K in FaultKind]?: HostFault<K> } = {
  'process.kill': killProcess,
  'process.pause': pauseProcess,
  'network.partition': partitionNetwork,
  'dependency.toxic': poisonDependency,
  'cpu.burn': burnProcessor,
  'memory.fill': fillMemory,
};

/** Faults on this host. */
export class HostSurface implements FaultSurface, AsyncDisposable {
  readonly policy: TargetPolicy;
  readonly #keeper: LeaseKeeper;
  readonly #folder: string;
  readonly #governor: ResourceGovernor;
  /** Claimed targets: a fault that is active, or about to be. */
  readonly #claims = new Map<string, FaultTarget>();
  #probe: Promise<HostProbe> | undefined;
  #closed = false;

  private constructor(keeper: LeaseKeeper, folder: string, policy: TargetPolicy, governor: ResourceGovernor) {
    this.#keeper = keeper;
    this.#folder = resolve(folder);
    this.policy = policy;
    this.#governor = governor;
  }

  /**
   * Opens the host. What an earlier engine left in the folder is undone first.
   * @throws TenstripError `OptionsInvalid`, `JournalUnavailable`, `ReaperUnavailable`, `FaultUnsupported` where there is no Linux
   */
  static async open(options: HostSurfaceOptions): Promise<HostSurface> {
    const policy = checkedPolicy(options.policy);
    if (process.platform !== 'linux') throw faultUnsupported('process.pause', 'Linux');
    const governor = options.governor ?? ungoverned;
    const maximumLeases = options.maximumFaults ?? 256;
    const { folder, closeWithinMs } = options;
    const keeper = await LeaseKeeper.open({
      folder,
      governor,
      maximumLeases,
      ...(closeWithinMs !== undefined && { closeWithinMs }),
    });
    return new HostSurface(keeper, folder, policy, governor);
  }

  /** What an earlier engine left, and what became of it. */
  get recovered(): Recovery {
    return this.#keeper.recovered;
  }

  /** The process that undoes everything when this one is gone. */
  get reaperPid(): number | undefined {
    return this.#keeper.reaper?.pid;
  }

  async capabilities(): Promise<Readonly<Record<FaultKind, FaultCapability>>> {
    this.#probe ??= probeHost();
    const { faults: possible } = await this.#probe;
    if (this.policy.irreversible || !possible['process.kill'].supported) return possible;
    return { ...possible, 'process.kill': { supported: false, missing: irreversibleMissing } };
  }

  async targets(): Promise<readonly FaultTarget[]> {
    return this.#targets(this.#processes());
  }

  #targets(processes: ProcessTargets): FaultTarget[] {
    const { namespaces, proxies, host } = this.policy;
    return [
      ...processes.allowed().map(({ pid, startTime }) => ({ pid, startTime })),
      ...namespaces
        .filter((name) => name === '' || existsSync(namespaceFile(name)))
        .map((namespace) => ({ namespace })),
      ...Object.keys(proxies).map((proxy) => ({ proxy })),
      ...(host.cores > 0 || host.bytes > 0 ? [{ host: 'local' as const }] : []),
    ];
  }

  /**
   * Injects a fault; resolves when it is active and would be undone whoever dies.
   * @throws TenstripError `OptionsInvalid`, `FaultUnsupported`, `TargetDenied`, `TargetUnknown`, `TargetBusy`, `BlastRadiusExceeded`, `ProxyUnavailable`, `JournalUnavailable`, `ReaperUnavailable`, `EngineClosed`
   */
  async inject(target: FaultTarget, fault: Fault, options: InjectOptions): Promise<ActiveFault> {
    const startedAt = this.#governor.clock.monotonicMs();
    const wanted = checkedRequest(target, fault, options, this.policy);
    options.signal?.throwIfAborted();
    if (this.#closed) throw new TenstripError<ChaosErrorCode>('EngineClosed', 'the host surface was closed.');
    if (wanted.fault.kind === 'process.kill' && !this.policy.irreversible) {
      throw faultUnsupported('process.kill', irreversibleMissing);
    }
    const processes = this.#processes();
    const allowed = this.#targets(processes).map(targetName);
    const key = this.#claim(wanted.target, wanted.fault, allowed);
    let lease: Lease | undefined;
    try {
      const prepared = await this.#prepare(wanted.target, wanted.fault, options.ttlMs, processes);
      if (!allowed.includes(targetName(wanted.target))) {
        prepared.abandon?.();
        throw targetBusy(wanted.target, 'it has only just appeared');
      }
      lease = await this.#keeper
        .grant({ target: wanted.target, fault: wanted.fault, ttlMs: options.ttlMs, undo: prepared.undo })
        .catch((error: unknown) => {
          prepared.abandon?.();
          throw error;
        });
      const granted = lease;
      await granted.apply(() => prepared.apply(granted));
    } catch (error) {
      await lease?.revert().catch(() => {});
      this.#claims.delete(key);
      // The reaper may have taken it back while it was being done; then that is why it failed.
      if (lease !== undefined && this.#governor.clock.now() >= lease.record.endsAt) {
        throw faultInvalid([`ttlMs was over before the fault was applied: ${options.ttlMs} is too short`]);
      }
      throw error;
    }
    const { kind } = wanted.fault;
    injected.add(1, { kind });
    injectMs.record(this.#governor.clock.monotonicMs() - startedAt, { kind });
    void lease.ended.then((how) => {
      this.#claims.delete(key);
      ended.add(1, { kind, how });
    });
    return new HostActiveFault(lease, this.#governor);
  }

  /** Undoes everything. @throws TenstripError `RevertFailed` */
  revertAll(): Promise<void> {
    return this.#keeper.revertAll();
  }

  /**
   * Undoes everything and lets the folder go; gives what could not be undone within `closeWithinMs`. The reaper goes on trying that for
   * about a minute, and whoever opens the folder next undoes it first.
   */
  close(): Promise<readonly LeaseRecord[]> {
    this.#closed = true;
    return this.#keeper.close();
  }

  /** {@link HostSurface.close}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #processes(): ProcessTargets {
    return new ProcessTargets(this.policy, this.#keeper.reaper);
  }

  /** One fault of a sort on a target, and no more targets of a sort than the blast radius. Nothing is awaited in between. */
  #claim(target: FaultTarget, fault: Fault, allowed: readonly string[]): string {
    const name = targetName(target);
    const sort = sortOf(target);
    const key = `${name} ${'pid' in target ? 'signal' : fault.kind}`;
    if (this.#claims.has(key)) throw targetBusy(target, 'a fault of this kind is active on it');
    const others = [...this.#claims.values()].filter((other) => sortOf(other) === sort).map(targetName);
    const asked = new Set([...others, name]).size;
    const eligible = new Set([...allowed.filter((one) => one.startsWith(`${sort}:`)), ...others, name]).size;
    const { targets, percent } = this.policy.blastRadius;
    // What is not allowed at all is refused with the reason when it is prepared.
    const counts = sort !== 'host' && allowed.includes(name);
    if (counts && (asked > targets || asked * 100 > percent * eligible)) {
      const limit = asked > targets ? `${targets} targets` : `${percent} %`;
      throw new TenstripError<ChaosErrorCode>(
        'BlastRadiusExceeded',
        `${asked} of ${eligible} targets > ${limit}; revert some, or widen blastRadius in the policy.`,
        { details: { asked, eligible, allowed: { targets, percent } } },
      );
    }
    this.#claims.set(key, target);
    return key;
  }

  async #prepare(target: FaultTarget, fault: Fault, ttlMs: number, seen: ProcessTargets): Promise<PreparedFault> {
    const { clock } = this.#governor;
    const context: HostFaultContext = {
      policy: this.policy,
      folder: this.#folder,
      ttlMs,
      seen,
      processes: () => this.#processes(),
      freshName: () => Buffer.from(this.#governor.entropy(8)).toString('hex'),
      remainingMs: (lease) => Math.max(1, lease.record.endsAt - clock.now()),
      sleep: (ms) => systemClock.sleep(ms),
    };
    const prepare = faults[fault.kind] as HostFault<FaultKind> | undefined;
    const possible = fault.kind === 'dependency.toxic' ? undefined : (await this.capabilities())[fault.kind];
    if (possible?.supported === false) throw faultUnsupported(fault.kind, possible.missing);
    if (prepare === undefined) throw faultUnsupported(fault.kind, 'a backend that this surface does not have');
    return prepare(target, fault, context);
  }
}

const irreversibleMissing = '`irreversible: true` in the policy, since a killed process cannot be brought back';

class HostActiveFault implements ActiveFault {
  readonly #lease: Lease;
  readonly #governor: ResourceGovernor;
  readonly id: string;
  readonly target: FaultTarget;
  readonly fault: Fault;
  readonly endsAt: number;
  readonly ended: Promise<LeaseEnd>;

  constructor(lease: Lease, governor: ResourceGovernor) {
    this.#lease = lease;
    this.#governor = governor;
    this.id = lease.id;
    ({ target: this.target, fault: this.fault, endsAt: this.endsAt } = lease.record);
    this.ended = lease.ended;
  }

  async revert(): Promise<void> {
    const startedAt = this.#governor.clock.monotonicMs();
    await this.#lease.revert();
    revertMs.record(this.#governor.clock.monotonicMs() - startedAt, { kind: this.fault.kind });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.revert();
  }
}

function checkedRequest(
  target: FaultTarget,
  fault: Fault,
  { ttlMs }: InjectOptions,
  { maximumTtlMs }: TargetPolicy,
): { target: FaultTarget; fault: Fault } {
  const wantedTarget = faultTargetSchema.safeParse(target);
  const wantedFault = faultSchema.safeParse(fault);
  const issues = [...(wantedTarget.error?.issues ?? []), ...(wantedFault.error?.issues ?? [])].map(
    ({ path, message }) => (path.length === 0 ? message : `${path.join('.')}: ${message}`),
  );
  if (!(ttlMs >= 1 && ttlMs <= maximumTtlMs)) issues.push(`ttlMs must be 1 to ${maximumTtlMs}, not ${ttlMs}`);
  if (wantedTarget.data === undefined || wantedFault.data === undefined || issues.length > 0)
    throw faultInvalid(issues);
  return { target: wantedTarget.data, fault: wantedFault.data };
}

function sortOf(target: FaultTarget): string {
  return targetName(target).split(':', 1)[0] ?? '';
}
