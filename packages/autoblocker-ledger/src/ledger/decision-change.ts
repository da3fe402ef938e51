import type { Decision, RevokeReason } from '../decisions/index.js';

/** One change of the set of decisions. Its cursor is its ledger index: a reader that continues after it misses nothing. */
export type DecisionChange =
  | { readonly kind: 'added' | 'extended'; readonly cursor: bigint; readonly decision: Decision }
  | { readonly kind: 'revoked'; readonly cursor: bigint; readonly decision: Decision; readonly reason: RevokeReason };
