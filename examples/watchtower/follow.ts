// Live output of `--follow`: each decision is printed when the ledger holds it, read from the ledger's own stream of
// changes, so that none is shown that is not durable and none is shown twice.

import type { AutoblockerLedger, DecisionChange } from '@tenstrip/autoblocker-ledger';
import { visibleText } from './untrusted-text';
import { targetName, targetText, timeText } from './wording';

/** Prints what changed since the last time. */
export interface Announcer {
  /** Prints soon, without waiting; calls that meet a printing in progress are joined. */
  soon(): void;
  /** Prints everything that is left. @throws what reading the ledger threw */
  rest(): Promise<void>;
}

/** Announces the decisions of `ledger` from its present end on. */
export function announceDecisions(ledger: AutoblockerLedger, json: boolean): Announcer {
  let cursor = ledger.size - 1n;
  let printing: Promise<void> = Promise.resolve();
  let waiting = false;
  const print = async () => {
    waiting = false;
    for await (const change of ledger.changesSince(cursor)) {
      cursor = change.cursor;
      process.stdout.write(`${json ? JSON.stringify(changeJson(change)) : changeLine(change)}\n`);
    }
  };
  return {
    soon() {
      if (waiting) return;
      waiting = true;
      printing = printing.then(print);
      printing.catch(() => {}); // `rest` reports it
    },
    async rest() {
      await printing;
      await print();
    },
  };
}

function changeLine({ kind, decision }: DecisionChange): string {
  const until = decision.until === null ? 'for good' : `until ${timeText(decision.until)}`;
  const what = kind === 'added' && decision.state === 'pending-review' ? 'held for review' : kind;
  return `${timeText(decision.from)}  ${what}  ${targetText(decision.target)}  ${decision.scenario.name}  ${until}  ${visibleText(decision.reason, 120)}`;
}

function changeJson({ kind, cursor, decision }: DecisionChange): object {
  return {
    change: kind,
    entry: Number(cursor),
    decision: Number(decision.id),
    target: targetName(decision.target),
    scenario: decision.scenario.name,
    state: decision.state,
    from: new Date(decision.from).toISOString(),
    until: decision.until === null ? null : new Date(decision.until).toISOString(),
  };
}
