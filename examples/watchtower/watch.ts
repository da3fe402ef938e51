// The main job, top-down: open a ledger, read the logs through it, verify what it wrote with nothing but its folder,
// classify whom it blocked, score it where the truth is known, and show everything as text or JSON and as a page.

import { AutoblockerLedger, type ReadReport, verifyLedger } from '@tenstrip/autoblocker-ledger';
import { production, ResourceGovernor } from '@tenstrip/shared-core';
import { classifyActors } from './attack-taxonomy';
import { type AttestedRun, DecisionAttestor } from './attest';
import { exitCodes, type WatchCommand } from './command-line';
import { announceDecisions } from './follow';
import { jsonOf } from './json-output';
import { progressBar } from './progress-bar';
import { writeReport } from './report/page';
import { placeOf, recordedLogs } from './run-folder';
import { collectFindings, explainedActors, type Findings, type RunSummary } from './run-summary';
import { printSummary } from './terminal-output';
import { loadTruth, scoreAgainst, type Truth } from './truth';
import { visibleText } from './untrusted-text';
import { count } from './wording';

/** Runs one `watch` command to its end. @returns the exit code */
export async function watch(command: WatchCommand, signal: AbortSignal): Promise<number> {
  const logs = command.files.length > 0 ? command.files : recordedLogs;
  const truth = await loadTruth(logs, command.truth);
  const place = await placeOf(command);
  await using attestor = await DecisionAttestor.open(place.ledger);
  const findings = await runLedger(place.ledger, logs, truth, command, signal, attestor);
  const verification = await verifyLedger(place.ledger, { verifierKey: findings.verifierKey });
  const score = truth && scoreAgainst(truth, findings.blockedTargets, logs);
  const classes = await classifyActors(findings.blocked.slice(-explainedActors));
  const summary: RunSummary = { ...findings, ...place, score, classes, verification, interrupted: signal.aborted };
  await writeReport(summary);
  const attested = await attestor.run(summary);
  if (command.json) process.stdout.write(`${JSON.stringify({ ...jsonOf(summary), attestations: attested })}\n`);
  else {
    printSummary(summary);
    process.stdout.write(attestedText(attested));
  }
  return exitCode(summary);
}

/** Everything that needs the ledger open; it is flushed and closed when this returns. */
async function runLedger(
  folder: string,
  logs: readonly string[],
  truth: Truth | undefined,
  command: WatchCommand,
  signal: AbortSignal,
  attestor: DecisionAttestor,
): Promise<Findings> {
  await using governor = logGovernor();
  const time = command.follow ? 'clock' : 'events';
  await using ledger = await AutoblockerLedger.open({ folder, governor, time, allowList: command.allow });
  const read = await readLogs(ledger, logs, truth, command, signal, attestor);
  return collectFindings(ledger, read, governor.statistics());
}

/** Caps as for a service in production, but no deadline: a log is read however long it is. */
function logGovernor(): ResourceGovernor {
  const { deadlineMs: _, ...limits } = production();
  return new ResourceGovernor({ ...limits, name: 'watchtower' });
}

async function readLogs(
  ledger: AutoblockerLedger,
  logs: readonly string[],
  truth: Truth | undefined,
  command: WatchCommand,
  signal: AbortSignal,
  attestor: DecisionAttestor,
): Promise<ReadReport> {
  const dating = datingOf(truth, command);
  if (!command.follow) {
    using bar = progressBar();
    return await ledger.readLogs(logs, { ...dating, signal, onProgress: (progress) => bar.show(progress) });
  }
  if (process.stderr.isTTY) process.stderr.write(`following ${logs.length} files; Ctrl-C ends it\n`);
  const announce = announceDecisions(ledger, command.json);
  const onProgress = () => {
    announce.soon();
    attestor.soon();
  };
  const read = await ledger.follow(logs, { ...dating, signal, onProgress });
  await announce.rest();
  return read;
}

function attestedText({ decisions, verifierKey }: AttestedRun): string {
  return `  attested   ${count(decisions, 'change')} of decisions and this report, by ${visibleText(verifierKey)}\n\n`;
}

/** How time stamps without year or zone are read: as the truth states for recorded logs, else as the caller says. */
function datingOf(truth: Truth | undefined, command: WatchCommand): { utcOffsetMinutes?: number; newestTime?: number } {
  if (command.utc) return { utcOffsetMinutes: 0 };
  if (truth === undefined) return {};
  return { utcOffsetMinutes: truth.recorded.utcOffsetMinutes, newestTime: Date.parse(truth.recorded.to) };
}

function exitCode({ verification, read }: RunSummary): number {
  if (!verification.verified) return exitCodes.tampered;
  return read.skipped.length > 0 ? exitCodes.unreadable : exitCodes.done;
}
