// A line through the stages: each stage asks its parsers in turn until one says that the next stage may begin; a stage in
// which none accepts the line is its end.

import type { CompiledParser, ParseEnvironment } from './parser-compiler.js';
import type { EventRecord } from './rule-event.js';
import { StaticFailure } from './static-compiler.js';

/** Told of every parser that looked at a line: for tests of rules. */
export type ParseTrace = (stage: string, parser: string, accepted: boolean, record: EventRecord) => void;

/** How far a line came. */
export interface Parsed {
  /** It passed all stages. */
  readonly complete: boolean;
  /** The last parser before enrichment that accepted it. */
  readonly parser: string | undefined;
}

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

  /** Runs a record through all stages. */
  run(scope: { readonly evt: EventRecord }, environment: ParseEnvironment, trace?: ParseTrace): Parsed {
    const record = scope.evt;
    let parser: string | undefined;
    for (let number = 0; number < this.#stages.length; number += 1) {
      const { name, parsers } = this.#stages[number]!;
      if (record.stage > number) continue;
      if (record.stage < number) return { complete: false, parser };
      let accepted = false;
      for (const one of parsers) {
        const accepts = this.#accepts(one, scope, environment);
        if (accepts === undefined) return { complete: false, parser };
        trace?.(name, one.name, accepts, record);
        if (accepts && number <= 1) parser = one.name;
        accepted ||= accepts;
        if ((accepts && one.ends) || record.stage !== number) break;
      }
      if (!accepted) return { complete: false, parser };
    }
    return { complete: true, parser };
  }

  #accepts(
    { node }: CompiledParser,
    scope: { readonly evt: EventRecord },
    environment: ParseEnvironment,
  ): boolean | undefined {
    try {
      return node(scope, environment);
    } catch (error) {
      if (error instanceof StaticFailure) return undefined;
      throw error;
    }
  }
}
