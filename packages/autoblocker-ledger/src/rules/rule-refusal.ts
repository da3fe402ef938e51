// Why a document of rules does not run: file, line, and the construct. A rule that is refused is not run at all, for half a
// rule accuses the wrong ones or nobody.

import { TenstripError } from '@tenstrip/shared-core/errors';
import type { LedgerErrorCode } from '../errors/index.js';

/** A document that was refused. */
export interface RuleRefusal {
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  /** The rule's name, as far as it has one. */
  readonly rule: string | undefined;
  /** The part of the language: a key such as `grok.pattern`, `filter`, `method`. */
  readonly construct: string;
  readonly problem: string;
}

/** {@link RuleRefusal} while a document is being compiled. */
export class RefusedRule extends Error {
  readonly line: number;
  readonly construct: string;

  constructor(line: number, construct: string, problem: string) {
    super(problem);
    this.line = line;
    this.construct = construct;
  }
}

/** The error `RuleUnsupported` for a refusal. */
export function refusalError({ file, line, rule, construct, problem }: RuleRefusal): TenstripError<LedgerErrorCode> {
  const name = rule === undefined ? '' : ` ${rule}`;
  return new TenstripError<LedgerErrorCode>(
    'RuleUnsupported',
    `${file}:${line}: the rule${name} cannot run: ${construct}: ${problem}. Change the rule or leave it out.`,
    { details: { file, line, rule, construct, problem } },
  );
}
