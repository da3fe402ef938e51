// The document that `--json` prints. Times are ISO 8601 in UTC, ids are numbers, names are what the ledger calls them.

import type { Decision } from '@tenstrip/autoblocker-ledger';
import { actorName } from './attack-taxonomy';
import type { BlockedActor, RunSummary } from './run-summary';
import { targetName } from './wording';

/** The run as plain JSON. */
export function jsonOf(summary: RunSummary): object {
  const { read, verification, score } = summary;
  return {
    input: {
      sources: read.sources,
      skipped: read.skipped.map(({ path, error }) => ({ path, code: error.code, message: error.message })),
      lines: read.lines,
      bytes: read.bytes,
      events: read.events,
      parsers: read.parsers,
      firstEvent: isoTime(read.firstEventTime),
      lastEvent: isoTime(read.lastEventTime),
    },
    outcomes: {
      overflows: read.overflows,
      decided: read.decided,
      extended: read.extended,
      reviews: read.reviews,
      refused: read.refused,
    },
    blocked: summary.blocked.map((actor) => actorJson(actor, summary)),
    review: summary.review.map(decisionJson),
    score: score ?? null,
    ledger: {
      folder: summary.ledger,
      size: Number(verification.size),
      entries: verification.entries,
      checkpoint: verification.checkpoint,
      verifierKey: verification.verifierKey,
      verified: verification.verified,
      problems: verification.problems.map(({ index, code, message }) => ({ entry: Number(index), code, message })),
    },
    governor: {
      cpuMs: summary.governor.cpuMicros / 1000,
      ioOperations: summary.governor.ioOps,
      ioBytes: summary.governor.ioBytes,
      throttled: summary.governor.throttled,
      refused: summary.governor.refused,
    },
    report: summary.report,
    interrupted: summary.interrupted,
  };
}

function actorJson(actor: BlockedActor, { classes }: RunSummary): object {
  return {
    kind: actor.target.kind,
    target: targetName(actor.target),
    scenarios: actor.scenarios,
    evidence: actor.evidence,
    firstSeen: isoTime(actor.firstSeen),
    from: isoTime(actor.from),
    until: isoTime(actor.until),
    decisions: actor.decisions.map(({ id }) => Number(id)),
    classes: classes.get(actorName(actor)) ?? [],
  };
}

function decisionJson(decision: Decision): object {
  return {
    decision: Number(decision.id),
    kind: decision.target.kind,
    target: targetName(decision.target),
    scenario: decision.scenario.name,
    reason: decision.reason,
    from: isoTime(decision.from),
  };
}

function isoTime(time: number | null | undefined): string | null {
  return time === null || time === undefined ? null : new Date(time).toISOString();
}
