// One section for each blocked actor: what kind of attacker it is, the rule, the lines that it rests on, the proof, and the way back.

import type { Explanation } from '@tenstrip/autoblocker-ledger';
import { type ActorClass, actorName, type ProofTree } from '../attack-taxonomy';
import { type BlockedActor, explainedActors, type RunSummary } from '../run-summary';
import { count, escalationText, historyText, railsText, scenarioText, targetText, timeText } from '../wording';
import { html, type Markup } from './markup';
import { preformatted } from './preformatted';

/** The sections of the actors that the page shows, in the order of the table. */
export function actorSections({ blocked, classes }: Pick<RunSummary, 'blocked' | 'classes'>): Markup {
  if (blocked.length === 0) return html``;
  return html`<h2>Evidence</h2>
${blocked.slice(-explainedActors).map((actor) => actorSection(actor, classes.get(actorName(actor)) ?? []))}`;
}

/** The anchor of an actor's section: the number of its first decision, which no log line can choose. */
export function actorAnchor(actor: BlockedActor): string {
  return `decision-${actor.decisions[0]?.id ?? 'none'}`;
}

function actorSection(actor: BlockedActor, classes: readonly ActorClass[]): Markup {
  const until = actor.until === null ? 'for good' : `until ${timeText(actor.until)} UTC`;
  return html`<details class="actor" id="${actorAnchor(actor)}">
<summary><code>${targetText(actor.target)}</code><span>${actor.scenarios.map(scenarioText).join(', ')}</span><span class="muted">${count(actor.evidence, 'line')} · ${until}</span></summary>
${classification(classes)}
${actor.explanations.map(explanationOf)}
</details>`;
}

/** What kinds of attacker it is, each with its proof as a tree. */
function classification(classes: readonly ActorClass[]): Markup {
  if (classes.length === 0) return html``;
  const each = ({ name, proof }: ActorClass) =>
    html`<details><summary>${name}</summary><ul>${tree(proof)}</ul></details>`;
  return html`<article class="classes">
<h3>Classification</h3>
<p class="muted">From the taxonomy of attacks; each opens to its proof.</p>
${classes.map(each)}
</article>`;
}

function tree({ statement, because }: ProofTree): Markup {
  return html`<li>${statement}${because.length === 0 ? '' : html`<ul>${because.map(tree)}</ul>`}</li>`;
}

function explanationOf(explanation: Explanation): Markup {
  const { decision, rule, evidence, history, entry, proof, verifierKey, revocation } = explanation;
  return html`<article>
<h3>Decision ${decision.id}: ${decision.reason}</h3>
<p><span class="tag">${rule.name}</span> <span class="muted">version ${rule.version}</span> ${rule.description === decision.reason ? '' : rule.description}</p>
<div class="scroll"><table class="evidence">
<thead><tr><th>time (UTC)</th><th>line</th></tr></thead>
<tbody>${evidence.map(({ time, line, digest }) => html`<tr><td>${timeText(time)}</td><td><code>${line ?? `erased; SHA-256 ${digest}`}</code></td></tr>`)}</tbody>
</table></div>
${history.map((change) => html`<p>${historyText(change)}</p>`)}
<dl class="facts">
<dt>length</dt><dd>${escalationText(explanation)}</dd>
<dt>safety rails</dt><dd>${railsText(explanation)}</dd>
<dt>way back</dt><dd>${revocation}</dd>
</dl>
<details><summary>proof that the ledger holds it</summary>
<p>Check it with any verifier of C2SP tlog-proofs: the leaf is SHA-256 of a zero byte and the entry, as it stands here without its line break; the
key below must be the one that you got from the ledger’s owner. <code>npm start -- verify &lt;ledger&gt;</code> checks all entries at once.</p>
<p class="muted">entry ${decision.id}</p><pre>${preformatted(entry)}</pre>
<p class="muted">proof</p><pre>${preformatted(proof)}</pre>
<p class="muted">key</p><pre>${preformatted(verifierKey)}</pre></details>
</article>`;
}
