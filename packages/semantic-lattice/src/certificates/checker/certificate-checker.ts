// Checks certificates. It is for whoever does not trust the engine, so it shares no code with it: it reads the text of rules by a parser
// of its own, matches each step with its rule, and evaluates in the plainest way what a step cannot show, namely that something
// does not hold. It trusts what its reader gives (rules, facts, lattices, functions) and nothing that a certificate says.
//
// What a verdict means. Every claim follows from the facts by the rules: for a cell of a lattice, that its value is at least the
// one claimed. A negated atom holds when the least model of the strata below has no such fact: for a relation that no rule derives
// the facts themselves show it, otherwise the rules of those strata are evaluated here, which needs the facts and is bounded.

import { canonicalJson, createVerifier, equalBytes, TenstripError } from '@tenstrip/shared-core';
import {
  base64,
  type Certificate,
  type CertificateFact,
  type CertificateStep,
  digestOfLines,
  factKey,
  type RuleStep,
  readCertificate,
  readFact,
} from './certificate-format.js';
import { type CheckLimits, defaultLimits } from './check-limits.js';
import { type Bindings, FactBase, matches, Program, type Rule } from './program.js';
import { Refusal, refuse, within } from './refusal.js';
import { type Atom, Parser, printAtom } from './rule-text.js';

/** What the reader of a certificate knows and trusts. */
export interface CheckOptions {
  /** The rules, as text. */
  readonly rules: string;
  /** Each relation's columns: `'term'`, `'integer'`, or a lattice for the last. */
  readonly relations: Readonly<Record<string, { readonly columns: readonly unknown[] }>>;
  /**
   * All facts that were given; those in the text of rules are added. Without them the certificate's own facts are assumed, which the verdict says, and a certificate
   * with a negation is refused.
   */
  readonly facts?: Iterable<CertificateFact>;
  /** Functions that rules call, by name. */
  readonly functions?: Readonly<Record<string, (...values: never[]) => unknown>>;
  /** The key that must have signed: 32 bytes. Without it a signature is checked if there is one. */
  readonly publicKey?: Uint8Array;
  readonly limits?: Partial<CheckLimits>;
}

/** What a check found: the claims and by whom, or the first part that fails. */
export type CertificateVerdict =
  | {
      readonly valid: true;
      readonly claims: readonly CertificateFact[];
      /** The key that signed, in base64. */
      readonly signedBy?: string;
      /** Whether the facts used were compared with all facts: otherwise the claims hold if those do. */
      readonly factsChecked: boolean;
    }
  | {
      readonly valid: false;
      /** Where: `'format'`, `'signature'`, `'rules'`, `'facts'`, `'fact 3'`, `'step 7'`, `'claim 0'`. */
      readonly at: string;
      readonly reason: string;
    };

/** Checks one certificate. Never throws for what a certificate holds; bad `rules` or `relations` of the reader's are refused too. */
export function checkCertificate(certificate: unknown, options: CheckOptions): CertificateVerdict {
  return refusing(() => new CertificateChecker(options).verdict(certificate));
}

/** Checks many certificates against the same rules and facts, which are read once. */
export class CertificateChecker {
  readonly #limits: CheckLimits;
  readonly #program: Program;
  readonly #given: FactBase | undefined;
  readonly #factsDigest: string | undefined;
  readonly #publicKey: Uint8Array | undefined;
  readonly #verifier = createVerifier();
  #model: FactBase | undefined;

  /**
   * @throws TenstripError `OptionsInvalid` when the rules cannot be read, a fact does not fit its relation, or an option is wrong;
   *   {@link checkCertificate} refuses instead
   */
  constructor(options: CheckOptions) {
    const { rules, relations, functions = {}, publicKey, limits } = checkedOptions(options);
    this.#limits = { ...defaultLimits, ...limits };
    this.#publicKey = publicKey;
    const { program, given } = ofReader(() => {
      const program = new Program(rules, relations, functions, this.#limits);
      return { program, given: givenBase(program, options.facts) };
    });
    this.#program = program;
    this.#given = given;
    if (given !== undefined) this.#factsDigest = digestOfLines([...given.keys()]);
  }

  /** Checks a certificate. Never throws for what it holds. */
  check(certificate: unknown): CertificateVerdict {
    return refusing(() => this.verdict(certificate));
  }

  /** @internal */
  verdict(certificate: unknown): CertificateVerdict {
    const read = readCertificate(certificate, this.#limits);
    const signedBy = this.#signature(read);
    if (read.digests.rules !== this.#program.digest) refuse('rules', 'the digest is that of other rules');
    if (this.#factsDigest !== undefined && read.digests.facts !== this.#factsDigest) {
      refuse('facts', 'the digest is that of other facts');
    }
    const statements = this.#facts(read);
    const used = new Uint8Array(read.facts.length + read.steps.length);
    const table = read.rules.map(
      (text, i) => this.#program.rule(text) ?? refuse(`rule ${i}`, 'it is none of the rules'),
    );
    if (new Set(read.rules).size !== read.rules.length) refuse('rules', 'a rule is there twice');
    read.steps.forEach((step, i) => {
      within(`step ${i}`, () => this.#step(step, table, statements, used));
      statements.push(step.fact);
    });
    this.#claims(read, statements, used);
    const usedRules = new Set(read.steps.map((step) => ('rule' in step ? step.rule : -1)));
    const unusedRule = table.findIndex((_, i) => !usedRules.has(i));
    if (unusedRule >= 0) refuse(`rule ${unusedRule}`, 'no step uses it');
    return {
      valid: true,
      claims: read.claims,
      factsChecked: this.#given !== undefined,
      ...(signedBy === undefined ? {} : { signedBy }),
    };
  }

  #signature({ signature, ...rest }: Certificate): string | undefined {
    if (signature === undefined) {
      if (this.#publicKey !== undefined) refuse('signature', 'it is not signed');
      return undefined;
    }
    const key = base64(signature.publicKey);
    const value = base64(signature.value);
    if (this.#publicKey !== undefined && !equalBytes(key, this.#publicKey))
      refuse('signature', 'another key signed it');
    if (!this.#verifier.verify(key, signedBytes(rest), value)) refuse('signature', 'it does not verify');
    return signature.publicKey;
  }

  /** The facts of the certificate, as the first statements. */
  #facts({ facts }: Certificate): CertificateFact[] {
    const seen = new Set<string>();
    return facts.map((fact, i) =>
      within(`fact ${i}`, () => {
        const key = factKey(this.#program.fact(fact));
        if (seen.has(key)) refuse('', 'it is there twice');
        seen.add(key);
        if (this.#given !== undefined && !this.#given.has(key)) refuse('', `${key} was not given`);
        return fact;
      }),
    );
  }

  /** That a step follows from what was stated before it. */
  #step(step: CertificateStep, table: readonly Rule[], before: readonly CertificateFact[], used: Uint8Array): void {
    const statement = (index: number) => {
      used[index] = 1;
      return before[index] ?? refuse('', `the premise ${index} is no fact and no earlier step`);
    };
    const isJoin = 'joins' in step;
    const said = isJoin
      ? this.#program.joined(statement(step.joins[0]), statement(step.joins[1]))
      : this.#instance(step, table[step.rule] ?? refuse('', `there is no rule ${step.rule}`), statement);
    if (factKey(said) === factKey(step.fact)) return;
    refuse('', `${isJoin ? 'the join' : 'the rule'} says ${factKey(said)}, the step ${factKey(step.fact)}`);
  }

  /** What a rule says of a step's premises, when it applies to them. */
  #instance(step: RuleStep, rule: Rule, statement: (index: number) => CertificateFact): CertificateFact {
    const bindings: Bindings = new Map();
    const { positive, negative } = rule;
    if (step.premises.length !== positive.length) {
      refuse('', `it has ${step.premises.length} premises, its rule ${positive.length}`);
    }
    positive.forEach((atom, i) => {
      const fact = statement(step.premises[i]!);
      if (!matches(atom, fact, bindings))
        refuse('', `premise ${i}, ${factKey(fact)}, does not match ${printAtom(atom)}`);
      if (rule.exact.has(atom)) this.#exact(fact);
    });
    if (!this.#program.compare(rule, bindings)) refuse('', 'a comparison of the rule does not hold');
    for (const atom of negative) this.#absent(atom, bindings);
    const given = JSON.stringify(Object.entries(step.bindings).sort());
    if (given !== JSON.stringify([...bindings].sort())) refuse('', 'the bindings are not those of the premises');
    return this.#program.instance(rule, bindings);
  }

  #claims({ claims, facts, steps }: Certificate, statements: readonly CertificateFact[], used: Uint8Array): void {
    const index = new Map(statements.map((fact, i) => [factKey(fact), i]));
    if (index.size !== facts.length + steps.length) refuse('steps', 'a fact is stated twice');
    if (claims.length === 0) refuse('claims', 'there are none');
    const claimed = new Set<string>();
    claims.forEach((claim, i) => {
      const key = factKey(claim);
      used[index.get(key) ?? refuse(`claim ${i}`, `no fact and no step states ${key}`)] = 1;
      if (claimed.has(key)) refuse(`claim ${i}`, 'it is there twice');
      claimed.add(key);
    });
    const unused = used.indexOf(0);
    if (unused >= 0)
      refuse(unused < facts.length ? `fact ${unused}` : `step ${unused - facts.length}`, 'nothing uses it');
  }

  /** That no fact matches an atom, in the least model of the strata below. */
  #absent(atom: Atom, bindings: Bindings): void {
    const found = this.#complete(atom.relation).match(atom, bindings, () => {});
    for (const { fact } of found) refuse('', `${printAtom(atom)} should be absent, and ${factKey(fact)} holds`);
  }

  /** That a cell has this value and no higher one: its rule tests it. */
  #exact(fact: CertificateFact): void {
    const key = factKey(fact);
    if (!this.#complete(fact[0]).has(key)) refuse('', `${key} is tested, and is not the whole value of its cell`);
  }

  #complete(relation: string): FactBase {
    if (this.#given === undefined) refuse('', `${relation} is negated or tested: checking that needs all facts`);
    if (!this.#program.derives(relation) && this.#program.lattice(relation) === undefined) return this.#given;
    this.#model ??= this.#program.model(this.#given, this.#limits.evaluation);
    return this.#model;
  }
}

function checkedOptions(options: CheckOptions): CheckOptions {
  const isObject = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isObject(options)) optionInvalid('the options of a check are no object: give { rules, relations }');
  const { rules, relations, functions = {}, limits = {}, facts, publicKey } = options;
  if (typeof rules !== 'string') optionInvalid('rules is no text: give the rules');
  for (const [name, value] of Object.entries({ relations, functions, limits }))
    if (!isObject(value)) optionInvalid(`${name} is no object`);
  for (const [name, declaration] of Object.entries(relations))
    if (!Array.isArray(declaration?.columns)) optionInvalid(`the relation ${name} has no columns: declare it with rel`);
  for (const [name, bound] of Object.entries(limits))
    if (!Number.isSafeInteger(bound) || bound! < 1) optionInvalid(`limits.${name} is no whole number from 1 upwards`);
  if (facts !== undefined && typeof facts?.[Symbol.iterator] !== 'function')
    optionInvalid('facts is no iterable: give all facts that were given');
  if (publicKey !== undefined && !(publicKey instanceof Uint8Array)) optionInvalid('publicKey is no Uint8Array');
  return options;
}

function givenBase(program: Program, facts: CheckOptions['facts']): FactBase | undefined {
  if (facts === undefined) return undefined;
  const given = new FactBase(program, false);
  for (const fact of facts) {
    readFact(fact, 'facts');
    given.add(program.fact(fact));
  }
  for (const fact of program.facts) given.add(fact);
  return given;
}

/** What the reader of certificates got wrong is its error, not a verdict about a certificate. */
function ofReader<R>(body: () => R): R {
  try {
    return within('rules', body);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw optionInvalid(`${error.at}: ${error.message}`, error);
  }
}

function optionInvalid(message: string, cause?: unknown): never {
  throw new TenstripError('OptionsInvalid', message, { details: { issues: [message] }, cause });
}

/** The digest of rules as certificates have it: of their canonical texts, whatever their order; facts among them do not count. */
export function digestOfRules(text: string): string {
  const rules = new Parser(text, defaultLimits).program().filter(({ body }) => body.length > 0);
  return digestOfLines([...new Set(rules.map((rule) => rule.text))]);
}

/** The digest of facts as certificates have it; their order does not matter. */
export function digestOfFacts(facts: Iterable<CertificateFact>): string {
  return digestOfLines(Array.from(facts, factKey));
}

/** What is signed: the canonical JSON of all but the signature, after a line that says what it is. */
export function signedBytes(certificate: Omit<Certificate, 'signature'>): Uint8Array {
  return new TextEncoder().encode(`tenstrip/certificate\n${canonicalJson(certificate)}`);
}

function refusing(body: () => CertificateVerdict): CertificateVerdict {
  try {
    return within('rules', body);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { valid: false, at: error.at, reason: error.message };
  }
}
