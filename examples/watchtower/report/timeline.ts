// The data of the timeline: a row for each actor, a dot for each line of evidence, a mark for each decision, and a bar
// for as long as the block holds.

import type { BlockedActor } from '../run-summary';
import { scenarioText, targetText } from '../wording';
import { actorAnchor } from './actor-section';

/** More rows than this make no picture; the newest are shown. */
const shownRows = 200;

/** What the page's script draws. Times are milliseconds since 1970. */
export interface Timeline {
  /** Scenarios in the order of their colours. */
  readonly scenarios: readonly string[];
  readonly rows: readonly TimelineRow[];
}

/** One actor of the timeline. */
export interface TimelineRow {
  readonly label: string;
  readonly anchor: string;
  /** Index into `scenarios`: the rule of its first decision. */
  readonly scenario: number;
  readonly evidence: readonly number[];
  readonly blocks: readonly { readonly from: number; readonly until: number | null }[];
}

/** The timeline of the blocked actors, earliest block first. */
export function timelineOf(blocked: readonly BlockedActor[]): Timeline {
  const scenarios = [...new Set(blocked.map(firstScenario))].sort();
  const shown = blocked.slice(-shownRows);
  const rows = shown.map((actor) => ({
    label: targetText(actor.target),
    anchor: actorAnchor(actor),
    scenario: scenarios.indexOf(firstScenario(actor)),
    evidence: actor.explanations.flatMap(({ evidence }) => evidence.map(({ time }) => time)),
    blocks: actor.decisions.map(({ from, until }) => ({ from, until })),
  }));
  return { scenarios, rows };
}

function firstScenario(actor: BlockedActor): string {
  return scenarioText(actor.scenarios[0] ?? 'by hand');
}
