// `rules [file]`: what the thresholds of detection rules come to. Score formulas are reduced; rules that say the same, that never fire, or
// that fire only where another does are named, each with a proof that an independent checker has accepted.

import { readFile } from 'node:fs/promises';
import { builtInScenarios, type Scenario } from '@tenstrip/autoblocker-ledger';
import { TenstripError } from '@tenstrip/shared-core';
import {
  type Assumptions,
  type Certificate,
  checkCertificate,
  ExpressionStore,
  type ExprId,
  parseText,
  printText,
  proveEqual,
  proveSign,
  reduce,
} from '@tenstrip/symbolic-reducer';
import { z } from 'zod';
import type { RulesCommand } from './command-line';
import { visibleText } from './untrusted-text';
import { count } from './wording';

/** A rule as arithmetic: it fires when its score is above its threshold. */
interface ScoreRule {
  readonly name: string;
  readonly score: string;
  readonly threshold: string;
  readonly where: Assumptions;
  /** Rules of different kinds of events are not compared. */
  readonly events: unknown;
}

const assumption = z.enum(['real', 'integer', 'nonzero', 'positive', 'negative', 'nonnegative', 'nonpositive']);
const ruleFile = z
  .array(
    z.object({
      name: z.string().min(1).max(256),
      score: z.string().min(1).max(100_000),
      threshold: z.string().min(1).max(100_000),
      /** What is known of the names in the formulas, in all rules the same. */
      where: z.record(z.string(), z.array(assumption)).default({}),
    }),
  )
  .max(500);

/** Something that was found, with its proof. */
interface Finding {
  readonly kind: 'equal' | 'never fires' | 'fires only with';
  readonly rules: readonly string[];
  readonly certificates: readonly Certificate[];
}

/** Runs one `rules` command. @returns the exit code */
export async function reportRules(command: RulesCommand): Promise<number> {
  const rules = command.file === undefined ? leakyRules() : await readRules(command.file);
  const store = new ExpressionStore();
  const excesses = rules.map((rule) => excessOf(store, rule));
  const reduced = excesses.map((excess) => printText(store, reduce(store, excess).result));
  const findings = findingsOf(store, rules, excesses);
  if (!findings.every(({ certificates }) => certificates.every((each) => checkCertificate(each).accepted))) {
    throw new TenstripError('ProofRefused', 'The checker refused a proof that was found. Please report these rules.');
  }
  process.stdout.write(
    command.json
      ? `${JSON.stringify({ rules: rules.map(({ name }, at) => ({ name, excess: reduced[at] })), findings })}\n`
      : textOf(rules, reduced, findings),
  );
  return 0;
}

/**
 * The leaky buckets that come with the ledger, under a steady stream: the event after m others, d milliseconds apart each, finds
 * m + 1 in the bucket but what has leaked. Conditions and windows are no arithmetic of levels, so rules with these are left out.
 */
function leakyRules(): ScoreRule[] {
  return builtInScenarios
    .filter(({ condition, windowMs, capacity }) => (condition ?? windowMs) === undefined && Number.isFinite(capacity))
    .map((scenario) => ({
      name: scenario.name,
      score: `m + 1 - m*d/${scenario.leakSpeedMs}`,
      threshold: `${scenario.capacity}`,
      where: { m: ['nonnegative', 'integer'], d: ['nonnegative'] },
      events: kindOfEvents(scenario),
    }));
}

const kinds = new Map<unknown, Map<unknown, Map<unknown, object>>>();

/** The same object for rules that count the same events in the same buckets: their functions are the same. */
function kindOfEvents({ filter, groupBy, distinct }: Scenario): object {
  const byGroup = within(kinds, filter, () => new Map<unknown, Map<unknown, object>>());
  const byDistinct = within(byGroup, groupBy, () => new Map<unknown, object>());
  return within(byDistinct, distinct, () => ({}));
}

function within<Value>(map: Map<unknown, Value>, key: unknown, make: () => Value): Value {
  const found = map.get(key) ?? make();
  map.set(key, found);
  return found;
}

async function readRules(file: string): Promise<ScoreRule[]> {
  const parsed = ruleFile.safeParse(JSON.parse(await readFile(file, 'utf8')));
  if (!parsed.success) throw new TenstripError('RulesInvalid', `${file}: ${z.prettifyError(parsed.error)}`);
  return parsed.data.map((rule) => ({ ...rule, events: 'all' }));
}

/** Score minus threshold: the rule fires where that is positive. */
function excessOf(store: ExpressionStore, { score, threshold, where }: ScoreRule): ExprId {
  for (const name of Object.keys(where)) store.symbol(name, where[name]!);
  return store.subtract(parseText(store, score), parseText(store, threshold));
}

function findingsOf(store: ExpressionStore, rules: readonly ScoreRule[], excesses: readonly ExprId[]): Finding[] {
  const findings: Finding[] = [];
  const silent = new Set<number>();
  rules.forEach(({ name }, at) => {
    const sign = proveSign(store, excesses[at]!);
    if (sign.kind !== 'proved' || (sign.sign !== 'negative' && sign.sign !== 'nonpositive')) return;
    silent.add(at);
    findings.push({ kind: 'never fires', rules: [name], certificates: sign.certificates });
  });
  for (let a = 0; a < rules.length; a++) {
    for (let b = 0; b < rules.length; b++) {
      if (a === b || silent.has(a) || silent.has(b) || rules[a]!.events !== rules[b]!.events) continue;
      const finding = compared(store, [rules[a]!.name, rules[b]!.name], excesses[a]!, excesses[b]!, a < b);
      if (finding !== undefined) findings.push(finding);
    }
  }
  return findings;
}

/** Equal ones are found once; that the first fires only where the second does is another thing than the other way round. */
function compared(
  store: ExpressionStore,
  names: readonly [string, string],
  first: ExprId,
  second: ExprId,
  isFirstOfPair: boolean,
): Finding | undefined {
  const equal = proveEqual(store, first, second);
  if (equal.kind === 'proved' && equal.conditions.length === 0) {
    return isFirstOfPair ? { kind: 'equal', rules: names, certificates: [equal.certificate] } : undefined;
  }
  const difference = proveSign(store, store.subtract(second, first));
  if (difference.kind !== 'proved' || (difference.sign !== 'positive' && difference.sign !== 'nonnegative'))
    return undefined;
  return { kind: 'fires only with', rules: names, certificates: difference.certificates };
}

function textOf(rules: readonly ScoreRule[], reduced: readonly string[], findings: readonly Finding[]): string {
  const lines = rules.map(
    ({ name }, at) => `${visibleText(name).padEnd(36)} fires when ${visibleText(reduced[at]!)} > 0`,
  );
  lines.push(
    '',
    findings.length === 0
      ? 'no two are equal, none is silent'
      : `${count(findings.length, 'finding')}, each with an accepted proof`,
  );
  for (const { kind, rules: named, certificates } of findings) {
    const [first, second] = named.map((name) => visibleText(name));
    const proofs = count(certificates.length, 'certificate');
    if (kind === 'equal') lines.push(`equal            ${first} and ${second} (${proofs})`);
    else if (kind === 'never fires') lines.push(`never fires      ${first} (${proofs})`);
    else lines.push(`fires only with  ${first}: whenever it does, ${second} does (${proofs})`);
  }
  return `${lines.join('\n')}\n`;
}
