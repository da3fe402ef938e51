// What the calls of a ledger take and give.

import type { OperationContext } from '@tenstrip/shared-core';
import type { ErrorJson } from '@tenstrip/shared-core/errors';
import type { Decision, DecisionOutcome, DecisionState } from '../decisions/index.js';
import type { BlockTarget } from '../events/index.js';
import type { StampOptions } from './read-report.js';

/** What long calls take. */
export interface CallOptions {
  /** The operation that this call is part of. Default: one of the ledger's governor. */
  readonly context?: OperationContext;
  readonly signal?: AbortSignal;
}

/** What events are given in with. */
export interface IngestOptions extends CallOptions {
  /**
   * The caller's name for these events, at most 256 characters: a second time under it they are not counted, over a restart too.
   * Other events under it are refused.
   */
  readonly batch?: string;
}

/** That events were taken and what they led to is durable. */
export interface IngestReceipt {
  readonly events: number;
  /** They were taken before, under the same `batch`, and had no effect now. */
  readonly repeated: boolean;
  readonly outcomes: readonly DecisionOutcome[];
  /** A signed checkpoint that covers all outcomes. */
  readonly checkpoint: string;
}

/** What lines are given in with. */
export interface LineOptions extends IngestOptions, StampOptions {
  /** What the source is called in evidence. */
  readonly source: string;
}

/** The same for lines. */
export interface LineReceipt extends IngestReceipt {
  /** Lines of a known program that are of no interest here. */
  readonly recognised: number;
  /** Lines that no parser knows. */
  readonly unrecognised: number;
}

/** That a decision is taken back. */
export interface RevocationReceipt {
  readonly decision: Decision;
  /** The entry that revoked it; `undefined` when an earlier one had. */
  readonly entry: bigint | undefined;
  readonly alreadyRevoked: boolean;
}

/** Somebody on whom there are decisions. */
export interface ActorRecord {
  readonly target: BlockTarget;
  /** Oldest first. */
  readonly decisions: readonly Decision[];
  /** Every rule that led to them. */
  readonly scenarios: readonly string[];
  readonly eventCount: number;
  /** When the first decision was made, in milliseconds since 1970. */
  readonly firstSeen: number;
  /** When the last one ends; `null`: never. */
  readonly until: number | null;
}

/** Counts of a ledger. */
export interface LedgerStatistics {
  readonly size: bigint;
  /** Entries by class. */
  readonly entries: Readonly<Record<string, number>>;
  readonly decisions: Readonly<Record<DecisionState, number>>;
  /** By scenario: buckets that live, and since the start their overflows and evictions. */
  readonly buckets: Readonly<
    Record<string, { readonly live: number; readonly overflows: number; readonly evicted: number }>
  >;
  /** Identifiers whose failures are added up over domains, and since the start overflows, evictions and links dropped for room. */
  readonly actors: {
    readonly identities: number;
    readonly overflows: number;
    readonly evicted: number;
    readonly linksDropped: number;
  };
  /** Events since the start that were refusals by an earlier block, and did not count. */
  readonly feedbackEvents: number;
  /**
   * Entries that took effect in memory and are not on disk, and what the disk said when it refused the last write, until it
   * takes one again. While it refuses, nothing new is taken.
   */
  readonly unwritten: { readonly entries: number; readonly refusal: ErrorJson | undefined };
  /** What "now" is, in milliseconds since 1970. */
  readonly now: number;
}

/** What `AutoblockerLedger.query` looks for. */
export interface DecisionQuery {
  readonly target?: BlockTarget | string;
  /** Decisions made from here on. */
  readonly from?: Date;
  /** Decisions made before. */
  readonly to?: Date;
  readonly state?: DecisionState;
  /** The moment of whose state is asked, in milliseconds since 1970. Default: now. */
  readonly at?: number;
}
