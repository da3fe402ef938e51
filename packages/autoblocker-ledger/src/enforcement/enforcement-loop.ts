// From the ledger to an enforcer, without loss: the loop follows the ledger's change stream by its cursor and remembers only
// which networks changed; what is to be true of them it asks the ledger at the moment of sending. So batches coalesce, a
// repeated change is harmless, and after a failure or a crash the whole set is sent once and all is consistent.

import { type ResourceGovernor, ungoverned } from '@tenstrip/shared-core';
import { z } from 'zod';
import { type BlockAction, checked, type Decision, hasMethods } from '../decisions/index.js';
import { ExpiryQueue } from '../ledger/index.js';
import { formatIpPrefix, requireIpPrefix } from '../lookup/index.js';
import type { AutoblockerLedger } from '../pipeline/index.js';
import type { EnforcementBatch, Enforcer, NetworkBlock } from './enforcer.js';

/** Options of {@link EnforcementLoop}. */
export interface EnforcementOptions {
  readonly ledger: AutoblockerLedger;
  readonly enforcer: Enforcer;
  /** Which actions it carries out. Default `['ban']`: a packet filter can do nothing less. */
  readonly actions?: readonly BlockAction[];
  /** The service that it stands before. Default: none, so that only decisions for all domains are carried out. */
  readonly domain?: string;
  /** How often the ledger is looked at, in milliseconds. Default 50. */
  readonly tickMs?: number;
  /** How often the whole set is sent although all went well, in case somebody else emptied it. Default 600,000 ms. */
  readonly resyncMs?: number;
  /** The longest wait between attempts while the enforcer fails, in milliseconds. Default 30,000. */
  readonly maxBackoffMs?: number;
  /** Networks of one difference at most; more at a time are sent in several. Default 20,000. */
  readonly maxBatch?: number;
  /** Clock and randomness. Default: ungoverned. */
  readonly governor?: ResourceGovernor;
}

/** How an {@link EnforcementLoop} is. */
export interface EnforcementHealth {
  readonly enforcer: string;
  /** `starting`: the first whole set is not there yet; `retrying`: the last attempt failed. */
  readonly state: 'starting' | 'running' | 'retrying' | 'stopped';
  /** Ledger index up to which everything is enforced; -1n: nothing yet. */
  readonly cursor: bigint;
  /** Durable entries behind the cursor, not looked at or not carried out. */
  readonly behind: bigint;
  /** Successful batches: whole sets and differences. */
  readonly resyncs: number;
  readonly changes: number;
  /** Failed attempts in a row. */
  readonly failures: number;
  /** What the last failure said. */
  readonly lastError: string | undefined;
}

const optionsSchema = z.strictObject({
  ledger: z.custom<AutoblockerLedger>(hasMethods('changesSince', 'query'), 'a ledger'),
  enforcer: z.custom<Enforcer>(hasMethods('plan', 'apply'), 'an enforcer'),
  actions: z
    .array(z.enum(['ban', 'captcha', 'throttle', 'observe']))
    .min(1)
    .default(['ban']),
  domain: z.string().min(1).max(64).optional(),
  tickMs: z.number().positive().default(50),
  resyncMs: z.number().positive().default(600_000),
  maxBackoffMs: z.number().positive().default(30_000),
  maxBatch: z.number().int().min(1).default(20_000),
  governor: z.custom<ResourceGovernor>(hasMethods('context'), 'a resource governor').default(ungoverned),
});

const firstBackoffMs = 100;
/** Reading the change stream stops to send when so many networks wait. */
const maxPending = 100_000;

/** Keeps one enforcer at what the ledger says. Dispose it to stop; what expires by itself is left in place then. */
export class EnforcementLoop implements AsyncDisposable {
  readonly #options: Required<Omit<EnforcementOptions, 'domain'>> & { readonly domain: string | undefined };
  readonly #stop = new AbortController();
  /** Networks whose state may differ from what was sent last. */
  readonly #pending = new Set<string>();
  /** Ends of blocks, for enforcers that do not end them themselves. */
  #ends = new ExpiryQueue<string>();
  readonly #waiters: { readonly size: bigint; readonly resolve: () => void }[] = [];
  #running: Promise<void> | undefined;
  /** Read up to here; enforced up to here when nothing is pending. */
  #readTo = -1n;
  #cursor = -1n;
  #resyncDue = Number.NEGATIVE_INFINITY;
  #state: EnforcementHealth['state'] = 'starting';
  #resyncs = 0;
  #changes = 0;
  #failures = 0;
  #lastError: string | undefined;

  /** @throws TenstripError `OptionsInvalid` */
  constructor(options: EnforcementOptions) {
    const { domain, ...given } = checked(optionsSchema, options, 'what an enforcement loop can be made with');
    this.#options = { domain, ...given };
  }

  /** Starts to follow; the first thing sent is the whole set. */
  start(): this {
    this.#running ??= this.#follow();
    return this;
  }

  /** Sends the whole set once, without following. @throws TenstripError `EnforcerUnavailable` */
  async syncOnce(): Promise<EnforcementBatch> {
    return this.#resync();
  }

  /** Resolves when everything that is durable now is enforced. @throws the signal's reason */
  async caughtUp(signal?: AbortSignal): Promise<void> {
    const size = this.#options.ledger.durableSize;
    if (this.#cursor + 1n >= size) return;
    await new Promise<void>((resolve, reject) => {
      signal?.throwIfAborted();
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
      this.#waiters.push({ size, resolve });
    });
  }

  /** How it goes. */
  health(): EnforcementHealth {
    const { enforcer, ledger } = this.#options;
    return {
      enforcer: enforcer.name,
      state: this.#state,
      cursor: this.#cursor,
      behind: ledger.durableSize - this.#cursor - 1n,
      resyncs: this.#resyncs,
      changes: this.#changes,
      failures: this.#failures,
      lastError: this.#lastError,
    };
  }

  /**
   * Empties the enforcer at once, then revokes every decision in force, each as an entry of the ledger: for the case that
   * everybody is locked out. Detection goes on; stop it first if it is to blame. An enforcer that cannot be emptied keeps
   * nothing from being revoked: whoever else carries decisions out lets go.
   * @throws TenstripError `EnforcerUnavailable`, when all is revoked
   */
  async panic(by: string, text = 'panic'): Promise<{ readonly revoked: number }> {
    const { ledger, enforcer } = this.#options;
    const failure = await enforcer.apply({ replace: true, add: [], remove: [] }).then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
    const ids: bigint[] = [];
    for await (const { id } of ledger.query({ state: 'active' })) ids.push(id);
    for (let from = 0; from < ids.length; from += 1000) {
      const some = ids.slice(from, from + 1000);
      await Promise.all(some.map((id) => ledger.revoke(id, { code: 'other', by, text })));
    }
    this.#resyncDue = Number.NEGATIVE_INFINITY;
    if (failure !== undefined) throw failure.error;
    return { revoked: ids.length };
  }

  /** Stops following. An enforcer whose blocks do not end by themselves is emptied. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
    this.#state = 'stopped';
    const { enforcer } = this.#options;
    if (!enforcer.expiresByItself) await enforcer.apply({ replace: true, add: [], remove: [] });
  }

  async #follow(): Promise<void> {
    const { tickMs, governor } = this.#options;
    while (!this.#stop.signal.aborted) {
      const waitMs = await this.#tick().then(
        () => tickMs,
        (error: unknown) => this.#noteFailure(error),
      );
      await governor.clock.sleep(waitMs, { signal: this.#stop.signal }).catch(() => undefined);
    }
  }

  /** Brings the enforcer up to the ledger as it is now. */
  async #tick(): Promise<void> {
    const { governor, maxBatch, ledger } = this.#options;
    if (governor.clock.monotonicMs() >= this.#resyncDue) await this.#resync();
    while (this.#readTo + 1n < ledger.durableSize || this.#pending.size > 0 || this.#collectEnded()) {
      if (this.#pending.size < maxPending) await this.#readChanges();
      const networks = [...this.#pending].slice(0, maxBatch);
      if (networks.length > 0) {
        await this.#options.enforcer.apply(this.#difference(networks), this.#stop.signal);
        for (const network of networks) this.#pending.delete(network);
        this.#changes += 1;
      }
      if (this.#pending.size === 0) this.#enforcedTo(this.#readTo);
    }
    this.#failures = 0;
    this.#state = 'running';
  }

  async #resync(): Promise<EnforcementBatch> {
    const { ledger, enforcer, governor, resyncMs } = this.#options;
    const size = ledger.durableSize;
    const networks = new Set<string>();
    for await (const decision of ledger.query({ state: 'active' })) {
      const network = decision.id < size ? this.#networkOf(decision) : undefined;
      if (network !== undefined) networks.add(network);
    }
    // Noted anew with the whole set: else each would stand there once for every resync of its life.
    this.#ends = new ExpiryQueue();
    const batch: EnforcementBatch = { ...this.#difference([...networks]), replace: true, remove: [] };
    await enforcer.apply(batch, this.#stop.signal);
    this.#pending.clear();
    this.#resyncs += 1;
    this.#resyncDue = governor.clock.monotonicMs() + resyncMs;
    this.#readTo = size - 1n;
    this.#enforcedTo(this.#readTo);
    return batch;
  }

  async #readChanges(): Promise<void> {
    const { ledger } = this.#options;
    const end = ledger.durableSize - 1n;
    for await (const { decision, cursor } of ledger.changesSince(this.#readTo)) {
      const network = this.#networkOf(decision);
      if (network !== undefined) this.#pending.add(network);
      this.#readTo = cursor;
      if (this.#pending.size >= maxPending) return;
    }
    if (end > this.#readTo) this.#readTo = end;
  }

  /** What is to be true of some networks now. */
  #difference(networks: readonly string[]): EnforcementBatch {
    const { ledger } = this.#options;
    const now = ledger.now;
    const add: NetworkBlock[] = [];
    const remove: string[] = [];
    for (const network of networks) {
      const until = this.#endOf(network, now);
      if (until === undefined) remove.push(network);
      else add.push({ network, remainingMs: until === null ? null : until - now });
    }
    return { replace: false, add, remove };
  }

  /** When the block of exactly this network ends; `undefined`: it is not blocked. */
  #endOf(network: string, now: number): number | null | undefined {
    let latest: Decision | undefined;
    for (const decision of this.#options.ledger.decisionsOn(network, now)) {
      if (this.#networkOf(decision) !== network) continue;
      if (latest === undefined || endsLater(decision, latest)) latest = decision;
    }
    if (latest === undefined) return undefined;
    if (!this.#options.enforcer.expiresByItself && latest.until !== null) this.#ends.add(latest.until, network);
    return latest.until;
  }

  /** Puts networks whose blocks ended among those to be sent; whether there are any. */
  #collectEnded(): boolean {
    const { ledger } = this.#options;
    for (const { id: network } of this.#ends.take(ledger.now)) this.#pending.add(network);
    return this.#pending.size > 0;
  }

  #enforcedTo(cursor: bigint): void {
    this.#cursor = cursor;
    for (const waiter of this.#waiters.splice(0)) {
      if (waiter.size <= cursor + 1n) waiter.resolve();
      else this.#waiters.push(waiter);
    }
  }

  /** How long to wait before the next attempt, which sends the whole set: what a failed one left behind is not known. */
  #noteFailure(error: unknown): number {
    const { maxBackoffMs, governor } = this.#options;
    this.#resyncDue = Number.NEGATIVE_INFINITY;
    this.#lastError = error instanceof Error ? error.message : String(error);
    this.#state = 'retrying';
    const longest = Math.min(maxBackoffMs, firstBackoffMs * 2 ** Math.min(this.#failures, 20));
    this.#failures += 1;
    return longest * (0.5 + governor.random.float() / 2);
  }

  /** The network of a decision that this enforcer is to carry out; `undefined` for any other. */
  #networkOf(decision: Decision): string | undefined {
    const { target, action, domains } = decision;
    const { actions, domain } = this.#options;
    if (target.kind !== 'ip' && target.kind !== 'range') return undefined;
    if (!actions.includes(action)) return undefined;
    if (domains !== 'all' && (domain === undefined || !domains.includes(domain))) return undefined;
    return formatIpPrefix(requireIpPrefix(target.value));
  }
}

function endsLater(one: Decision, other: Decision): boolean {
  return (one.until ?? Number.POSITIVE_INFINITY) > (other.until ?? Number.POSITIVE_INFINITY);
}
