// Blocks that a person wishes, and that are let through.
import type { AutoblockerLedger, BlockTarget } from '../../src/index.js';

const hour = 3_600_000;

/** What blocks a target in a ledger, and gives the decision's id. `ledgerNow`: the ledger of the test that runs. */
export function blockerOf(ledgerNow: () => AutoblockerLedger) {
  return async (
    target: BlockTarget | string,
    durationMs: number | null = hour,
    domains: 'all' | string[] = 'all',
  ): Promise<bigint> => {
    const outcome = await ledgerNow().addBlock({ target, reason: 'test', durationMs, domains });
    if (outcome.kind !== 'decided' && outcome.kind !== 'extended') throw new Error(outcome.kind);
    return outcome.decision.id;
  };
}
