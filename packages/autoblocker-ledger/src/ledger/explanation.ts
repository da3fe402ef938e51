// The answer to "why was I blocked": the rule, the lines, the proof that the ledger holds the decision, and the way back.

import type { Decision, RailCode, RevokeReason } from '../decisions/index.js';

/** One line that a decision rests on. */
export interface EvidenceLine {
  /** SHA-256 of the whole original line, in hex. */
  readonly digest: string;
  /** The line, cut at 1 KiB and with credentials in query strings masked; `undefined` after erasure. */
  readonly line: string | undefined;
  readonly source: string | undefined;
  /** Where the line begins in its source, in bytes. */
  readonly offset: number | undefined;
  /** When it happened, in milliseconds since 1970. */
  readonly time: number;
}

/** What happened to a decision after it was made. */
export type DecisionHistory =
  | {
      readonly kind: 'extended';
      readonly entry: bigint;
      readonly time: number;
      readonly until: number | null;
      readonly scenario: string;
    }
  | { readonly kind: 'revoked'; readonly entry: bigint; readonly time: number; readonly reason: RevokeReason };

/** Why a decision stands, with proof. */
export interface Explanation {
  readonly decision: Decision;
  readonly rule: { readonly name: string; readonly version: string; readonly description: string };
  /** Every line that it and its extensions rest on, in the order in which they led to it. */
  readonly evidence: readonly EvidenceLine[];
  readonly history: readonly DecisionHistory[];
  /** How its first length came about. */
  readonly escalation: {
    /** Bans of the same target in the 30 days before, in whatever domain, each of which doubles the next. */
    readonly earlier: number;
    /** In milliseconds; `null`: without end, as a person said. */
    readonly lengthMs: number | null;
  };
  /** Every rail, in the order in which they were asked, and what it objected; those that did not let it pass. */
  readonly rails: readonly { readonly code: RailCode; readonly objection: string | undefined }[];
  /** The decision's entry as it stands in the log: canonical JSON. */
  readonly entry: string;
  /** A C2SP tlog-proof: the entry's inclusion in the checkpoint below, checkable without this package. */
  readonly proof: string;
  /** The signed note that covers the entry. */
  readonly checkpoint: string;
  /** The key that signed it, in the C2SP form `origin+hash+base64`. */
  readonly verifierKey: string;
  /** How to have the decision taken back, in words. */
  readonly revocation: string;
}
