// What a ledger is opened with. Every bound has a default and is named with its unit.

import type { ResourceGovernor } from '@tenstrip/shared-core';
import type { Signer } from '@tenstrip/shared-core/crypto';
import { z } from 'zod';
import { checked, hasMethods, type RailLimits, railLimitsSchema } from '../decisions/index.js';
import type { RuleSet } from '../rules/index.js';
import type { Scenario } from '../scenarios/index.js';

/** Options of `AutoblockerLedger.open`. */
export interface AutoblockerOptions {
  /** Where the ledger lives; made when missing. `'memory:'` keeps nothing. */
  readonly folder: string;
  /** Caps, clock, randomness, sandbox. Default: ungoverned. */
  readonly governor?: ResourceGovernor;
  /** Signs checkpoints. Default: a key file of the folder, made on first use with mode 0600. */
  readonly signer?: Signer;
  /** Seals the key file at rest. Default: none, the file's mode protects it. */
  readonly passphrase?: string;
  /** The log's name in its checkpoints, without spaces and `+`. Default: `tenstrip/autoblocker-ledger`. */
  readonly origin?: string;
  /** Addresses and networks that are never blocked, beside those that the ledger holds already. */
  readonly allowList?: readonly string[];
  /** Addresses of administrators' connections: never blocked, as the host's own. */
  readonly adminPeers?: readonly string[];
  /** Networks behind which many people are, such as proxies and NAT: rules throttle there and ban nobody. 100.64.0.0/10 (RFC 6598) always is one. */
  readonly sharedNetworks?: readonly string[];
  /** The scenarios, beside those of `rules`. Default: those of `rules`, and without these `builtInScenarios`. */
  readonly scenarios?: readonly Scenario[];
  /** Rules of CrowdSec's hub, from `compileRules`: they read the lines of logs instead of the built-in parsers, and judge them. */
  readonly rules?: RuleSet;
  /** Bounds of the rails; they can be set within limits and none can be switched off. */
  readonly rails?: Partial<RailLimits>;
  /** First ban in milliseconds, 1 minute to 7 days. Default 4 h; each further one within 30 days is twice as long, at most 7 days. */
  readonly banMs?: number;
  /**
   * What "now" means for `isBlocked` and `query`: the clock, or the newest event read (to study old logs).
   * Default `'clock'`, and `'events'` when the governor is deterministic.
   */
  readonly time?: 'clock' | 'events';
  /** `'fsync'`: an acknowledged entry survives power loss; `'os'`: the death of the process only. Default `'fsync'`. */
  readonly durability?: 'fsync' | 'os';
  /** Live buckets of one scenario at most; beyond, the one that was quiet longest is dropped and counted. Default 200,000. */
  readonly maxBuckets?: number;
}

/** {@link AutoblockerOptions.maxBuckets} from outside. */
export const maxBucketsSchema = z.number().int().min(1).max(10_000_000).default(200_000);

const optionsSchema = z.strictObject({
  folder: z.string().min(1),
  governor: z.custom<ResourceGovernor>(hasMethods('run', 'context', 'entropy'), 'a resource governor').optional(),
  signer: z.custom<Signer>(hasMethods('sign'), 'a signer').optional(),
  passphrase: z.string().min(1).optional(),
  origin: z
    .string()
    .regex(/^[^\s+]+$/, 'no spaces and no +')
    .default('tenstrip/autoblocker-ledger'),
  allowList: z.array(z.string()).max(10_000).default([]),
  adminPeers: z.array(z.string()).max(1000).default([]),
  sharedNetworks: z.array(z.string()).max(10_000).default([]),
  scenarios: z.custom<readonly Scenario[]>(Array.isArray, 'an array of scenarios').optional(),
  rules: z.custom<RuleSet>(hasMethods('lineParser'), 'a rule set of compileRules').optional(),
  rails: railLimitsSchema.prefault({}),
  banMs: z
    .number()
    .int()
    .min(60_000)
    .max(7 * 86_400_000)
    .default(4 * 3_600_000),
  time: z.enum(['clock', 'events']).optional(),
  durability: z.enum(['fsync', 'os']).default('fsync'),
  maxBuckets: maxBucketsSchema,
});

/** Options with their defaults. @throws TenstripError `OptionsInvalid` with every wrong one at once. */
export function checkedOptions(options: AutoblockerOptions): z.output<typeof optionsSchema> {
  return checked(optionsSchema, options, 'what a ledger can be opened with');
}
