import type { OperationContext } from '@tenstrip/shared-core';
import type { BlockProposal, Decision, DecisionOutcome, DecisionState, RevokeReason } from '../decisions/index.js';
import type { BlockTarget, SecurityEvent } from '../events/index.js';
import type { DecisionChange, Explanation, VerificationReport } from '../ledger/index.js';
import type { Scenario } from '../scenarios/index.js';
import type { AutoblockerOptions } from './autoblocker-options.js';
import type { ReadLogsOptions, ReadReport } from './read-report.js';

export interface IngestReceipt {
  readonly events: number;
  readonly outcomes: readonly DecisionOutcome[];
  readonly checkpoint: string;
}
export interface RevocationReceipt {
  readonly decision: Decision;
  readonly entry: bigint;
  readonly alreadyRevoked: boolean;
}
export interface ActorRecord {
  readonly target: BlockTarget;
  readonly decisions: readonly Decision[];
  readonly scenarios: readonly string[];
  readonly eventCount: number;
  readonly firstSeen: number;
  readonly until: number | null;
}
export interface LedgerStatistics {
  readonly size: bigint;
  readonly entries: Readonly<Record<string, number>>;
  readonly decisions: Readonly<Record<DecisionState, number>>;
  readonly buckets: Readonly<Record<string, { live: number; overflows: number; evicted: number }>>;
  readonly now: number;
}
export interface CallOptions {
  readonly context?: OperationContext;
  readonly signal?: AbortSignal;
}
export declare class AutoblockerLedger implements AsyncDisposable {
  private constructor();
  static open(options: AutoblockerOptions): Promise<AutoblockerLedger>;
  readonly folder: string;
  readonly scenarios: readonly Scenario[];
  readonly verifierKey: string;
  get size(): bigint;
  get checkpoint(): string;
  get now(): number;
  readLogs(files: readonly string[], options?: ReadLogsOptions & CallOptions): Promise<ReadReport>;
  follow(files: readonly string[], options: ReadLogsOptions & CallOptions): Promise<ReadReport>;
  ingest(events: SecurityEvent | readonly SecurityEvent[], options?: CallOptions): Promise<IngestReceipt>;
  addBlock(proposal: BlockProposal, options?: CallOptions): Promise<DecisionOutcome>;
  revoke(id: bigint, reason: RevokeReason): Promise<RevocationReceipt>;
  allow(network: string, note?: string): Promise<{ revoked: readonly bigint[] }>;
  disallow(network: string): Promise<void>;
  allowList(): readonly string[];
  isBlocked(target: BlockTarget | string, domain?: string, at?: number): Decision | undefined;
  query(q?: {
    target?: BlockTarget;
    from?: Date;
    to?: Date;
    state?: DecisionState;
    at?: number;
  }): AsyncIterable<Decision>;
  actors(): readonly ActorRecord[];
  explain(id: bigint): Promise<Explanation>;
  changesSince(cursor: bigint): AsyncIterable<DecisionChange>;
  prove(index: bigint): Promise<string>;
  verify(): Promise<VerificationReport>;
  statistics(): LedgerStatistics;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
export declare function verifyLedger(
  folder: string,
  options?: { verifierKey?: string; checkpoint?: string; signal?: AbortSignal },
): Promise<VerificationReport>;
