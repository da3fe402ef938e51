// The head of the page: the figures of the run, the timeline, the table of blocked actors, and what the ledger holds.

import { type BlockedActor, explainedActors, type RunSummary } from '../run-summary';
import type { Score } from '../truth';
import { count, pathText, scenarioText, targetText, timeText } from '../wording';
import { actorAnchor } from './actor-section';
import { html, type Markup } from './markup';
import { preformatted } from './preformatted';

/** Everything above the sections of the single actors. */
export function overview(summary: RunSummary): Markup {
  return html`<header>
<h1>watchtower</h1>
<p class="muted">${period(summary)}</p>
<ul class="figures">${figures(summary)}</ul>
</header>
${summary.blocked.length === 0 ? html`<p>Nobody is blocked.</p>` : timelineSection()}
${summary.blocked.length === 0 ? '' : blockedTable(summary.blocked)}
${reviewTable(summary)}
${summary.score === undefined ? '' : scoreSection(summary.score)}
${ledgerSection(summary)}
${inputSection(summary)}`;
}

function period({ read, interrupted }: RunSummary): string {
  const { firstEventTime: first, lastEventTime: last } = read;
  const time = first === undefined || last === undefined ? 'no events' : `${timeText(first)} to ${timeText(last)} UTC`;
  return `${count(read.lines, 'line')} of ${count(read.sources.length, 'log')} · ${time}${interrupted ? ' · interrupted' : ''}`;
}

function figures({ read, blocked, verification, score }: RunSummary): Markup[] {
  const figure = (value: string, name: string, mood = '') => {
    return html`<li class="${mood}"><strong>${value}</strong><span>${name}</span></li>`;
  };
  return [
    figure(count(read.events), 'security events'),
    figure(count(blocked.length), blocked.length === 1 ? 'actor blocked' : 'actors blocked', 'accent'),
    ...(score === undefined
      ? []
      : [
          figure(score.precision.toFixed(3), 'precision', score.precision === 1 ? 'good' : 'bad'),
          figure(score.recall.toFixed(3), 'recall', score.recall >= 0.95 ? 'good' : 'bad'),
        ]),
    figure(count(Number(verification.size)), 'ledger entries'),
    verification.verified
      ? figure('verified', 'all entries and proofs', 'good')
      : figure('NOT VERIFIED', 'see below', 'bad'),
  ];
}

function timelineSection(): Markup {
  return html`<section>
<h2>Timeline</h2>
<p class="muted">Dots are lines of evidence, a triangle is the decision, the bar is the time of the block. Drag below to zoom; click a row to read its evidence.</p>
<div id="timeline" role="img" aria-label="Evidence and blocks by actor over time; the same data stands in the table below"></div>
</section>`;
}

function blockedTable(blocked: readonly BlockedActor[]): Markup {
  const row = (actor: BlockedActor) => html`<tr>
<td><a href="#${actorAnchor(actor)}"><code>${targetText(actor.target)}</code></a></td>
<td class="tags">${actor.scenarios.map((name) => html`<span class="tag">${scenarioText(name)}</span> `)}</td>
<td class="number">${count(actor.evidence)}</td>
<td>${timeText(actor.firstSeen)}</td><td>${timeText(actor.from)}</td>
<td>${actor.until === null ? 'for good' : timeText(actor.until)}</td>
</tr>`;
  const older = blocked.length - explainedActors;
  return html`<section>
<h2>Blocked</h2>
<div class="scroll"><table>
<thead><tr><th>actor</th><th>scenario</th><th class="number">evidence</th><th>first seen</th><th>blocked from</th><th>until (UTC)</th></tr></thead>
<tbody>${blocked.slice(-explainedActors).map(row)}</tbody>
</table></div>
${older > 0 ? html`<p class="muted">${count(older, 'earlier actor')} are in the ledger and have no room here.</p>` : ''}
</section>`;
}

function reviewTable({ review, read }: RunSummary): Markup {
  const refused = Object.entries(read.refused);
  if (review.length + refused.length === 0) return html``;
  return html`<section>
<h2>Held back by safety rails</h2>
${refused.map(([rail, times]) => html`<p>Rail <code>${rail}</code> refused ${count(times, 'block')}.</p>`)}
${review.slice(0, 200).map((decision) => html`<p><code>${targetText(decision.target)}</code> waits for review: ${decision.reason}</p>`)}
</section>`;
}

function scoreSection(score: Score): Markup {
  const found = score.attackersAbove - score.missed.length;
  const unharmed = score.wronglyBlocked.length === 0;
  return html`<section>
<h2>Against the truth</h2>
<p>${found} of ${score.attackersAbove} attackers above their threshold are blocked; ${score.attackersBelow} more stayed below every threshold.
${unharmed ? `None of ${score.legitimate} legitimate addresses is blocked.` : 'Wrongly blocked:'}
${score.wronglyBlocked.map((address) => html` <code>${address}</code>`)}</p>
${score.missed.map(({ address, attack }) => html`<p>Missed: <code>${address}</code>, ${attack}</p>`)}
</section>`;
}

function ledgerSection({ verification, ledger }: RunSummary): Markup {
  const problem = (found: (typeof verification.problems)[number]) => {
    return html`<li>entry ${found.index}: ${found.message} <code>${found.code}</code></li>`;
  };
  return html`<section>
<h2>Ledger</h2>
<dl>
<dt>folder</dt><dd><code>${pathText(ledger)}</code></dd>
<dt>entries</dt><dd>${Object.entries(verification.entries).map(([kind, number]) => html`<span class="tag">${number} ${kind}</span> `)}</dd>
<dt>verified</dt><dd>${verification.verified ? 'yes, in a pass of its own over the folder' : html`<ul>${verification.problems.slice(0, 100).map(problem)}</ul>`}</dd>
<dt>checkpoint</dt><dd><pre>${preformatted(verification.checkpoint)}</pre></dd>
<dt>verifier key</dt><dd><code>${verification.verifierKey}</code></dd>
</dl>
</section>`;
}

function inputSection({ read }: RunSummary): Markup {
  const source = (log: (typeof read.sources)[number]) => html`<tr><td><code>${pathText(log.path)}</code></td>
<td class="number">${count(log.lines)}</td><td class="number">${count(log.events)}</td><td class="number">${count(log.recognised)}</td>
<td class="number">${count(log.unrecognised)}</td><td class="number">${count(log.cut)}</td><td class="number">${count(log.garbled)}</td></tr>`;
  return html`<section>
<h2>Logs</h2>
<div class="scroll"><table>
<thead><tr><th>log</th><th class="number">lines</th><th class="number">events</th><th class="number">other known lines</th><th class="number">unknown</th><th class="number">cut</th><th class="number">garbled</th></tr></thead>
<tbody>${read.sources.map(source)}</tbody>
</table></div>
${read.skipped.map(({ path, error }) => html`<p>Skipped <code>${path}</code>: ${error.message}</p>`)}
</section>`;
}
