// The counts of one reading, gathered while it goes on.

import type { ErrorJson } from '@tenstrip/shared-core/errors';
import type { DecisionOutcome } from '../decisions/index.js';
import type { SecurityEvent } from '../events/index.js';
import type { Settled } from './decision-maker.js';
import type { LogIntake } from './log-intake.js';
import type { ReadReport, SourceReport } from './read-report.js';

/** Adds up what a reading does. */
export class ReadTally {
  readonly skipped: { readonly path: string; readonly error: ErrorJson }[] = [];
  readonly #overflows: Record<string, number> = {};
  readonly #refused: Record<string, number> = {};
  readonly #outcomes: Record<DecisionOutcome['kind'], number> = {
    decided: 0,
    extended: 0,
    unchanged: 0,
    review: 0,
    refused: 0,
  };
  readonly #intakes: LogIntake[] = [];
  #firstTime: number | undefined;
  #lastTime: number | undefined;

  get decided(): number {
    return this.#outcomes.decided;
  }

  countEvent(event: SecurityEvent): void {
    this.#firstTime = Math.min(this.#firstTime ?? event.time, event.time);
    this.#lastTime = Math.max(this.#lastTime ?? event.time, event.time);
  }

  countSettled({ scenario, outcome }: Settled): void {
    if (outcome === undefined) return;
    this.#overflows[scenario] = (this.#overflows[scenario] ?? 0) + 1;
    this.#outcomes[outcome.kind] += 1;
    if (outcome.kind === 'refused') this.#refused[outcome.code] = (this.#refused[outcome.code] ?? 0) + 1;
  }

  /** Adds sources that were read to their ends. */
  read(intakes: readonly LogIntake[]): void {
    this.#intakes.push(...intakes);
  }

  /** The report over all sources; one that was read and then followed stands once. */
  report(checkpoint: string): ReadReport {
    const intakes = this.#intakes;
    const sources = joinedByPath(intakes.map((intake) => intake.report));
    const sum = (count: (source: SourceReport) => number) =>
      sources.reduce((total, source) => total + count(source), 0);
    const parsers: Record<string, number> = {};
    for (const intake of intakes) {
      for (const [parser, count] of Object.entries(intake.parsers)) parsers[parser] = (parsers[parser] ?? 0) + count;
    }
    return {
      sources,
      skipped: this.skipped,
      lines: sum(({ lines }) => lines),
      bytes: sum(({ bytes }) => bytes),
      parsers,
      events: sum(({ events }) => events),
      overflows: this.#overflows,
      decided: this.#outcomes.decided,
      extended: this.#outcomes.extended,
      reviews: this.#outcomes.review,
      refused: this.#refused,
      firstEventTime: this.#firstTime,
      lastEventTime: this.#lastTime,
      checkpoint,
    };
  }
}

function joinedByPath(reports: readonly SourceReport[]): SourceReport[] {
  const byPath = new Map<string, SourceReport>();
  for (const report of reports) {
    const before = byPath.get(report.path);
    byPath.set(
      report.path,
      before === undefined
        ? report
        : {
            path: report.path,
            lines: before.lines + report.lines,
            events: before.events + report.events,
            recognised: before.recognised + report.recognised,
            unrecognised: before.unrecognised + report.unrecognised,
            cut: before.cut + report.cut,
            garbled: before.garbled + report.garbled,
            bytes: before.bytes + report.bytes,
            resumedAt: before.resumedAt,
            rotations: before.rotations + report.rotations,
          },
    );
  }
  return [...byPath.values()];
}
