// The counts of one reading, gathered while it goes on.

import type { ErrorJson } from '@tenstrip/shared-core/errors';
import type { Plan } from '../decisions/index.js';
import type { SecurityEvent } from '../events/index.js';
import type { Settled } from './decision-maker.js';
import type { LogIntake } from './log-intake.js';
import type { ReadReport, SourceReport } from './read-report.js';

/** Adds up what a reading does. */
export class ReadTally {
  readonly skipped: { readonly path: string; readonly error: ErrorJson }[] = [];
  readonly #overflows: Record<string, number> = {};
  readonly #refused: Record<string, number> = {};
  readonly #plans: Record<Plan['kind'], number> = { decide: 0, extend: 0, nothing: 0, review: 0, refuse: 0 };
  readonly #intakes: LogIntake[] = [];
  /** Of the events, as numbers from the start: what is first nothing and then a number is a new object at each change. */
  #firstTime = Number.POSITIVE_INFINITY;
  #lastTime = Number.NEGATIVE_INFINITY;

  get decided(): number {
    return this.#plans.decide;
  }

  countEvent(event: SecurityEvent): void {
    if (event.time < this.#firstTime) this.#firstTime = event.time;
    if (event.time > this.#lastTime) this.#lastTime = event.time;
  }

  countSettled({ scenario, carriedOut }: Settled): void {
    if (carriedOut === undefined) return;
    const { plan } = carriedOut;
    this.#overflows[scenario] = (this.#overflows[scenario] ?? 0) + 1;
    this.#plans[plan.kind] += 1;
    if (plan.kind === 'refuse') this.#refused[plan.code] = (this.#refused[plan.code] ?? 0) + 1;
  }

  /** Sources that were read to their ends. */
  get ended(): readonly LogIntake[] {
    return this.#intakes;
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
      decided: this.#plans.decide,
      extended: this.#plans.extend,
      reviews: this.#plans.review,
      refused: this.#refused,
      firstEventTime: Number.isFinite(this.#firstTime) ? this.#firstTime : undefined,
      lastEventTime: Number.isFinite(this.#lastTime) ? this.#lastTime : undefined,
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
