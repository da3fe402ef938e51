// Linux's packet filter as enforcer: one `nft -f -` for each batch, which the kernel takes whole or not at all. One process
// for each block would take 14 ms and more each; one for 50,000 takes half a second.

import { type ResourceGovernor, ungoverned } from '@tenstrip/shared-core';
import { isTenstripError, TenstripError } from '@tenstrip/shared-core/errors';
import type { LedgerErrorCode } from '../errors/index.js';
import { type EnforcementBatch, type Enforcer, enforcerUnavailable } from './enforcer.js';
import {
  changingScript,
  checkedPlace,
  checkNetworks,
  type NftablesPlace,
  replacingScript,
  type SetName,
  setsOf,
} from './nftables-script.js';

/** Options of {@link NftablesEnforcer}. */
export interface NftablesOptions {
  /** The table of family `inet` that is its own: made, filled and removed. Default `tenstrip`. */
  readonly table?: string;
  /** Where packets are looked at. Default `['input']`; a router adds `forward`. */
  readonly hooks?: readonly ('input' | 'forward' | 'prerouting')[];
  /** Before other filters when lower. Default -10. */
  readonly priority?: number;
  /** Default `drop`. */
  readonly verdict?: 'drop' | 'reject';
  /** The network namespace to work in, by its name of ip-netns(8). Default: this process's own. */
  readonly namespace?: string;
  /** The program's path. Default `/usr/sbin/nft`. */
  readonly program?: string;
  /** Grants `process`. Default: ungoverned. */
  readonly governor?: ResourceGovernor;
  /** How long one batch may take, in milliseconds. Default 30,000. */
  readonly deadlineMs?: number;
}

/** Blocks by nftables with kernel timeouts: a block ends at its time also when nobody is there to end it. Needs root or CAP_NET_ADMIN. */
export class NftablesEnforcer implements Enforcer {
  readonly name = 'nftables';
  readonly expiresByItself = true;
  readonly #place: NftablesPlace;
  readonly #command: readonly [program: string, ...args: string[]];
  readonly #governor: ResourceGovernor;
  readonly #deadlineMs: number;
  /** Sets that the table has, as far as this process made them; `undefined`: nothing is known about the table. */
  #sets: Set<SetName> | undefined;

  /** @throws TenstripError `OptionsInvalid` */
  constructor(options: NftablesOptions = {}) {
    const { table = 'tenstrip', hooks = ['input'], priority = -10, verdict = 'drop' } = options;
    this.#place = checkedPlace({ table, hooks, priority, verdict });
    this.#command = commandOf(options.program ?? '/usr/sbin/nft', options.namespace);
    this.#governor = options.governor ?? ungoverned;
    this.#deadlineMs = options.deadlineMs ?? 30_000;
  }

  /** The script that nft would be given. */
  plan(batch: EnforcementBatch): string {
    checkNetworks(batch);
    return batch.replace
      ? replacingScript(this.#place, batch.add)
      : changingScript(this.#place, batch, this.#sets ?? new Set());
  }

  async apply(batch: EnforcementBatch, signal?: AbortSignal): Promise<void> {
    if (!batch.replace && this.#sets === undefined) {
      throw enforcerUnavailable(this.name, 'it does not know its table yet; send the whole set first.');
    }
    const script = this.plan(batch);
    const known = batch.replace ? [] : [...(this.#sets ?? [])];
    // Until nft says that it did all of it, nothing is known.
    this.#sets = undefined;
    await this.#run(script, signal);
    this.#sets = new Set([...known, ...setsOf(batch)]);
  }

  /** Takes the whole table away: nothing is blocked by it any more. @throws TenstripError `EnforcerUnavailable` */
  async remove(signal?: AbortSignal): Promise<void> {
    this.#sets = undefined;
    await this.#run(`add table inet ${this.#place.table}\ndelete table inet ${this.#place.table}\n`, signal);
  }

  async #run(script: string, signal: AbortSignal | undefined): Promise<void> {
    const [program, ...args] = this.#command;
    const options = {
      input: Buffer.from(script),
      deadlineMs: this.#deadlineMs,
      maxOutputBytes: 1 << 20,
      ...(signal === undefined ? {} : { signal }),
    };
    const { code, stderr } = await this.#governor
      .use('process')
      .run(program, args, options)
      .catch((cause: unknown) => {
        throw this.#notRun(program, cause);
      });
    if (code === 0) return;
    const said = Buffer.from(stderr).toString('utf8').trim().slice(0, 500);
    throw enforcerUnavailable(
      this.name,
      `${program} ended with code ${code}: ${said}. It needs root or CAP_NET_ADMIN, and a kernel with nf_tables.`,
    );
  }

  #notRun(program: string, cause: unknown): unknown {
    const denied = isTenstripError(cause, 'CapabilityDenied');
    if (denied && this.#governor.sandboxed) return cause;
    const why = denied
      ? `${program} is not installed: apt-get install nftables, or give its path as option program.`
      : `${program} did not run to its end.`;
    return enforcerUnavailable(this.name, why, cause);
  }
}

function commandOf(program: string, namespace: string | undefined): readonly [string, ...string[]] {
  if (namespace === undefined) return [program, '-f', '-'];
  if (/^[A-Za-z0-9][\w.-]{0,63}$/.test(namespace)) return ['ip', 'netns', 'exec', namespace, program, '-f', '-'];
  const issues = [`namespace: ${JSON.stringify(namespace)} is no name of ip-netns(8)`];
  throw new TenstripError<LedgerErrorCode>('OptionsInvalid', `nftables cannot be set up so: ${issues[0]}.`, {
    details: { issues },
  });
}
