// Checks certificates. It is for whoever does not trust the engine, so it shares no code with it: it reads the text of rules by a parser
// of its own, matches each step with its rule, and evaluates in the plainest way what a step cannot show, namely that something
// does not hold. It trusts what its reader gives (rules, facts, lattices, functions) and nothing that a certificate says.
//
// What a verdict means. Every claim follows from the facts by the rules: for a cell of a lattice, that its value is at least the
// one claimed. A negated atom holds when the least model of the strata below has no such fact: for a relation that no rule derives
// the facts themselves show it, otherwise the rules of those strata are evaluated here, which needs the facts and is bounded.

import { canonicalJson, createVerifier, equalBytes, sha256, TenstripError } from '@tenstrip/shared-core';

/** A value of a fact: a term, an integer, or the text of a lattice's value. */
export type CertificateValue = string | number;

/** A fact: its relation, then its values. */
export type CertificateFact = readonly [relation: string, ...values: CertificateValue[]];

/** One application of a rule. */
export interface RuleStep {
  readonly fact: CertificateFact;
  /** Which of the certificate's rules. */
  readonly rule: number;
  /** The values of the rule's variables. */
  readonly bindings: Readonly<Record<string, CertificateValue>>;
  /** One for each atom that is not negated, in their order: facts are numbered first, then steps before this one. */
  readonly premises: readonly number[];
}

/** Two earlier statements about one cell of a lattice, joined. */
export interface JoinStep {
  readonly fact: CertificateFact;
  readonly joins: readonly [number, number];
}

/** What follows from what stands before it. */
export type CertificateStep = RuleStep | JoinStep;

/** A conclusion with all that it rests on, as JSON. */
export interface Certificate {
  readonly format: 'tenstrip/certificate/1';
  readonly digests: {
    /** SHA-256, in hex, of the canonical texts of all rules: sorted, one a line. */
    readonly rules: string;
    /** SHA-256, in hex, of all facts that were given: each as canonical JSON, sorted, one a line. */
    readonly facts: string;
  };
  /** What it certifies: each is a fact of it or the fact of a step. */
  readonly claims: readonly CertificateFact[];
  /** The canonical texts of the rules that steps use. */
  readonly rules: readonly string[];
  /** The given facts that steps use. */
  readonly facts: readonly CertificateFact[];
  readonly steps: readonly CertificateStep[];
  /** Ed25519 over the canonical JSON of all the rest; both in base64. */
  readonly signature?: { readonly publicKey: string; readonly value: string };
}

/** A lattice, as far as checking needs it. */
export interface CheckedLattice {
  readonly name: string;
  readonly bottom: unknown;
  /** The least upper bound of two values. */
  join(a: unknown, b: unknown): unknown;
  /** The text of a value. */
  encode(value: unknown): string;
  /** The value of a text; throws for any other text. */
  decode(text: string): unknown;
}

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

/** Bounds of one check; what is beyond them is refused. */
export interface CheckLimits {
  /** Facts and steps of a certificate. Default 1,000,000. */
  readonly steps: number;
  /** Characters of the text of rules. Default 1,000,000. */
  readonly ruleText: number;
  /** Nesting of an expression. Default 64. */
  readonly nesting: number;
  /** Facts looked at while strata are evaluated for a negation. Default 10,000,000. */
  readonly evaluation: number;
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

/** @internal */
export const defaultLimits: CheckLimits = {
  steps: 1_000_000,
  ruleText: 1_000_000,
  nesting: 64,
  evaluation: 10_000_000,
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

// Refusals: inside they are thrown, with the place where; outside they are the verdict.

class Refusal extends Error {
  at: string;
  constructor(at: string, reason: string) {
    super(reason);
    this.at = at;
  }
}

function refuse(at: string, reason: string): never {
  throw new Refusal(at, reason);
}

/** Names the place of a refusal that does not, and of an error of a lattice or function. */
function within<R>(at: string, body: () => R): R {
  try {
    return body();
  } catch (error) {
    if (error instanceof TenstripError && error.cause instanceof Refusal) throw error.cause;
    if (!(error instanceof Refusal)) return refuse(at, error instanceof Error ? error.message : String(error));
    error.at ||= at;
    throw error;
  }
}

function refusing(body: () => CertificateVerdict): CertificateVerdict {
  try {
    return within('rules', body);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { valid: false, at: error.at, reason: error.message };
  }
}

// The shape of a certificate, strictly: a key too many is refused, since nothing would check what it says.

function readCertificate(given: unknown, limits: CheckLimits): Certificate {
  const certificate = record(
    given,
    'format',
    ['format', 'digests', 'claims', 'rules', 'facts', 'steps'],
    ['signature'],
  );
  if (certificate.format !== 'tenstrip/certificate/1') refuse('format', 'it is not tenstrip/certificate/1');
  const digests = record(certificate.digests, 'digests', ['rules', 'facts']);
  for (const digest of Object.values(digests)) if (typeof digest !== 'string') refuse('digests', 'a digest is no text');
  const list = (name: string, each: (value: unknown, at: string) => void) => {
    const values = certificate[name];
    if (!Array.isArray(values)) refuse(name, 'it is no list');
    if (values.length > limits.steps) refuse(name, `there are ${values.length}; at most ${limits.steps} are checked`);
    values.forEach((value, i) => {
      each(value, `${name.slice(0, -1)} ${i}`);
    });
  };
  list('claims', readFact);
  list('rules', (rule, at) => typeof rule === 'string' || refuse(at, 'it is no text'));
  list('facts', readFact);
  list('steps', readStep);
  if (certificate.signature !== undefined) {
    const signature = record(certificate.signature, 'signature', ['publicKey', 'value']);
    for (const part of Object.values(signature)) if (typeof part !== 'string') refuse('signature', 'it is no text');
  }
  return certificate as unknown as Certificate;
}

function readStep(given: unknown, at: string): void {
  const isJoin = typeof given === 'object' && given !== null && Object.hasOwn(given, 'joins');
  const step = record(given, at, isJoin ? ['fact', 'joins'] : ['fact', 'rule', 'bindings', 'premises']);
  readFact(step.fact, at);
  const isIndex = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0 && !Object.is(value, -0);
  const references = isJoin ? step.joins : step.premises;
  if (!Array.isArray(references) || !references.every(isIndex) || (isJoin && references.length !== 2)) {
    refuse(at, 'its premises are not numbers');
  }
  if (isJoin) return;
  if (!isIndex(step.rule)) refuse(at, 'its rule is no number');
  const { bindings } = step;
  if (
    typeof bindings !== 'object' ||
    bindings === null ||
    Array.isArray(bindings) ||
    !Object.values(bindings).every(isValue)
  ) {
    refuse(at, 'its bindings are not values by name');
  }
}

function readFact(given: unknown, at: string): void {
  if (!Array.isArray(given) || typeof given[0] !== 'string' || !given.every(isValue)) {
    refuse(at, 'it is no relation with values');
  }
}

function isValue(value: unknown): value is CertificateValue {
  return typeof value === 'string' || (Number.isSafeInteger(value) && !Object.is(value, -0));
}

function record(
  given: unknown,
  at: string,
  needed: readonly string[],
  optional: readonly string[] = [],
): Record<string, unknown> {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) refuse(at, 'it is no object');
  const missing = needed.find((key) => !Object.hasOwn(given, key));
  if (missing !== undefined) refuse(at, `${missing} is missing`);
  const unknown = Object.keys(given).find((key) => !needed.includes(key) && !optional.includes(key));
  if (unknown !== undefined) refuse(at, `${JSON.stringify(unknown)} is not known`);
  return given as Record<string, unknown>;
}

function base64(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') !== text) refuse('signature', 'it is not base64');
  return bytes;
}

function factKey(fact: CertificateFact): string {
  return JSON.stringify(fact);
}

function digestOfLines(lines: string[]): string {
  return Buffer.from(sha256(new TextEncoder().encode(lines.sort().join('\n')))).toString('hex');
}

// Rules, and what they say.

type Expression =
  | { readonly type: 'variable'; readonly name: string }
  | { readonly type: 'any' }
  | { readonly type: 'constant'; readonly value: CertificateValue }
  | { readonly type: 'operation'; readonly operator: string; readonly left: Expression; readonly right: Expression }
  | { readonly type: 'call'; readonly name: string; readonly given: readonly Expression[] };
interface Atom {
  readonly relation: string;
  readonly given: readonly Expression[];
}
interface Comparison {
  readonly type: 'comparison';
  readonly sign: string;
  readonly left: Expression;
  readonly right: Expression;
}
type Literal = { readonly type: 'atom'; readonly negated: boolean; readonly atom: Atom } | Comparison;
interface ParsedRule {
  readonly text: string;
  readonly head: Atom;
  readonly body: readonly Literal[];
}
interface Rule extends ParsedRule {
  readonly positive: readonly Atom[];
  readonly negative: readonly Atom[];
  /** The lattice of each variable that a body's cell binds. */
  readonly lattices: ReadonlyMap<string, CheckedLattice>;
  /** Atoms whose cells are tested, so that a part of their value is not enough. */
  readonly exact: ReadonlySet<Atom>;
}
type Bindings = Map<string, CertificateValue>;

/** The rules with the kinds of their relations. @internal */
export class Program {
  readonly digest: string;
  /** Facts that the text has among its rules. */
  readonly facts: readonly CertificateFact[];
  readonly #rules = new Map<string, Rule>();
  readonly #relations: CheckOptions['relations'];
  readonly #functions: NonNullable<CheckOptions['functions']>;
  readonly #derived: ReadonlySet<string>;

  constructor(
    text: string,
    relations: CheckOptions['relations'],
    functions: NonNullable<CheckOptions['functions']>,
    limits: CheckLimits,
  ) {
    this.#relations = relations;
    this.#functions = functions;
    const all = new Parser(text, limits).program().map((rule) => this.#typed(rule));
    const parsed = all.filter(({ body }) => body.length > 0);
    this.digest = digestOfLines([...new Set(parsed.map((rule) => rule.text))]);
    for (const rule of parsed) this.#rules.set(rule.text, rule);
    this.facts = all.filter(({ body }) => body.length === 0).map((rule) => this.instance(rule, new Map()));
    this.#derived = new Set(parsed.map(({ head }) => head.relation));
  }

  rule(text: string): Rule | undefined {
    return this.#rules.get(text);
  }

  /** The values of a rule's variables, from what its positive atoms match. */
  bindings(rule: string, premises: readonly CertificateFact[]): Record<string, CertificateValue> {
    const known = this.rule(rule) ?? refuse('', `${rule} is none of the rules`);
    const bindings: Bindings = new Map();
    known.positive.forEach((atom, i) => {
      matches(atom, premises[i]!, bindings);
    });
    this.compare(known, bindings);
    return Object.fromEntries(bindings);
  }

  derives(relation: string): boolean {
    return this.#derived.has(relation);
  }

  /** A fact that fits its relation. */
  fact(fact: CertificateFact): CertificateFact {
    const [relation, ...values] = fact;
    const columns = this.#columns(relation);
    if (columns.length !== values.length) refuse('', `${relation} has ${columns.length} columns`);
    columns.forEach((kind, i) => {
      const value = values[i]!;
      const fits =
        kind === 'term'
          ? typeof value === 'string'
          : kind === 'integer'
            ? value === ((value as number) | 0)
            : typeof value === 'string' && isTextOf(kind as CheckedLattice, value);
      if (!fits) refuse('', `${JSON.stringify(value)} does not fit column ${i + 1} of ${relation}`);
    });
    return fact;
  }

  lattice(relation: string): CheckedLattice | undefined {
    const last = this.#columns(relation).at(-1);
    return typeof last === 'object' ? (last as CheckedLattice) : undefined;
  }

  /** What a rule says under bindings. */
  instance({ head, lattices }: Rule, bindings: Bindings): CertificateFact {
    const columns = this.#columns(head.relation);
    const values = head.given.map((expression, i) => {
      const kind = columns[i];
      const value = this.#value(expression, lattices, bindings);
      if (typeof kind !== 'object') return value as CertificateValue;
      const lattice = kind as CheckedLattice;
      return lattice.encode(
        expression.type === 'constant' && typeof value === 'string' ? lattice.decode(value) : value,
      );
    });
    return this.fact([head.relation, ...values]);
  }

  /** The join of two statements about a cell. */
  joined(a: CertificateFact, b: CertificateFact): CertificateFact {
    const lattice = this.lattice(b[0]);
    if (lattice === undefined) return refuse('', `${b[0]} has no cells that could be joined`);
    const key = factKey(b.slice(0, -1) as unknown as CertificateFact);
    if (factKey(a.slice(0, -1) as unknown as CertificateFact) !== key) refuse('', 'it joins another cell');
    const join = lattice.join(lattice.decode(String(a.at(-1))), lattice.decode(String(b.at(-1))));
    return [...b.slice(0, -1), lattice.encode(join)] as unknown as CertificateFact;
  }

  /** Binds what equalities define, then tells whether the comparisons that are left hold. */
  compare(rule: Rule, bindings: Bindings): boolean {
    let waiting = rule.body.filter((literal) => literal.type === 'comparison');
    for (let before = -1; before !== waiting.length; ) {
      before = waiting.length;
      waiting = waiting.filter((comparison) => !this.#assign(comparison, rule, bindings));
    }
    return waiting.every((comparison) => this.#holds(comparison, rule, bindings));
  }

  #assign({ sign, left, right }: Comparison, rule: Rule, bindings: Bindings): boolean {
    if (sign !== '=') return false;
    const sides = [
      [left, right],
      [right, left],
    ] as const;
    for (const [target, source] of sides) {
      if (target.type !== 'variable' || bindings.has(target.name)) continue;
      if (!variablesOf(source).every((name) => bindings.has(name))) continue;
      const value =
        source.type === 'variable' ? bindings.get(source.name) : this.#value(source, rule.lattices, bindings);
      bindings.set(target.name, value as CertificateValue);
      return true;
    }
    return false;
  }

  /** Values of lattices are compared by their texts with texts, and as numbers with numbers. */
  #holds({ sign, left, right }: Comparison, rule: Rule, bindings: Bindings): boolean {
    const latticeOf = (side: Expression) => (side.type === 'variable' ? rule.lattices.get(side.name) : undefined);
    const lattice = latticeOf(left) ?? latticeOf(right);
    if (lattice === undefined) {
      const [a, b] = [left, right].map((side) => this.#value(side, rule.lattices, bindings));
      return compares(sign, a, b);
    }
    const isText = (side: Expression) =>
      latticeOf(side) !== undefined || (side.type === 'constant' && typeof side.value === 'string');
    if (isText(left) && isText(right) && (sign === '=' || sign === '!=')) {
      const [a, b] = [left, right].map((side) => lattice.encode(this.#latticeValue(side, lattice, rule, bindings)));
      return compares(sign, a, b);
    }
    const [a, b] = [left, right].map((side) => Number(this.#value(side, rule.lattices, bindings)));
    return compares(sign, a, b);
  }

  #latticeValue(side: Expression, lattice: CheckedLattice, rule: Rule, bindings: Bindings): unknown {
    const value = this.#value(side, rule.lattices, bindings);
    return side.type === 'constant' ? lattice.decode(String(value)) : value;
  }

  /** The least model: rules by strata, each to its fixpoint, new facts one after the other. */
  model(given: FactBase, work: number): FactBase {
    const model = given.model();
    const rules = [...this.#rules.values()];
    const strata = this.#strata(rules);
    let left = work;
    const spend = () => {
      left -= 1;
      if (left < 0) refuse('', `evaluating the strata below needs more than ${work} steps`);
    };
    for (let stratum = 0; stratum <= Math.max(0, ...strata.values()); stratum += 1) {
      const own = rules.filter(({ head }) => strata.get(head.relation) === stratum);
      const waiting: CertificateFact[] = own.flatMap((rule) => [...this.#derive(rule, undefined, model, spend)]);
      for (let fact = waiting.pop(); fact !== undefined; fact = waiting.pop()) {
        const added = model.add(fact);
        if (added === undefined) continue;
        for (const rule of own) waiting.push(...this.#derive(rule, added, model, spend));
      }
      model.settle();
    }
    return model;
  }

  /** What a rule derives from the model: with `fact` among the premises, where it is given. */
  *#derive(
    rule: Rule,
    fact: CertificateFact | undefined,
    model: FactBase,
    spend: () => void,
  ): Generator<CertificateFact> {
    const { positive } = rule;
    const starts = fact === undefined ? [undefined] : positive.filter(({ relation }) => relation === fact[0]);
    for (const start of starts) {
      const bindings: Bindings = new Map();
      if (start !== undefined && fact !== undefined && !matches(start, fact, bindings)) continue;
      const rest = positive.filter((atom) => atom !== start);
      for (const complete of this.#joins(rest, bindings, model, spend)) {
        if (this.#satisfies(rule, complete, model, spend)) yield this.instance(rule, complete);
      }
    }
  }

  /**
   * Whether what a rule asks beside its positive atoms is true; binds what equalities define. What may fail (arithmetic) is computed
   * last, where all that can be told without it is true: that is the meaning of a rule.
   */
  #satisfies(rule: Rule, bindings: Bindings, model: FactBase, spend: () => void): boolean {
    let waiting = rule.body.filter((literal) => literal.type === 'comparison' || literal.negated);
    while (waiting.length > 0) {
      const next = nextCondition(waiting, bindings);
      waiting = waiting.filter((literal) => literal !== next);
      if (next.type === 'atom') {
        if (model.match(next.atom, bindings, spend).next().done !== true) return false;
      } else if (!this.#assign(next, rule, bindings) && !this.#holds(next, rule, bindings)) return false;
    }
    return true;
  }

  *#joins(atoms: readonly Atom[], bindings: Bindings, model: FactBase, spend: () => void): Generator<Bindings> {
    const [first, ...rest] = atoms;
    if (first === undefined) yield bindings;
    else {
      for (const match of model.match(first, bindings, spend)) yield* this.#joins(rest, match.bindings, model, spend);
    }
  }

  /** Ullman's stratification: as high as what it depends on, above what it negates or tests. */
  #strata(rules: readonly Rule[]): Map<string, number> {
    const strata = new Map<string, number>(rules.map(({ head }) => [head.relation, 0]));
    for (let changed = true; changed; ) {
      changed = false;
      for (const { head, body, exact } of rules) {
        for (const literal of body) {
          if (literal.type !== 'atom' || !strata.has(literal.atom.relation)) continue;
          const above = literal.negated || exact.has(literal.atom) ? 1 : 0;
          const least = strata.get(literal.atom.relation)! + above;
          if (strata.get(head.relation)! >= least) continue;
          if (least > strata.size) refuse('rules', `${head.relation} depends on its own negation`);
          strata.set(head.relation, least);
          changed = true;
        }
      }
    }
    return strata;
  }

  #columns(relation: string): readonly unknown[] {
    if (!Object.hasOwn(this.#relations, relation))
      return refuse('', `there is no relation ${JSON.stringify(relation)}`);
    return this.#relations[relation]!.columns;
  }

  /** What a rule says of lattices: which variables are their values, and which cells it tests. */
  #typed(parsed: ParsedRule): Rule {
    const rule = { ...parsed, body: parsed.body.map((literal) => this.#withTexts(literal)) };
    const lattices = new Map<string, CheckedLattice>();
    const cells: { atom: Atom; value: Expression }[] = [];
    for (const literal of rule.body) {
      if (literal.type !== 'atom' || literal.negated) continue;
      const lattice = this.lattice(literal.atom.relation);
      const value = literal.atom.given.at(-1);
      if (lattice === undefined || value === undefined) continue;
      if (value.type === 'variable') lattices.set(value.name, lattice);
      cells.push({ atom: literal.atom, value });
    }
    for (const literal of [...rule.body, ...rule.body]) {
      if (literal.type !== 'comparison' || literal.sign !== '=') continue;
      const { left, right } = literal;
      if (left.type !== 'variable' || right.type !== 'variable') continue;
      const lattice = lattices.get(left.name) ?? lattices.get(right.name);
      if (lattice !== undefined) lattices.set(left.name, lattice).set(right.name, lattice);
    }
    const headLattice = this.lattice(rule.head.relation);
    const plain = headLattice === undefined ? rule.head.given : rule.head.given.slice(0, -1);
    const said = rule.head.given.slice(plain.length);
    const tested = new Set([
      ...plain.flatMap(variablesOf),
      ...said.flatMap((value) => notMonotone(value, (name) => lattices.get(name) === headLattice)),
      ...rule.body.flatMap(testedVariables),
    ]);
    const isTested = ({ value }: { value: Expression }): boolean => {
      if (value.type !== 'variable') return value.type === 'constant';
      const { name } = value;
      return (
        tested.has(name) ||
        cells.filter(({ value: other }) => other.type === 'variable' && other.name === name).length > 1
      );
    };
    const atoms = rule.body.filter((literal) => literal.type === 'atom');
    const positive = atoms.filter(({ negated }) => !negated).map(({ atom }) => atom);
    const negative = atoms.filter(({ negated }) => negated).map(({ atom }) => atom);
    return { ...rule, positive, negative, lattices, exact: new Set(cells.filter(isTested).map(({ atom }) => atom)) };
  }

  /** An atom's constant in a lattice's column becomes the text that facts have there. */
  #withTexts(literal: Literal): Literal {
    if (literal.type !== 'atom') return literal;
    const { relation, given } = literal.atom;
    const lattice = this.lattice(relation);
    const last = given.at(-1);
    if (lattice === undefined || last?.type !== 'constant') return literal;
    const value = lattice.encode(typeof last.value === 'string' ? lattice.decode(last.value) : last.value);
    return { ...literal, atom: { relation, given: [...given.slice(0, -1), { type: 'constant', value }] } };
  }

  #value(expression: Expression, lattices: Rule['lattices'], bindings: Bindings): unknown {
    switch (expression.type) {
      case 'constant':
        return expression.value;
      case 'any':
        return refuse('', 'a wildcard has no value');
      case 'variable': {
        const value = bindings.get(expression.name) ?? refuse('', `the variable ${expression.name} is not bound`);
        const lattice = lattices.get(expression.name);
        return lattice === undefined ? value : lattice.decode(String(value));
      }
      case 'call': {
        const { name, given } = expression;
        if (!Object.hasOwn(this.#functions, name)) return refuse('', `there is no function ${name}`);
        return this.#functions[name]!(...(given.map((each) => this.#value(each, lattices, bindings)) as never[]));
      }
      case 'operation':
        return operate(
          expression.operator,
          this.#value(expression.left, lattices, bindings),
          this.#value(expression.right, lattices, bindings),
        );
    }
  }
}

/** Of conditions whose variables are bound: one without arithmetic, else one that binds nothing, else an equality that binds. */
function nextCondition(waiting: readonly Literal[], bindings: Bindings): Literal {
  const isBound = (side: Expression) => variablesOf(side).every((name) => bindings.has(name));
  const binds = (literal: Literal) =>
    literal.type === 'comparison' &&
    literal.sign === '=' &&
    [literal.left, literal.right].some(isBound) &&
    [literal.left, literal.right].some((side) => side.type === 'variable' && !isBound(side));
  const sides = (literal: Literal) => (literal.type === 'atom' ? literal.atom.given : [literal.left, literal.right]);
  const ready = waiting.filter((literal) => sides(literal).every(isBound) || binds(literal));
  const isPlain = (literal: Literal) => sides(literal).every(({ type }) => type !== 'operation' && type !== 'call');
  return ready.find(isPlain) ?? ready.find((each) => !binds(each)) ?? ready[0] ?? refuse('', 'a variable is not bound');
}

function operate(operator: string, a: unknown, b: unknown): number {
  if (typeof a !== 'number' || typeof b !== 'number') return refuse('', `${operator} of what is no number`);
  if (operator === '+') return a + b;
  if (operator === '-') return a - b;
  if (operator === '*') return a * b;
  if (b === 0) return refuse('', 'it divides by zero');
  return Math.trunc(a / b);
}

function compares(sign: string, a: unknown, b: unknown): boolean {
  if (sign === '=') return a === b;
  if (sign === '!=') return a !== b;
  const left = a as number;
  const right = b as number;
  if (sign === '<') return left < right;
  if (sign === '<=') return left <= right;
  return sign === '>' ? left > right : left >= right;
}

function isTextOf(lattice: CheckedLattice, text: string): boolean {
  const value = lattice.decode(text);
  return lattice.encode(value) === text && lattice.encode(lattice.bottom) !== text;
}

/** Variables that a comparison or a negated atom looks at. */
function testedVariables(literal: Literal): string[] {
  if (literal.type === 'comparison') return [...variablesOf(literal.left), ...variablesOf(literal.right)];
  return literal.negated ? literal.atom.given.flatMap(variablesOf) : [];
}

function variablesOf(expression: Expression): string[] {
  if (expression.type === 'variable') return [expression.name];
  if (expression.type === 'operation') return [...variablesOf(expression.left), ...variablesOf(expression.right)];
  return expression.type === 'call' ? expression.given.flatMap(variablesOf) : [];
}

/**
 * Variables on which a cell's value may depend otherwise than monotonically: those whose lattice is another than the cell's, a
 * subtrahend, a factor, a divisor. Functions are monotone in what they are given: that is asked of them.
 */
function notMonotone(expression: Expression, isOfCell: (variable: string) => boolean): string[] {
  if (expression.type === 'variable') return isOfCell(expression.name) ? [] : [expression.name];
  if (expression.type === 'call') return expression.given.flatMap((each) => notMonotone(each, () => true));
  if (expression.type !== 'operation') return [];
  const { operator, left, right } = expression;
  if (operator === '+') return [left, right].flatMap((side) => notMonotone(side, isOfCell));
  return operator === '-' ? [...notMonotone(left, isOfCell), ...variablesOf(right)] : variablesOf(expression);
}

/** Whether a fact is an instance of an atom; binds what is not bound yet. */
function matches({ relation, given }: Atom, [name, ...values]: CertificateFact, bindings: Bindings): boolean {
  if (relation !== name || given.length !== values.length) return false;
  return given.every((expression, i) => {
    const value = values[i]!;
    if (expression.type === 'any') return true;
    if (expression.type === 'constant') return expression.value === value;
    if (expression.type !== 'variable') return false;
    const bound = bindings.get(expression.name);
    if (bound === undefined) bindings.set(expression.name, value);
    return bound === undefined || bound === value;
  });
}

/** Facts, by text and by the value of each column. */
class FactBase {
  readonly #program: Program;
  /** Whether what is said about a cell is joined, or kept as it was said. */
  readonly #joins: boolean;
  readonly #facts = new Map<string, CertificateFact>();
  #columns = new Map<string, CertificateFact[]>();
  /** The present text of each cell's fact. */
  readonly #cells = new Map<string, string>();

  constructor(program: Program, joins: boolean) {
    this.#program = program;
    this.#joins = joins;
  }

  /** The same facts, with their cells joined. */
  model(): FactBase {
    const copy = new FactBase(this.#program, true);
    for (const fact of this.#facts.values()) copy.add(fact);
    copy.settle();
    return copy;
  }

  has(key: string): boolean {
    return this.#facts.has(key);
  }

  keys(): Iterable<string> {
    return this.#facts.keys();
  }

  /** Adds a fact, or joins it to its cell. @returns the fact that is new, if one is */
  add(given: CertificateFact): CertificateFact | undefined {
    const isCell = this.#joins && this.#program.lattice(given[0]) !== undefined;
    const cell = isCell ? JSON.stringify(given.slice(0, -1)) : undefined;
    const before = cell === undefined ? undefined : this.#cells.get(cell);
    const old = before === undefined ? undefined : this.#facts.get(before);
    const fact = old === undefined ? given : this.#program.joined(old, given);
    const key = factKey(fact);
    if (this.#facts.has(key)) return undefined;
    if (before !== undefined) this.#facts.delete(before);
    if (cell !== undefined) this.#cells.set(cell, key);
    this.#facts.set(key, fact);
    this.#index(fact);
    return fact;
  }

  /** Forgets what cells were before they rose. */
  settle(): void {
    this.#columns = new Map();
    for (const fact of this.#facts.values()) this.#index(fact);
  }

  /** The facts that match an atom under bindings, by the shortest list of a bound column. */
  *match(atom: Atom, bindings: Bindings, spend: () => void): Generator<{ fact: CertificateFact; bindings: Bindings }> {
    let list = this.#columns.get(atom.relation) ?? [];
    atom.given.forEach((expression, i) => {
      const value =
        expression.type === 'constant'
          ? expression.value
          : expression.type === 'variable'
            ? bindings.get(expression.name)
            : undefined;
      if (value === undefined) return;
      const narrower = this.#columns.get(columnKey(atom.relation, i, value)) ?? [];
      if (narrower.length < list.length) list = narrower;
    });
    for (const fact of list.slice()) {
      spend();
      const extended: Bindings = new Map(bindings);
      if (matches(atom, fact, extended)) yield { fact, bindings: extended };
    }
  }

  #index(fact: CertificateFact): void {
    const [relation, ...values] = fact;
    const put = (key: string) => {
      const list = this.#columns.get(key);
      if (list === undefined) this.#columns.set(key, [fact]);
      else list.push(fact);
    };
    put(relation);
    values.forEach((value, i) => {
      put(columnKey(relation, i, value));
    });
  }
}

const columnKey = (relation: string, column: number, value: CertificateValue): string =>
  `${relation} ${column} ${JSON.stringify(value)}`;

// The text of rules. The grammar is in `rules/rule-syntax.ts`; the canonical text has every term in quotes and no prefix.

const printAtom = ({ relation, given }: Atom): string => `${relation}(${given.map(print).join(', ')})`;

function print(expression: Expression): string {
  switch (expression.type) {
    case 'variable':
      return expression.name;
    case 'any':
      return '_';
    case 'constant':
      return JSON.stringify(expression.value);
    case 'operation':
      return `(${print(expression.left)} ${expression.operator} ${print(expression.right)})`;
    case 'call':
      return `${expression.name}(${expression.given.map(print).join(', ')})`;
  }
}

function printLiteral(literal: Literal): string {
  if (literal.type === 'comparison') return `${print(literal.left)} ${literal.sign} ${print(literal.right)}`;
  return `${literal.negated ? 'not ' : ''}${printAtom(literal.atom)}`;
}

const tokenPattern =
  /[ \t\r\n]+|%[^\n]*|:-|!=|<=|>=|@prefix\b|<[^<>\s"{}|\\^`=][^<>\s"{}|\\^`]*>|"(?:[^"\\\n]|\\.)*"|\d+|(?:\p{L}[\p{L}\p{N}_]*(?:-[\p{L}\p{N}_]+)*)?:[\p{L}\p{N}_]+(?:-[\p{L}\p{N}_]+)*|[\p{Lu}_][\p{L}\p{N}_]*|\p{L}[\p{L}\p{N}_]*(?:-[\p{L}\p{N}_]+)*|[(),.:=<>+*/!-]/uy;
const comparisonSigns = ['=', '!=', '<', '<=', '>', '>='];

/** Recursive descent over a list of tokens. */
class Parser {
  readonly #tokens: string[] = [];
  readonly #prefixes = new Map<string, string>();
  readonly #nesting: number;
  #at = 0;
  #depth = 0;

  constructor(text: string, { ruleText, nesting }: CheckLimits) {
    if (text.length > ruleText) refuse('rules', `the text has ${text.length} characters; at most ${ruleText}`);
    this.#nesting = nesting;
    const pattern = new RegExp(tokenPattern.source, tokenPattern.flags);
    while (pattern.lastIndex < text.length) {
      const at = pattern.lastIndex;
      const token =
        pattern.exec(text)?.[0] ?? refuse('rules', `${JSON.stringify(text.slice(at, at + 10))} begins nothing`);
      if (!/^[\s%]/.test(token)) this.#tokens.push(token);
    }
  }

  program(): ParsedRule[] {
    const rules: ParsedRule[] = [];
    this.#at = 0;
    while (this.#at < this.#tokens.length) {
      if (this.#take('@prefix')) this.#prefix();
      else rules.push(this.#rule());
    }
    return rules;
  }

  #prefix(): void {
    const name = this.#is(':') ? '' : this.#next();
    if (!/^(?:[\p{L}_][^:]*)?$/u.test(name)) refuse('rules', `${name} is the name of no prefix`);
    this.#expect(':');
    const iri = this.#next();
    if (!iri.startsWith('<')) refuse('rules', `${iri} is no IRI`);
    this.#prefixes.set(name, iri.slice(1, -1));
    this.#expect('.');
  }

  #rule(): ParsedRule {
    const head = this.#atom();
    const body: Literal[] = [];
    if (this.#take(':-')) {
      do body.push(this.#literal());
      while (this.#take(','));
    }
    this.#expect('.');
    const text =
      body.length === 0 ? `${printAtom(head)}.` : `${printAtom(head)} :- ${body.map(printLiteral).join(', ')}.`;
    return { text, head, body };
  }

  #literal(): Literal {
    const isNot = this.#is('not') && isName(this.#tokens[this.#at + 1] ?? '');
    if (isNot || this.#is('!')) {
      this.#at += 1;
      return { type: 'atom', negated: true, atom: this.#atom() };
    }
    const left = this.#sum();
    const sign = this.#tokens[this.#at] ?? '';
    if (comparisonSigns.includes(sign)) {
      this.#at += 1;
      return { type: 'comparison', sign, left, right: this.#sum() };
    }
    if (left.type !== 'call') return refuse('rules', `${print(left)} is no atom and no comparison`);
    return { type: 'atom', negated: false, atom: { relation: left.name, given: left.given } };
  }

  #atom(): Atom {
    const relation = this.#next();
    if (!isName(relation)) refuse('rules', `${relation} is the name of no relation`);
    return { relation, given: this.#list() };
  }

  #list(): Expression[] {
    this.#expect('(');
    const given: Expression[] = [];
    if (!this.#is(')')) {
      do given.push(this.#sum());
      while (this.#take(','));
    }
    this.#expect(')');
    return given;
  }

  #sum(): Expression {
    this.#depth += 1;
    if (this.#depth > this.#nesting) refuse('rules', `an expression is nested deeper than ${this.#nesting}`);
    let left = this.#product();
    while (this.#is('+') || this.#is('-'))
      left = { type: 'operation', operator: this.#next(), left, right: this.#product() };
    this.#depth -= 1;
    return left;
  }

  #product(): Expression {
    let left = this.#factor();
    while (this.#is('*') || this.#is('/'))
      left = { type: 'operation', operator: this.#next(), left, right: this.#factor() };
    return left;
  }

  #factor(): Expression {
    const token = this.#next();
    if (token === '_') return { type: 'any' };
    if (token.startsWith('"')) return { type: 'constant', value: JSON.parse(token) as string };
    if (/^\d/.test(token)) return { type: 'constant', value: integer(token) };
    if (token.startsWith('<') && token.length > 2) return { type: 'constant', value: token.slice(1, -1) };
    if (token === '(') {
      const inner = this.#sum();
      this.#expect(')');
      return inner;
    }
    if (token === '-') return this.#negative();
    if (/:[\p{L}\p{N}_]/u.test(token)) return this.#prefixed(token);
    if (/^[\p{Lu}_]/u.test(token)) return { type: 'variable', name: token };
    if (!isName(token)) return refuse('rules', `${token} begins no expression`);
    if (this.#is('(')) return { type: 'call', name: token, given: this.#list() };
    return { type: 'constant', value: token };
  }

  #negative(): Expression {
    if (/^\d/.test(this.#tokens[this.#at] ?? '')) return { type: 'constant', value: integer(`-${this.#next()}`) };
    this.#depth += 1;
    if (this.#depth > this.#nesting) refuse('rules', `an expression is nested deeper than ${this.#nesting}`);
    const right = this.#factor();
    this.#depth -= 1;
    return { type: 'operation', operator: '-', left: { type: 'constant', value: 0 }, right };
  }

  #prefixed(token: string): Expression {
    const [prefix, local] = token.split(':') as [string, string];
    const iri = this.#prefixes.get(prefix) ?? refuse('rules', `the prefix ${prefix}: was not declared`);
    return { type: 'constant', value: iri + local };
  }

  #is(token: string): boolean {
    return this.#tokens[this.#at] === token;
  }

  #take(token: string): boolean {
    const found = this.#is(token);
    if (found) this.#at += 1;
    return found;
  }

  #expect(token: string): void {
    if (!this.#take(token)) refuse('rules', `found ${this.#tokens[this.#at] ?? 'the end'} where ${token} belongs`);
  }

  #next(): string {
    const token = this.#tokens[this.#at] ?? refuse('rules', 'the text ends within a rule');
    this.#at += 1;
    return token;
  }
}

const isName = (token: string): boolean => /^(?!\p{Lu})\p{L}[^:]*$/u.test(token);

function integer(text: string): number {
  const value = Number(text);
  if ((value | 0) !== value) refuse('rules', `${text} is no integer of 32 bits`);
  return value + 0;
}
