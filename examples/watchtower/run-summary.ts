// What a run found, gathered while the ledger is open: who is blocked and why, who waits for review, and what the
// ledger holds. Terminal, JSON and page are three views of this one value.

import type {
  ActorRecord,
  AutoblockerLedger,
  BlockTarget,
  Decision,
  Explanation,
  LedgerStatistics,
  ReadReport,
  VerificationReport,
} from '@tenstrip/autoblocker-ledger';
import type { GovernorStatistics } from '@tenstrip/shared-core';
import type { ActorClass } from './attack-taxonomy';
import type { Score } from './truth';
import { targetName } from './wording';

/** Newest actors whose evidence is gathered and that the page shows; that of the others stays in the ledger. */
export const explainedActors = 1000;

/** One actor that was blocked. */
export interface BlockedActor {
  readonly target: BlockTarget;
  readonly scenarios: readonly string[];
  /** How many different lines its decisions rest on. */
  readonly evidence: number;
  /** Milliseconds since 1970: its first event, its first decision, the end of the last one. */
  readonly firstSeen: number;
  readonly from: number;
  readonly until: number | null;
  readonly decisions: readonly Decision[];
  /** One for each decision, with the lines that it rests on. Empty before the newest thousand actors. */
  readonly explanations: readonly Explanation[];
}

/** What a reading found. */
export interface Findings {
  readonly read: ReadReport;
  /** In the order of their first decision. */
  readonly blocked: readonly BlockedActor[];
  /** Addresses and networks that are blocked, as texts. */
  readonly blockedTargets: ReadonlySet<string>;
  /** Held back by a rail until a person looks. */
  readonly review: readonly Decision[];
  readonly statistics: LedgerStatistics;
  readonly verifierKey: string;
  /** What the reading used, as its governor measured it. */
  readonly governor: GovernorStatistics;
}

/** A whole run. */
export interface RunSummary extends Findings {
  /** Folder of the ledger. */
  readonly ledger: string;
  /** Path of the page. */
  readonly report: string;
  readonly score: Score | undefined;
  /** What kinds of attackers the blocked ones are, by `actorName`. */
  readonly classes: ReadonlyMap<string, readonly ActorClass[]>;
  readonly verification: VerificationReport;
  readonly interrupted: boolean;
}

/** Gathers what `ledger` holds after a reading. */
export async function collectFindings(
  ledger: AutoblockerLedger,
  read: ReadReport,
  governor: GovernorStatistics,
): Promise<Findings> {
  const blocked: BlockedActor[] = [];
  const actors = ledger.actors().filter((actor) => actor.decisions.some(wasEnforced));
  for (const [n, actor] of actors.entries()) {
    blocked.push(await blockedActor(ledger, actor, n >= actors.length - explainedActors));
  }
  const review: Decision[] = [];
  for await (const decision of ledger.query({ state: 'pending-review' })) review.push(decision);
  const placed = blocked.filter(({ target }) => target.kind === 'ip' || target.kind === 'range');
  const blockedTargets = new Set(placed.map(({ target }) => targetName(target)));
  return {
    read,
    blocked,
    blockedTargets,
    review,
    statistics: ledger.statistics(),
    verifierKey: ledger.verifierKey,
    governor,
  };
}

async function blockedActor(ledger: AutoblockerLedger, actor: ActorRecord, explained: boolean): Promise<BlockedActor> {
  const decisions = actor.decisions.filter(wasEnforced);
  const explanations: Explanation[] = [];
  for (const { id } of explained ? decisions : []) explanations.push(withoutRepeats(await ledger.explain(id)));
  const from = earliest(decisions.map((decision) => decision.from));
  return {
    target: actor.target,
    scenarios: actor.scenarios,
    evidence: explained
      ? explanations.reduce((sum, explanation) => sum + explanation.evidence.length, 0)
      : new Set(decisions.flatMap((decision) => decision.evidence)).size,
    firstSeen: earliest(explanations.flatMap(({ evidence }) => evidence.map(({ time }) => time)).concat(from)),
    from,
    until: actor.until,
    decisions,
    explanations,
  };
}

/** Two rules that overflow by the same lines keep each line twice; people read it once. */
export function withoutRepeats(explanation: Explanation): Explanation {
  const lines = new Map(explanation.evidence.map((line) => [`${line.source} ${line.offset} ${line.digest}`, line]));
  return { ...explanation, evidence: [...lines.values()].sort((a, b) => a.time - b.time) };
}

function earliest(times: readonly number[]): number {
  return times.reduce((first, time) => Math.min(first, time), Number.POSITIVE_INFINITY);
}

/** Whether a decision was ever in force, whether or not its time is over. */
function wasEnforced(decision: Decision): boolean {
  return decision.state === 'active' || decision.state === 'expired';
}
