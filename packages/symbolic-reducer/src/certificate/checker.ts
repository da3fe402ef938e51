// Checks certificates by its own parsing and arithmetic: it shares no code with what finds them, so an error there cannot hide an error
// here. Expressions become fractions of polynomials (maps from monomials to BigInt) over atoms: symbols and calls. Two calls are one atom
// when their arguments are equal as fractions. Derivatives and rewritings are first compared unexpanded (a sum that is multiplied is an
// atom): the work has the size of the definitions, not of the tree. Both ways only treat equal things as equal.

import type * as Format from './certificate.js';
import { DERIVATIVES, IDENTITIES, type MathJson, NOT_NUMBERS, SHORTHANDS } from './certificate.js';

/** Coefficients by monomial; no zeros. */
type Poly = ReadonlyMap<number, bigint>;
/** `n / d`; `d` is not 0. */
type Fraction = { readonly n: Poly; readonly d: Poly };
/** A value, and its derivative where one is asked for. */
type Dual = { readonly v: Fraction; readonly dv: Fraction };
type Scope = ReadonlyMap<string, Dual>;
type Call = { readonly name: string; readonly args: readonly Fraction[] };
type Atom = string | Call | Fraction;
/** A step in use: the atom's power becomes the fraction. */
type Replacement = { readonly atom: number; readonly power: number; readonly by: Fraction };

class Refusal extends Error {}

function refuse(problem: string): never {
  throw new Refusal(problem);
}

const ONE: Poly = new Map([[0, 1n]]);
const ZERO: Fraction = { n: new Map(), d: ONE };
/** Numbers beyond count for more than one step. */
const WORD = 2n ** 64n;
/** Steps between two calls of `look`: some hundredths of a second. */
const LOOK_EVERY = 2 ** 14;

const text = (value: unknown) => (typeof value === 'string' ? value : refuse('a name was expected'));
const letter = (name: unknown) => (/^(#.*|Pi|ExponentialE)$/s.test(text(name)) ? refuse('no letter') : text(name));
const number = (value: bigint): Fraction => (value === 0n ? ZERO : { n: new Map([[0, value]]), d: ONE });
const isNumber = (polynomial: Poly) => polynomial.size === 0 || (polynomial.size === 1 && polynomial.has(0));
const isOne = (polynomial: Poly) => polynomial.size === 1 && polynomial.get(0) === 1n;
const samePoly = (a: Poly, b: Poly) =>
  a.size === b.size && [...a].every(([monomial, value]) => b.get(monomial) === value);

/**
 * Replays a certificate. The work is bounded before it is done.
 *
 * @param certificate as found, or parsed from JSON: nothing is believed of its shape
 * @throws only what the `look` of the limits throws
 */
export function checkCertificate(certificate: Format.Certificate, limits: Format.CheckLimits = {}): Format.CheckResult {
  const attempt = (shallow: boolean): Format.CheckResult => {
    const checker = new Checker(limits ?? {}, shallow);
    try {
      return { accepted: true, believedRules: checker.check(certificate) };
    } catch (error) {
      if (checker.isLooking) throw error;
      const { message } = error as Error;
      return { accepted: false, problem: error instanceof Refusal ? message : `not in the format: ${message}` };
    }
  };
  const cheap = ['derivative', 'rewriting'].includes(certificate?.kind) ? attempt(true) : undefined;
  return cheap?.accepted ? cheap : attempt(false);
}

class Checker {
  readonly #shallow: boolean;
  readonly #maxBits: number;
  readonly #look: (() => void) | undefined;
  /** Whether what is thrown comes of `look`. */
  isLooking = false;
  #nextLook: number;
  #stepsLeft: number;
  /** Of each monomial its atoms and exponents, atoms rising; monomial 0 is 1. */
  readonly #monomials: number[][] = [[]];
  readonly #monomialIndex = new Map<string, number>([['', 0]]);
  /** A symbol's name, a call, or a sum that stands for itself. */
  readonly #atoms: Atom[] = [];
  /** Of a name or a sum its atom; of a call all with its function and as many arguments. */
  readonly #atomIndex = new Map<string, number[]>();
  readonly #replacements: Replacement[] = [];
  /** What expressions were divided by. */
  readonly #divisors: Poly[] = [];
  /** Calls that the claim itself contains: where it has a value, they have. */
  readonly #claimed = new Set<number>();
  readonly #usedConditions = new Set<Format.CertifiedCondition>();
  #definitions: Dual[] = [];
  #variable: string | undefined;

  constructor({ maxSteps = 4_000_000, maxBits = 2 ** 20, look }: Format.CheckLimits, shallow: boolean) {
    // Limits that are none allow nothing.
    this.#maxBits = Number.isInteger(maxBits) && maxBits > 0 && maxBits < 2 ** 30 ? maxBits : 0;
    this.#stepsLeft = typeof maxSteps === 'number' && maxSteps > 0 ? Math.min(maxSteps, 2 ** 53) : -1;
    [this.#shallow, this.#look] = [shallow, typeof look === 'function' ? look : undefined];
    this.#nextLook = this.#stepsLeft - LOOK_EVERY;
  }

  /** @returns the names of rules that had to be believed */
  check(certificate: Format.Certificate): string[] {
    const { kind } = certificate;
    if (kind === 'derivative') this.#variable = letter(certificate.variable);
    this.#define(certificate.definitions);
    if (kind === 'rewriting') return this.#checkRewriting(certificate);
    if (kind === 'equality') this.#checkEquality(certificate);
    else if (kind === 'gcd') this.#checkGcd(certificate);
    else if (kind === 'square-free') this.#checkSquareFree(certificate);
    else if (kind === 'quotient') {
      const divisor = this.#polynomial(certificate.divisor);
      if (divisor.size === 0) refuse('a division by 0');
      const product = this.#times(divisor, this.#polynomial(certificate.quotient));
      this.#requireSame(this.#polynomial(certificate.dividend), product);
    } else if (kind === 'derivative') {
      const { dv } = this.#evaluate(certificate.expression);
      if (!this.#equal(dv, this.#value(certificate.result))) refuse('the derivative is another');
    } else refuse('no such kind of certificate');
    return [];
  }

  readonly #define = (definitions: readonly MathJson[] = []): void => {
    this.#definitions = [];
    for (const definition of definitions) this.#definitions.push(this.#evaluate(definition));
  };
  #checkEquality(certificate: Format.EqualityCertificate): void {
    for (const side of [certificate.left, certificate.right]) this.#claim(this.#value(side));
    for (const step of certificate.steps) {
      this.#apply(step, certificate);
      this.#define(certificate.definitions);
    }
    if (!this.#equal(this.#value(certificate.left), this.#value(certificate.right))) refuse('the sides are not equal');
    this.#requireUse(certificate.conditions);
  }

  #checkGcd(certificate: Format.GcdCertificate): void {
    const gcd = this.#polynomial(certificate.gcd);
    const left = this.#polynomial(certificate.leftCofactor);
    const right = this.#polynomial(certificate.rightCofactor);
    this.#requireSame(this.#polynomial(certificate.left), this.#times(gcd, left));
    this.#requireSame(this.#polynomial(certificate.right), this.#times(gcd, right));
    if (gcd.size + left.size + right.size === 0) return;
    if (this.#contentOf([...left.values(), ...right.values()]) !== 1n) refuse('the cofactors have a number in common');
    const [inLeft, inRight] = [this.#atomsOf(left), this.#atomsOf(right)];
    for (const atom of new Set([...inLeft, ...inRight])) {
      if (left.size > 0 && right.size > 0 && !(inLeft.has(atom) && inRight.has(atom))) continue;
      const { image: a, prime } = this.#image(left, atom, certificate.witnesses);
      const { image: b } = this.#image(right, atom, certificate.witnesses);
      if (!(a.at(-1) || b.at(-1)) || degreeOfGcd(a, b, prime) !== 0) refuse('a witness of no coprimality');
    }
  }

  #checkSquareFree(certificate: Format.SquareFreeCertificate): void {
    let product = this.#polynomial(certificate.content);
    if (!isNumber(product)) refuse('a content that is no number');
    let radical = ONE;
    for (const { factor, multiplicity } of certificate.factors) {
      if (!Number.isSafeInteger(multiplicity) || multiplicity < 1) refuse('a wrong multiplicity');
      const polynomial = this.#polynomial(factor);
      if (isNumber(polynomial)) refuse('a factor that is a number');
      product = this.#times(product, this.#power(polynomial, multiplicity));
      radical = this.#times(radical, polynomial);
    }
    this.#requireSame(this.#polynomial(certificate.polynomial), product);
    for (const atom of this.#atomsOf(radical)) {
      const { image, prime } = this.#image(radical, atom, certificate.witnesses);
      const derivative = image.map((value, exponent) => (value * exponent) % prime).slice(1);
      if (!image.at(-1) || degreeOfGcd(image, derivative, prime) !== 0) refuse('a witness of no coprimality');
    }
  }

  #checkRewriting(certificate: Format.RewritingCertificate): string[] {
    let current = this.#value(certificate.start);
    for (const side of [current, this.#value(certificate.end)]) this.#claim(side);
    for (const { rule: index, substitution, context } of certificate.steps) {
      const rule = certificate.rules[index] ?? refuse('a step by a rule that is not there');
      const scope = new Map(Object.entries(substitution).map(([name, value]) => [letter(name), this.#evaluate(value)]));
      this.#require(rule.conditions, scope, certificate);
      const place = (side: MathJson) => this.#evaluate(context, new Map([['#hole', this.#evaluate(side, scope)]])).v;
      if (!this.#equal(current, place(rule.left))) refuse(`the rule ${rule.name} was applied to something else`);
      current = place(rule.right);
    }
    if (!this.#equal(current, this.#value(certificate.end))) refuse('the steps end elsewhere');
    this.#requireUse(certificate.conditions);
    return [...new Set(certificate.steps.map(({ rule }) => text(certificate.rules[rule]!.name)))];
  }

  /** Refuses unless what is needed of values is known: from numbers, or because it is assumed. */
  #require(
    needs: readonly Format.CertifiedCondition[],
    scope: Scope,
    { assumptions, conditions }: Pick<Format.EqualityCertificate, 'assumptions' | 'conditions'>,
  ): void {
    const known = [...assumptions, ...conditions];
    for (const { relation, expression } of needs) {
      const { v: value } = this.#evaluate(expression, scope);
      const sign = Math.min(this.#sign(value.n, known), this.#sign(value.d, known) * 2);
      const nonzero = sign > 1 || (isNumber(value.n) && value.n.size > 0);
      if ({ nonnegative: sign > 0, positive: sign > 1, nonzero, integer: this.#isWhole(value) }[relation]) continue;
      const enough = (given: Format.CertifiedCondition) =>
        given.relation === relation || (given.relation === 'positive' && relation !== 'integer');
      const found = known.find((given) => enough(given) && this.#equal(this.#value(given.expression), value));
      this.#usedConditions.add(found ?? refuse(`a value must be ${relation}, and nothing says so`));
    }
  }

  /** What is known of a sign without looking at sums that are assumed: 2 positive, 1 not negative, 0 nothing. */
  #sign(polynomial: Poly, known: readonly Format.CertifiedCondition[]): number {
    const ofAtom = (atom: number) => {
      const found = known.find((given) => given.relation !== 'integer' && given.expression === this.#atoms[atom]);
      if (found !== undefined) this.#usedConditions.add(found);
      const { name = '', args = [] } = this.#atoms[atom] as Partial<Call>;
      const even = name === 'Abs' || (name === 'Root' && args[1]!.n.get(0)! % 2n === 0n);
      return name === 'Exp' || found?.relation === 'positive' ? 2 : even || found?.relation === 'nonnegative' ? 1 : 0;
    };
    let best = 1;
    for (const [monomial, value] of polynomial) {
      const atoms = [...this.#atomsOf(new Map([[monomial, value]]))];
      const signs = atoms.map((atom) => Math.max(ofAtom(atom), 1 - (Math.abs(this.#exponent(monomial, atom)) % 2)));
      const claimed = atoms.every((atom) => typeof this.#atoms[atom] === 'string' || this.#claimed.has(atom));
      if (value < 0n || signs.includes(0) || !claimed) return 0;
      if (!signs.includes(1)) best = 2;
    }
    return best;
  }

  readonly #claim = ({ n, d }: Fraction): void => {
    for (const atom of [...this.#atomsOf(n), ...this.#atomsOf(d)]) {
      if (!this.#claimed.has(atom)) for (const arg of (this.#atoms[atom] as Partial<Call>).args ?? []) this.#claim(arg);
      this.#claimed.add(atom);
    }
  };
  /** Refuses conditions that nothing needs: what is not 0 must be part of what was divided by; mostly of one divisor. */
  #requireUse(conditions: readonly Format.CertifiedCondition[]): void {
    for (const condition of conditions.filter((each) => !this.#usedConditions.has(each))) {
      const { n } = this.#value(condition.expression);
      this.#step(this.#divisors.reduce((sum, { size }) => sum + size, 1));
      const atoms = this.#atomsOf(n);
      const parts = this.#divisors.filter((part) => [...this.#atomsOf(part)].some((atom) => atoms.has(atom)));
      const isPartOf = (divisor: Poly) => condition.relation === 'nonzero' && n.size > 0 && this.#divides(n, divisor);
      const isPart = parts.some(isPartOf) || isPartOf(parts.reduce(this.#times, ONE));
      if (!isPart) refuse('a condition that nothing needs');
    }
  }
  readonly #value = (expression: MathJson): Fraction => this.#evaluate(expression).v;
  /** Without recursion: an expression may be nested as deeply as it likes. */
  #evaluate(root: MathJson, scope: Scope = new Map()): Dual {
    const open: { readonly call: readonly MathJson[]; readonly done: Dual[] }[] = [];
    let next = root;
    for (;;) {
      let dual: Dual | undefined;
      this.#step(1);
      if (Array.isArray(next)) open.push({ call: next, done: [] });
      else dual = this.#leaf(next as Exclude<MathJson, readonly MathJson[]>, scope);
      for (;;) {
        const frame = open.at(-1);
        if (frame === undefined) return dual!;
        if (dual !== undefined) frame.done.push(dual);
        if (frame.done.length < frame.call.length - 1) {
          next = frame.call[frame.done.length + 1]!;
          break;
        }
        open.pop();
        dual = this.#call(text(frame.call[0]), frame.done);
      }
    }
  }

  readonly #leaf = (leaf: Exclude<MathJson, readonly MathJson[]>, scope: Scope): Dual => {
    if (typeof leaf !== 'string') {
      const digits = typeof leaf === 'number' ? String(leaf) : text(leaf.num);
      this.#step(digits.length >> 4);
      const valid = digits.length <= this.#maxBits / 3 && /^[+-]?[0-9]+$/.test(digits);
      return { v: number(valid ? BigInt(digits) : refuse('a number that is not whole, or too long')), dv: ZERO };
    }
    // In a rule with letters, a definition would speak of them and not of what stands for them.
    const isDefined = /^#[0-9]+$/.test(leaf) && (scope.size === 0 || scope.has('#hole'));
    const scoped = scope.get(leaf) ?? (isDefined ? this.#definitions[Number(leaf.slice(1))] : undefined);
    if (scoped !== undefined) return scoped;
    if (leaf.startsWith('#') || NOT_NUMBERS.includes(leaf)) refuse(`${leaf} is not defined`);
    return { v: this.#symbol(leaf), dv: number(leaf === this.#variable ? 1n : 0n) };
  };
  readonly #variableOf = (atom: number): Fraction => ({ n: new Map([[this.#monomial([atom, 1]), 1n]]), d: ONE });
  readonly #symbol = (name: string): Fraction => this.#variableOf(this.#atom(`s${name}`, name));

  #call(name: string, args: readonly Dual[]): Dual {
    if (args.length === 0) refuse(`${name} has no arguments`);
    if (name === 'Add') return { v: this.#sum(args.map(({ v }) => v)), dv: this.#sum(args.map(({ dv }) => dv)) };
    const byProduct = (a: Dual, b: Dual) => this.#sum([this.#multiply(a.dv, b.v), this.#multiply(a.v, b.dv)]);
    if (name === 'Multiply') return args.reduce((a, b) => ({ v: this.#multiply(a.v, b.v), dv: byProduct(a, b) }));
    const shorthand = Object.hasOwn(SHORTHANDS, name) ? SHORTHANDS[name] : undefined;
    if (shorthand !== undefined) return this.#evaluate(shorthand.means, scopeOf(shorthand.letters, args));
    if (name === 'Power') {
      const [u, w] = args.length === 2 ? (args as [Dual, Dual]) : refuse('a power that has not two arguments');
      const natural = !isNumber(w.v.n) && this.#equal(u.v, this.#symbol('ExponentialE'));
      return natural ? this.#call('Exp', [w]) : this.#raise(u, w);
    }
    const still = args.map((arg) => ({ v: arg.v, dv: ZERO }));
    const v = this.#function(name, still);
    if (args.every(({ dv }) => dv.n.size === 0)) return { v, dv: ZERO };
    const rule = Object.hasOwn(DERIVATIVES, name) ? DERIVATIVES[name]! : refuse(`no derivative of ${name}`);
    const outer = this.#evaluate(rule, scopeOf('u', still)).v;
    return { v, dv: this.#multiply(outer, args[0]!.dv) };
  }

  readonly #raise = (u: Dual, w: Dual): Dual => {
    const v = this.#pow(u.v, w.v);
    if (u.dv.n.size + w.dv.n.size === 0 || w.v.n.size === 0) return { v, dv: ZERO };
    if (isNumber(w.v.n) && isNumber(w.v.d)) {
      const less = this.#pow(u.v, this.#sum([w.v, number(-1n)]));
      return { v, dv: this.#multiply(this.#multiply(w.v, less), u.dv) };
    }
    const { dv } = this.#evaluate(['Multiply', 'w', ['Ln', 'u']], scopeOf('uw', [u, w]));
    return { v, dv: this.#multiply(v, dv) };
  };
  readonly #function = (name: string, of: readonly { readonly v: Fraction }[]): Fraction => {
    const args = of.map(({ v }) => this.#finished(v));
    const same = (atom: Atom) => args.every((arg, index) => this.#equal(arg, (atom as Call).args[index]!));
    const looks = this.#shallow ? args.map(({ n, d }) => [...n].sort().join() + [...d].join('/')) : args.length;
    return this.#variableOf(this.#atom(`f${name} ${looks}`, { name, args }, same));
  };
  readonly #atom = (key: string, atom: Atom, same: (other: Atom) => boolean = () => true): number => {
    const bucket = this.#atomIndex.get(key) ?? [];
    const found = bucket.find((index) => same(this.#atoms[index]!));
    if (found !== undefined) return found;
    this.#atomIndex.set(key, [...bucket, this.#atoms.length]);
    return this.#atoms.push(atom) - 1;
  };
  readonly #apply = ({ identity, arguments: args }: Format.IdentityStep, known: Format.EqualityCertificate): void => {
    if (!Object.hasOwn(IDENTITIES, identity)) refuse(`no identity ${identity}`);
    const { letters, left, right, needs = [], whole = [] }: Format.Identity = IDENTITIES[identity];
    const values = args.map((arg) => this.#evaluate(arg));
    const scope = scopeOf(letters, values);
    if (!whole.every((name) => this.#isWhole(scope.get(name)!.v))) refuse(`${identity}: no whole number`);
    this.#require(needs, scope, known);
    const [from, by] = [this.#evaluate(left, scope).v, this.#evaluate(right, scope).v];
    const [monomial = 0] = from.n.keys();
    const [atom, power, ...more] = this.#monomials[monomial]!;
    const isPower = isOne(from.d) && from.n.size === 1 && from.n.get(monomial) === 1n && more.length === 0;
    if (!isPower || atom === undefined) refuse(`${identity} was applied where its left side is no power of an atom`);
    this.#replacements.push({ atom: atom!, power: power!, by });
  };
  readonly #finished = (fraction: Fraction): Fraction =>
    this.#replacements.reduce((value, replacement) => {
      const [n, d] = [this.#replaced(value.n, replacement), this.#replaced(value.d, replacement)];
      return n.n === value.n && d.n === value.d ? value : this.#multiply(n, this.#integerPower(d, -1));
    }, fraction);
  readonly #replaced = (polynomial: Poly, { atom, power, by }: Replacement): Fraction => {
    const times = (monomial: number) => Math.floor(this.#exponent(monomial, atom) / power);
    if (![...polynomial.keys()].some(times)) return { n: polynomial, d: ONE };
    const parts = [...polynomial].map(([monomial, coefficient]) => {
      const count = times(monomial);
      const rest = this.#monomialTimes(monomial, this.#monomial([atom, -count * power]));
      const factor = count === 0 ? number(1n) : this.#integerPower(by, count);
      return this.#multiply({ n: new Map([[rest, coefficient]]), d: ONE }, factor);
    });
    return this.#sum(parts);
  };
  /** In one map, as long as denominators are the same. */
  readonly #sum = (parts: readonly Fraction[]): Fraction => {
    let [sum, d] = [new Map<number, bigint>(), parts[0]!.d];
    for (let { n, d: by } of parts) {
      if (!samePoly(d, by)) [sum, n, d] = [new Map(this.#times(sum, by)), this.#times(n, d), this.#times(d, by)];
      this.#step(n.size);
      for (const [monomial, value] of n) this.#accumulate(sum, monomial, value);
    }
    return { n: sum, d };
  };
  /** Everything is compared as the steps so far make it. */
  #equal(a: Fraction, b: Fraction): boolean {
    this.#step(1 + a.n.size + b.n.size);
    const [x, y] = [this.#finished(a), this.#finished(b)];
    const [left, right] = [this.#times(x.n, y.d), this.#times(y.n, x.d)];
    if (samePoly(left, right) || this.#replacements.length === 0) return samePoly(left, right);
    // Cross products can have powers that the steps replace.
    const difference = this.#plus(left, this.#times(right, new Map([[0, -1n]])));
    return this.#finished({ n: difference, d: ONE }).n.size === 0;
  }

  readonly #multiply = (a: Fraction, b: Fraction): Fraction => {
    const whole = !this.#shallow || isNumber(a.n) || isNumber(b.n);
    const [x, y] = whole ? [a, b] : [this.#asTerm(a), this.#asTerm(b)];
    return this.#opened({ n: this.#times(x.n, y.n), d: this.#times(x.d, y.d) });
  };
  /** Shallow: a sum as one atom, times its content. */
  readonly #asTerm = (fraction: Fraction): Fraction => {
    if (fraction.n.size <= 1) return fraction;
    const terms = [...fraction.n].sort(([a], [b]) => a - b);
    const content = this.#contentOf(fraction.n.values()) * (terms[0]![1] < 0n ? -1n : 1n);
    const primitive = new Map(terms.map(([monomial, value]) => [monomial, value / content]));
    const atom = this.#atom(`+${[...primitive].join()}`, { n: primitive, d: ONE });
    return { n: new Map([[this.#monomial([atom, 1]), content]]), d: fraction.d };
  };
  /** Shallow: a sum that stands alone is a sum again. */
  readonly #opened = (fraction: Fraction): Fraction => {
    const [monomial = 0] = fraction.n.keys();
    const [atom = -1, exponent, ...more] = this.#monomials[monomial]!;
    const sum = this.#atoms[atom];
    const alone = fraction.n.size === 1 && exponent === 1 && more.length === 0;
    if (!alone || typeof sum !== 'object' || 'args' in sum) return fraction;
    return { n: this.#times(sum.n, new Map([[0, fraction.n.get(monomial)!]])), d: fraction.d };
  };
  readonly #integerPower = (fraction: Fraction, exponent: number): Fraction => {
    if (fraction.n.size === 0 && exponent <= 0) refuse('a division by 0, or 0^0');
    if (exponent <= 0) this.#divisors.push(fraction.n);
    const { n, d } = this.#shallow ? this.#asTerm(fraction) : fraction;
    const size = Math.abs(exponent);
    if (exponent >= 0) return this.#opened({ n: this.#power(n, size), d: this.#power(d, size) });
    if (!this.#shallow) return { n: this.#power(d, size), d: this.#power(n, size) };
    const [[monomial, value]] = [...n] as [[number, bigint]];
    const flat = this.#monomials[monomial]!.map((entry, index) => (index % 2 === 0 ? entry : entry * exponent));
    const top = this.#power(d, size).get(0)!;
    return this.#opened({ n: new Map([[this.#monomial(flat), top]]), d: this.#power(new Map([[0, value]]), size) });
  };
  /** Any power: u^(p/q) is the p-th power of the atom u^(1/q). */
  readonly #pow = (base: Fraction, exponent: Fraction): Fraction => {
    if (!isNumber(exponent.n) || !isNumber(exponent.d)) return this.#function('Power', [{ v: base }, { v: exponent }]);
    const [p, q] = [exponent.n.get(0) ?? 0n, exponent.d.get(0)!];
    const shared = this.#contentOf([p, q]) * (q < 0n ? -1n : 1n);
    const [power, root] = [Number(p / shared), Number(q / shared)];
    if (!Number.isSafeInteger(power) || !Number.isSafeInteger(root)) refuse('an exponent that is too large');
    if (root === 1) return this.#integerPower(base, power);
    if (base.n.size === 0) return power < 0 ? refuse('a division by 0') : ZERO;
    if (power < 0) this.#divisors.push(base.n);
    return this.#integerPower(this.#function('Root', [{ v: base }, { v: number(BigInt(root)) }]), power);
  };
  #polynomial(expression: MathJson): Poly {
    const { n, d } = this.#value(expression);
    const by = isNumber(d) ? d.get(0)! : refuse('a polynomial was expected');
    for (const atom of this.#atomsOf(n)) text(this.#atoms[atom]);
    const divided = (value: bigint) => (value % by === 0n ? value / by : refuse('whole coefficients were expected'));
    return new Map([...n].map(([monomial, value]) => [monomial, divided(value)]));
  }
  readonly #isWhole = ({ n, d }: Fraction) => isNumber(n) && isOne(d);
  readonly #requireSame = (claimed: Poly, product: Poly): void => {
    if (!samePoly(claimed, product)) refuse('the factors do not multiply to what is claimed');
  };
  readonly #step = (count: number): void => {
    this.#stepsLeft -= count;
    if (this.#stepsLeft < 0) refuse('more steps than allowed');
    if (this.#stepsLeft > this.#nextLook) return;
    [this.#nextLook, this.isLooking] = [this.#stepsLeft - LOOK_EVERY, true];
    this.#look?.();
    this.isLooking = false;
  };

  readonly #accumulate = (sum: Map<number, bigint>, monomial: number, value: bigint): void => {
    this.#step(1);
    const total = (sum.get(monomial) ?? 0n) + value;
    if (total > WORD || -total > WORD) this.#step(total.toString(16).length >> 4);
    const isLong = this.#maxBits < 64 || BigInt.asIntN(64, total) !== total;
    if (isLong && (total < 0n ? -total : total) >> BigInt(this.#maxBits) > 0n)
      refuse('a number with more bits than allowed');
    if (total === 0n) sum.delete(monomial);
    else sum.set(monomial, total);
  };
  /** The greatest common divisor of numbers, by Euclid. */
  readonly #contentOf = (values: Iterable<bigint>): bigint => {
    let content = 0n;
    for (const value of values) {
      let [left, right] = [content, value < 0n ? -value : value];
      const cost = left > WORD && right > WORD ? 1 + (right.toString(16).length >> 14) : 0;
      for (; right !== 0n; [left, right] = [right, left % right]) this.#step(cost);
      content = left;
    }
    return content;
  };
  readonly #plus = (a: Poly, b: Poly): Poly => {
    const sum = new Map(a);
    this.#step(a.size);
    for (const [monomial, value] of b) this.#accumulate(sum, monomial, value);
    return sum;
  };
  readonly #times = (a: Poly, b: Poly): Poly => {
    if (isOne(a)) return b;
    if (isOne(b)) return a;
    const product = new Map<number, bigint>();
    for (const [left, x] of a) {
      for (const [right, y] of b) this.#accumulate(product, this.#monomialTimes(left, right), x * y);
    }
    return product;
  };
  readonly #power = (base: Poly, exponent: number): Poly => {
    let [result, square] = [ONE, base];
    for (let left = exponent; left > 0; left = Math.floor(left / 2)) {
      if (left % 2 === 1) result = this.#times(result, square);
      if (left > 1) square = this.#times(square, square);
    }
    return result;
  };
  readonly #monomial = (flat: readonly number[]): number => {
    this.#step(flat.length >> 1);
    const exponents = new Map<number, number>();
    for (let index = 0; index < flat.length; index += 2) {
      const exponent = (exponents.get(flat[index]!) ?? 0) + flat[index + 1]!;
      if (!Number.isSafeInteger(exponent)) refuse('an exponent that is too large');
      exponents.set(flat[index]!, exponent);
    }
    const present = [...exponents].filter(([, exponent]) => exponent !== 0);
    const sorted = present.sort(([a], [b]) => a - b).flat();
    const key = sorted.join();
    const found = this.#monomialIndex.get(key);
    if (found !== undefined) return found;
    this.#step(8);
    this.#monomialIndex.set(key, this.#monomials.length);
    return this.#monomials.push(sorted) - 1;
  };
  readonly #monomialTimes = (a: number, b: number): number =>
    a === 0 || b === 0 ? a + b : this.#monomial([...this.#monomials[a]!, ...this.#monomials[b]!]);
  readonly #exponent = (monomial: number, atom: number): number => {
    const flat = this.#monomials[monomial]!;
    for (let index = 0; index < flat.length; index += 2) if (flat[index] === atom) return flat[index + 1]!;
    return 0;
  };
  readonly #atomsOf = (polynomial: Poly): Set<number> =>
    new Set([...polynomial.keys()].flatMap((key) => this.#monomials[key]!.filter((_, index) => index % 2 === 0)));

  /** Whether one polynomial divides another up to numbers: division by the first's largest monomial, as long as it goes. */
  #divides(divisor: Poly, dividend: Poly): boolean {
    const atoms = [...new Set([...this.#atomsOf(divisor), ...this.#atomsOf(dividend)])];
    const larger = (a: number, b: number) => {
      const difference = (atom: number) => this.#exponent(a, atom) - this.#exponent(b, atom);
      return difference(atoms.find((atom) => difference(atom) !== 0) ?? -1) < 0 ? b : a;
    };
    const largest = (polynomial: Poly) => {
      this.#step(polynomial.size * (1 + atoms.length));
      return [...polynomial.keys()].reduce(larger);
    };
    const lead = largest(divisor);
    let rest = dividend;
    while (rest.size > 0) {
      const top = largest(rest);
      const quotient = atoms.flatMap((atom) => [atom, this.#exponent(top, atom) - this.#exponent(lead, atom)]);
      if (quotient.some((entry) => entry < 0)) return false;
      const shifted = new Map([[this.#monomial(quotient), -rest.get(top)!]]);
      const scaled = this.#times(rest, new Map([[0, divisor.get(lead)!]]));
      const difference = this.#plus(scaled, this.#times(divisor, shifted));
      const content = this.#contentOf(difference.values());
      rest = new Map([...difference].map(([term, value]) => [term, value / content]));
    }
    return true;
  }

  /** The coefficients of a variable's powers at its witness, the constant first; the last one may be 0. */
  #image(polynomial: Poly, atom: number, witnesses: readonly Format.CoprimalityWitness[]) {
    const { prime, point } =
      witnesses.find(({ variable }) => variable === this.#atoms[atom]) ?? refuse('a variable without a witness');
    if (!(Number.isInteger(prime) && prime > 1 && prime < 2 ** 26 && isPrime(prime)))
      refuse('a modulus that is no prime below 2^26');
    const image: number[] = [];
    const atoms = [...this.#atomsOf(polynomial)].filter((other) => other !== atom);
    for (const [monomial, value] of polynomial) {
      let product = (Number(value % BigInt(prime)) + prime) % prime;
      for (const other of atoms) {
        const name = text(this.#atoms[other]);
        const at = Object.hasOwn(point, name) ? point[name]! : 0;
        product = (product * powerModulo(at, this.#exponent(monomial, other), prime)) % prime;
      }
      const power = this.#exponent(monomial, atom);
      this.#step(20 * atoms.length + Math.max(0, power + 1 - image.length) * (power + 1));
      while (image.length <= power) image.push(0);
      image[power] = (image[power]! + product) % prime;
    }
    return { image, prime };
  }
}

function scopeOf(letters: Iterable<string>, args: readonly Dual[]): Scope {
  const names = [...letters];
  if (names.length !== args.length) refuse('another number of arguments');
  return new Map(names.map((letter, index) => [letter, args[index]!]));
}

/** Of residues modulo a prime below 2^26: products are exact. */
function powerModulo(base: number, exponent: number, prime: number): number {
  if (!Number.isSafeInteger(base) || base < 0) refuse('a point that is no whole number from 0');
  let [result, square] = [1, base % prime];
  for (let left = exponent; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) result = (result * square) % prime;
    square = (square * square) % prime;
  }
  return result;
}

function isPrime(value: number): boolean {
  let divisor = 2;
  while (divisor * divisor <= value && value % divisor !== 0) divisor++;
  return divisor * divisor > value;
}

/** The degree of the gcd of polynomials modulo a prime below 2^26, the constant first; -1 of two zeros. */
function degreeOfGcd(left: readonly number[], right: readonly number[], prime: number): number {
  const trimmed = (polynomial: readonly number[]) =>
    polynomial.slice(0, 1 + polynomial.findLastIndex((value) => value !== 0));
  let [a, b] = [trimmed(left), trimmed(right)];
  while (b.length > 0) {
    const lead = b.at(-1)!;
    while (a.length >= b.length) {
      const [factor, shift] = [a.at(-1)!, a.length - b.length];
      a = trimmed(a.map((value, index) => (value * lead + factor * (prime - (b[index - shift] ?? 0))) % prime));
    }
    [a, b] = [b, a];
  }
  return a.length - 1;
}
