// `explain <ledger> <id>`: why somebody is blocked, in the order in which that person would ask.

import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { AutoblockerLedger, type Explanation } from '@tenstrip/autoblocker-ledger';
import { TenstripError } from '@tenstrip/shared-core';
import type { ExplainCommand } from './command-line';
import { withoutRepeats } from './run-summary';
import { visibleText } from './untrusted-text';
import { count, escalationText, historyText, railsText, targetName, targetText, timeText } from './wording';

/** Runs one `explain` command. @returns the exit code */
export async function explainDecision(command: ExplainCommand): Promise<number> {
  const folder = resolve(command.ledger);
  await requireLedger(folder);
  await using ledger = await AutoblockerLedger.open({ folder, time: 'events' });
  const explanation = withoutRepeats(await ledger.explain(command.id));
  process.stdout.write(
    command.json ? `${JSON.stringify(explanationJson(explanation))}\n` : explanationText(explanation),
  );
  return 0;
}

/** Opening would make a new, empty ledger where there is none; asking for an explanation must not. */
async function requireLedger(folder: string): Promise<void> {
  const found = await stat(join(folder, 'verifier.key')).catch(() => undefined);
  if (found?.isFile()) return;
  throw new TenstripError(
    'LedgerMissing',
    `${folder} holds no ledger. Name the folder that a run printed after 'ledger'.`,
  );
}

function explanationText(explanation: Explanation): string {
  const { decision, rule, evidence, history, entry, proof, verifierKey, revocation } = explanation;
  const until = decision.until === null ? 'for good' : `until ${timeText(decision.until)}`;
  return [
    `${targetText(decision.target)}: ${decision.action} from ${timeText(decision.from)} ${until} UTC, ${decision.state}`,
    `rule      ${visibleText(rule.name)} ${visibleText(rule.version)}: ${visibleText(rule.description)}`,
    `because   ${visibleText(decision.reason)}`,
    `length    ${escalationText(explanation)}`,
    `rails     ${railsText(explanation)}`,
    `evidence  ${count(evidence.length, 'line')}`,
    ...evidence.map(
      ({ time, line, digest }) => `  ${timeText(time)}  ${visibleText(line ?? `erased; SHA-256 ${digest}`)}`,
    ),
    ...history.map((change) => `then      ${historyText(change)}`),
    `appeal    ${visibleText(revocation)}`,
    `key       ${visibleText(verifierKey)}`,
    `entry     ${visibleText(entry)}`,
    'proof',
    ...proof
      .trimEnd()
      .split('\n')
      .map((line) => `  ${visibleText(line)}`),
    '',
  ].join('\n');
}

function explanationJson(explanation: Explanation): object {
  const { decision, history } = explanation;
  return {
    ...explanation,
    decision: { ...decision, id: Number(decision.id), target: targetName(decision.target) },
    history: history.map((change) => ({ ...change, entry: Number(change.entry) })),
  };
}
