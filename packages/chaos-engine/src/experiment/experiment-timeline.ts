// A journal as one page to look at: what ran when, which faults were active, where the hypothesis was not met. No script, no
// reference to anything outside, and every text of the journal is escaped.

import { TenstripError } from '@tenstrip/shared-core/errors';
import { z } from 'zod';
import type { ChaosErrorCode } from '../errors/index.js';
import { targetName } from '../faults/index.js';
import type { ActivityRun, ExperimentJournal, SteadyState } from './experiment-journal.js';

interface Row {
  readonly lane: string;
  readonly name: string;
  readonly start: string;
  readonly end: string;
  readonly kind: 'good' | 'bad' | 'fault';
  readonly detail: unknown;
}

/** How many rows a page has; the first and the last are kept. */
const maximumRows = 2000;

/** The page of a journal, as HTML. @throws TenstripError `ExperimentInvalid` when it is none */
export function renderExperimentTimeline(journal: ExperimentJournal): string {
  assertJournal(journal);
  const { experiment, status, deviated, start, end, duration } = journal;
  const { stopped, score, faults } = journal['x-tenstrip'];
  const from = Date.parse(start);
  const span = Math.max(1, Date.parse(end) - from);
  const rows = shortened(rowsOf(journal));
  const facts = [
    `${status}${deviated ? ', deviated' : ''}`,
    `${duration.toFixed(3)} s from ${start}`,
    `${faults.length} faults`,
    ...(score === null ? [] : [`hypothesis met in ${score.toFixed(0)} % of askings`]),
    ...(stopped === undefined ? [] : [`stopped: ${stopped}`]),
  ];
  const lines = rows.map((row) => {
    const left = clamp(((Date.parse(row.start) - from) / span) * 100);
    const width = Math.max(0.3, clamp(((Date.parse(row.end) - from) / span) * 100) - left);
    const title = `${row.name}: ${row.start} – ${row.end}`;
    return `<tr><th>${escaped(row.lane)}</th><td class="name"><details><summary>${escaped(row.name)}</summary><pre>${escaped(detailText(row.detail))}</pre></details></td><td class="track"><i class="${row.kind}" style="left:${left.toFixed(2)}%;width:${width.toFixed(2)}%" title="${escaped(title)}"></i></td></tr>`;
  });
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width"><title>${escaped(experiment.title)}</title>
<style>
body{font:14px/1.5 system-ui,sans-serif;margin:2rem;color:#1b1f24;background:#fff}
table{border-collapse:collapse;width:100%}th{text-align:left;font-weight:400;color:#57606a;padding-right:1rem;white-space:nowrap;vertical-align:top}
td{vertical-align:top;border-top:1px solid #eaeef2}.name{width:28%}.track{position:relative;background:#f6f8fa}
i{position:absolute;top:.35em;height:.8em;border-radius:2px}.good{background:#2da44e}.bad{background:#cf222e}.fault{background:#bf8700}
pre{white-space:pre-wrap;overflow-wrap:anywhere;font-size:12px}li{display:inline-block;margin-right:1.5rem}ul{padding:0}
@media(prefers-color-scheme:dark){body{color:#e6edf3;background:#0d1117}.track{background:#161b22}td{border-color:#21262d}th{color:#8b949e}}
</style></head><body>
<h1>${escaped(experiment.title)}</h1><p>${escaped(experiment.description)}</p>
<ul>${facts.map((fact) => `<li>${escaped(fact)}</li>`).join('')}</ul>
<table>
${lines.join('\n')}
</table>
</body></html>
`;
}

function rowsOf(journal: ExperimentJournal): Row[] {
  const { before, after, during } = journal.steady_states;
  return [
    ...stateRows('before', before),
    ...journal['x-tenstrip'].guardrails
      .filter(({ tolerance_met }) => tolerance_met === false)
      .map((run) => runRow('guardrail', run)),
    ...during.flatMap((state) => stateRows('during', state)),
    ...journal['x-tenstrip'].faults.map(
      ({ target, fault, start, end, ...detail }): Row => ({
        lane: 'fault',
        name: `${fault.kind} on ${targetName(target)}`,
        start,
        end: [end, journal.end].toSorted()[0] ?? end,
        kind: 'fault',
        detail: { ...detail, target, fault },
      }),
    ),
    ...journal.run.map((run) => runRow('method', run)),
    ...stateRows('after', after),
    ...journal.rollbacks.map((run) => runRow('rollback', run)),
  ].toSorted((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0));
}

function stateRows(lane: string, state: SteadyState | null): Row[] {
  return (state?.probes ?? []).map((run) => runRow(lane, run));
}

function runRow(lane: string, { activity, ...run }: ActivityRun): Row {
  const good = run.status === 'succeeded' && run.tolerance_met !== false;
  return { lane, name: activity.name ?? '', start: run.start, end: run.end, kind: good ? 'good' : 'bad', detail: run };
}

function shortened(rows: readonly Row[]): Row[] {
  const half = maximumRows / 2;
  return rows.length <= maximumRows ? [...rows] : [...rows.slice(0, half), ...rows.slice(-half)];
}

function detailText(detail: unknown): string {
  const text = JSON.stringify(detail, undefined, 2);
  return text.length <= 4000 ? text : `${text.slice(0, 4000)}…`;
}

function clamp(percent: number): number {
  return Number.isFinite(percent) ? Math.min(100, Math.max(0, percent)) : 0;
}

function escaped(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, (one) => entities[one] ?? '');
}

const runsSchema = z.array(z.looseObject({ activity: z.looseObject({}), start: z.string(), end: z.string() }));
const stateSchema = z.looseObject({ probes: runsSchema });
/** What the page is made of. */
const journalSchema = z.looseObject({
  experiment: z.looseObject({ title: z.string() }),
  start: z.string(),
  end: z.string(),
  duration: z.number(),
  steady_states: z.looseObject({
    before: stateSchema.nullable(),
    after: stateSchema.nullable(),
    during: z.array(stateSchema),
  }),
  run: runsSchema,
  rollbacks: runsSchema,
  'x-tenstrip': z.looseObject({
    faults: z.array(z.looseObject({})),
    guardrails: runsSchema,
    score: z.number().nullable(),
  }),
});

function assertJournal(journal: unknown): void {
  const { error } = journalSchema.safeParse(journal);
  if (error === undefined) return;
  const issues = error.issues.map(({ path, message }) => `${path.map(String).join('.') || 'journal'}: ${message}`);
  throw new TenstripError<ChaosErrorCode>('ExperimentInvalid', `this is no journal of an experiment: ${issues[0]}`, {
    details: { issues },
  });
}
