// The run as text for people: who is blocked, what the ledger holds, how it compares with the truth. Colours only on a
// terminal that wants them; every text that came out of a log is made visible first.

import { pathToFileURL } from 'node:url';
import { styleText } from 'node:util';
import Table from 'cli-table3';
import type { BlockedActor, RunSummary } from './run-summary';
import type { Score } from './truth';
import { visibleText } from './untrusted-text';
import { count, pathText, scenarioText, targetText, timeText } from './wording';

const shownActors = 40;
const shownProblems = 20;
const coloured = process.stdout.isTTY === true && process.env.NO_COLOR === undefined;

/** Prints the whole run to standard output. */
export function printSummary(summary: RunSummary): void {
  const parts = [inputText(summary), blockedText(summary), factsText(summary)];
  process.stdout.write(`\n${parts.join('\n\n')}\n\n`);
}

function inputText({ read, interrupted }: RunSummary): string {
  const files = read.sources.map(sourceText);
  const skipped = read.skipped.map(({ path, error }) => {
    return paint('yellow', `  skipped ${visibleText(path)}: ${visibleText(error.message)} [${error.code}]`);
  });
  const stopped = interrupted ? [paint('yellow', '  interrupted: what was read so far is written and verified')] : [];
  return [...files, ...skipped, ...stopped].join('\n');
}

function sourceText(source: RunSummary['read']['sources'][number]): string {
  const notes = [
    `${count(source.lines, 'line')}, ${count(source.events, 'event')}`,
    ...(source.unrecognised > 0 ? [`${count(source.unrecognised, 'unknown line')}`] : []),
    ...(source.cut > 0 ? [`${count(source.cut, 'line')} cut at 8 KiB`] : []),
    ...(source.garbled > 0 ? [`${count(source.garbled, 'garbled line')}`] : []),
    ...(source.rotations > 0 ? [`${count(source.rotations, 'rotation')}`] : []),
    ...(source.resumedAt > 0 ? [`continued at byte ${source.resumedAt.toLocaleString('en')}`] : []),
  ];
  return `  ${paint('bold', pathText(source.path))}  ${notes.join(' · ')}`;
}

function blockedText({ blocked, review, read }: RunSummary): string {
  if (blocked.length === 0) return '  Nobody is blocked.';
  const table = new Table({
    head: ['blocked', 'scenario', 'evidence', 'from (UTC)', 'until (UTC)', 'decision'],
    colAligns: ['left', 'left', 'right', 'left', 'left', 'right'],
    chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
    style: coloured ? { head: ['bold'], border: ['grey'] } : { head: [], border: [] },
  });
  for (const actor of blocked.slice(0, shownActors)) table.push(actorRow(actor));
  const more = blocked.length - shownActors;
  const notes = [
    ...(more > 0 ? [`  and ${count(more, 'more actor')}: see the report`] : []),
    ...(review.length > 0 ? [`  ${count(review.length, 'decision')} held for review by a safety rail`] : []),
    ...Object.entries(read.refused).map(([rail, times]) => `  rail ${rail} refused ${count(times, 'block')}`),
  ];
  return [indent(table.toString()), ...notes].join('\n');
}

function actorRow(actor: BlockedActor): string[] {
  const scenarios = actor.scenarios.map(scenarioText).join('\n');
  const until = actor.until === null ? 'for good' : timeText(actor.until);
  const ids = actor.decisions.slice(0, 3).map(({ id }) => String(id));
  return [
    paint('red', targetText(actor.target)),
    scenarios,
    count(actor.evidence),
    timeText(actor.from),
    until,
    ids.join(' '),
  ];
}

function factsText(summary: RunSummary): string {
  const { verification, score, ledger, report } = summary;
  const [origin = '', size = '', root = ''] = verification.checkpoint.split('\n');
  const facts: [string, string][] = [
    ['ledger', `${count(Number(verification.size), 'entry', 'entries')} in ${pathText(ledger)}`],
    ['checkpoint', `${visibleText(origin)} · ${visibleText(size)} · ${visibleText(root)}`],
    ['verified', verifiedText(summary)],
    ...(score === undefined ? [] : scoreFacts(score)),
    ['governor', governorText(summary)],
    ['report', pathToFileURL(report).href],
  ];
  return facts.map(([name, text]) => `  ${paint('grey', name.padEnd(11))}${text}`).join('\n');
}

function governorText({ governor }: RunSummary): string {
  const read = `${(governor.ioBytes / 1e6).toFixed(1)} MB in ${count(governor.ioOps, 'I/O operation')}`;
  const held = governor.throttled > 0 ? `, throttled ${count(governor.throttled, 'time')}` : '';
  return `${(governor.cpuMicros / 1e6).toFixed(2)} s of CPU, ${read}${held}`;
}

function verifiedText({ verification }: RunSummary): string {
  if (verification.verified) {
    return paint('green', 'yes: every entry, proof and signature, in a pass of its own over the folder');
  }
  return [paint('red', 'NO'), ...problemLines(verification.problems)].join('\n');
}

/** One line for each problem of a ledger, the first twenty. */
export function problemLines(
  problems: readonly { readonly index: bigint | undefined; readonly code: string; readonly message: string }[],
): string[] {
  const lines = problems.slice(0, shownProblems).map(({ index, code, message }) => {
    return `  ${index === undefined ? '' : `entry ${index}: `}${visibleText(message)} [${code}]`;
  });
  const more = problems.length - shownProblems;
  return more > 0 ? [...lines, `  and ${count(more, 'more problem')}`] : lines;
}

function scoreFacts(score: Score): [string, string][] {
  const found = score.attackersAbove - score.missed.length;
  const right = paint(score.wronglyBlocked.length === 0 ? 'green' : 'red', score.precision.toFixed(3));
  const complete = paint(score.missed.length === 0 ? 'green' : 'yellow', score.recall.toFixed(3));
  const wrong = score.wronglyBlocked.map((address) => visibleText(address)).join(', ');
  const missed = score.missed.map(({ address, attack }) => visibleText(`${address} (${attack})`)).join(', ');
  return [
    [
      'precision',
      `${right}  ${wrong === '' ? `none of ${score.legitimate} legitimate addresses is blocked` : `wrongly blocked: ${wrong}`}`,
    ],
    [
      'recall',
      `${complete}  ${found} of ${score.attackersAbove} attackers above their threshold${missed === '' ? '' : `; missed: ${missed}`}`,
    ],
  ];
}

function paint(style: 'red' | 'green' | 'yellow' | 'grey' | 'bold', text: string): string {
  return coloured ? styleText(style, text) : text;
}

function indent(text: string): string {
  return text.replace(/^/gm, '  ');
}
