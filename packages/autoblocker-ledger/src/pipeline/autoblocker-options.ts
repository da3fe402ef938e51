// What a ledger is opened with. Every bound has a default and is named with its unit.

import type { Logger, ResourceGovernor, Signer } from '@tenstrip/shared-core';
import type { RailLimits } from '../decisions/index.js';
import type { Scenario } from '../scenarios/index.js';

/** Options of `AutoblockerLedger.open`. */
export interface AutoblockerOptions {
  /** Where the ledger lives; made when missing. `'memory:'` keeps nothing. */
  readonly folder: string;
  /** Caps, clock, randomness, sandbox. Default: ungoverned. */
  readonly governor?: ResourceGovernor;
  /** Signs checkpoints. Default: a key file of the folder, made on first use with mode 0600. */
  readonly signer?: Signer;
  /** Encrypts the key file at rest. Default: none, the file's mode protects it. */
  readonly passphrase?: string;
  /** The log's name in its checkpoints. Default: `tenstrip/autoblocker-ledger`. */
  readonly origin?: string;
  /** Addresses and networks that are never blocked, beside those that the ledger holds already. */
  readonly allowList?: readonly string[];
  /** Addresses of administrators' connections: never blocked, as the host's own. */
  readonly adminPeers?: readonly string[];
  /** The rules. Default: `builtInScenarios`. */
  readonly scenarios?: readonly Scenario[];
  /** Bounds of the rails; they can be set within limits and none can be switched off. */
  readonly rails?: Partial<RailLimits>;
  /** First ban in milliseconds. Default 4 h; each further one within 30 days is twice as long, at most 7 days. */
  readonly banMs?: number;
  /**
   * What "now" means for `isBlocked` and `query`: the clock, or the newest event read (to study old logs).
   * Default `'clock'`, and `'events'` when the governor is deterministic.
   */
  readonly time?: 'clock' | 'events';
  /** `'fsync'`: an acknowledged entry survives power loss; `'os'`: the death of the process only. Default `'fsync'`. */
  readonly durability?: 'fsync' | 'os';
  /** Live buckets of one scenario at most; beyond, the one that was quiet longest is dropped and counted. Default 1,000,000. */
  readonly maxBuckets?: number;
  readonly logger?: Logger;
}
