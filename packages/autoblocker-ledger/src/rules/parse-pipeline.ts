// A line through the stages: each stage asks its parsers in turn until one says that the next stage may begin; a stage in
// which none accepts the line is its end.

import type { CompiledParser, ParseEnvironment } from './parser-compiler.js';
import type { EventRecord } from './rule-event.js';
import { StaticFailure } from './static-compiler.js';

/** Told of every parser that looked at a line: for tests of rules. */
export type ParseTrace = (stage: string, parser: string, accepted: boolean, record: EventRecord) => void;

/** The parsers of a rule set by stage. */
export class ParsePipeline {
  readonly #stages: readonly { readonly name: string; readonly parsers: readonly CompiledParser[] }[];

  constructor(parsers: readonly CompiledParser[]) {
    const names = [...new Set(parsers.map(({ stage }) => stage))].sort();
    this.#stages = names.map((name) => ({ name, parsers: parsers.filter(({ stage }) => stage === name) }));
  }

  get stages(): number {
    return this.#stages.length;
  }

  /** Runs a record through all stages; whether it passed them. It knows then the last parser before enrichment that accepted it. */
  run(scope: { readonly evt: EventRecord }, environment: ParseEnvironment, trace?: ParseTrace): boolean {
    try {
      return this.#run(scope, environment, trace);
    } catch (error) {
      if (error instanceof StaticFailure) return false;
      throw error;
    }
  }

  #run(scope: { readonly evt: EventRecord }, environment: ParseEnvironment, trace: ParseTrace | undefined): boolean {
    const record = scope.evt;
    const stages = this.#stages;
    for (let number = 0; number < stages.length; number += 1) {
      const { name, parsers } = stages[number]!;
      if (record.stage > number) continue;
      if (record.stage < number) return false;
      let accepted = false;
      for (let at = 0; at < parsers.length; at += 1) {
        const one = parsers[at]!;
        const accepts = one.node.accepts(scope, environment);
        trace?.(name, one.name, accepts, record);
        if (accepts && number <= 1) record.parser = one.name;
        accepted ||= accepts;
        if ((accepts && one.ends) || record.stage !== number) break;
      }
      if (!accepted) return false;
    }
    return true;
  }
}
