// What carries decisions into the outside world: a kernel's packet filter, a proxy's map. It is told networks, never rules;
// a batch is the whole set or a difference, and applying it twice is the same as once.

import { TenstripError } from '@tenstrip/shared-core/errors';
import { z } from 'zod';
import { checked, hasMethods } from '../decisions/index.js';
import type { LedgerErrorCode } from '../errors/index.js';

/** One network that is to be blocked. */
export interface NetworkBlock {
  /** In canonical text with its length: `203.0.113.5/32`, `2001:db8::/48`. */
  readonly network: string;
  /** How long from now, in milliseconds; `null`: until it is removed. */
  readonly remainingMs: number | null;
}

/** What an enforcer has to do at once. */
export interface EnforcementBatch {
  /** Whether `add` is the whole set, so that everything else goes; else it is a difference. */
  readonly replace: boolean;
  /** Blocks that are new or end at another time than before. */
  readonly add: readonly NetworkBlock[];
  /** Networks, as in {@link NetworkBlock}, that are blocked no longer; one that was not blocked is no error. */
  readonly remove: readonly string[];
}

/** Carries blocks out. */
export interface Enforcer {
  /** For messages and health: `nftables`. */
  readonly name: string;
  /** Whether a block ends by itself at its time also when this process is dead. If not, it is removed at its end, at start and at stop. */
  readonly expiresByItself: boolean;
  /** What {@link apply} would do, in the enforcer's own words; nothing is touched. */
  plan(batch: EnforcementBatch): string;
  /**
   * Does it, all or nothing. The same batch again changes nothing.
   * @throws TenstripError `EnforcerUnavailable`; the caller then sends the whole set later.
   */
  apply(batch: EnforcementBatch, signal?: AbortSignal): Promise<void>;
}

const dryRunSchema = z.object({
  enforcer: z.custom(hasMethods('plan'), 'an enforcer'),
  onPlan: z.custom((value) => typeof value === 'function', 'a function that is told the plan'),
});

/** An enforcer that only says what `enforcer` would do: to try a policy before it counts. Touches nothing. @throws TenstripError `OptionsInvalid` */
export function dryRun(enforcer: Enforcer, onPlan: (plan: string, batch: EnforcementBatch) => void): Enforcer {
  checked(dryRunSchema, { enforcer, onPlan }, 'what a dry run is of');
  const { name, expiresByItself } = enforcer;
  const plan = (batch: EnforcementBatch) => enforcer.plan(batch);
  return {
    name: `${name} (dry run)`,
    expiresByItself,
    plan,
    apply: async (batch) => onPlan(plan(batch), batch),
  };
}

/** Why an enforcer could not do its work, and what to do. */
export function enforcerUnavailable(enforcer: string, why: string, cause?: unknown): TenstripError<LedgerErrorCode> {
  return new TenstripError<LedgerErrorCode>('EnforcerUnavailable', `${enforcer}: ${why}`, {
    details: { enforcer },
    retryable: true,
    ...(cause === undefined ? {} : { cause }),
  });
}
