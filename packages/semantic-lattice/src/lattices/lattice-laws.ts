// The laws of a lattice, checked on samples: what a user's own lattice, and the functions that rules apply to its values, must keep.
// O(n^3) calls of `join` and `leq` for n samples. Passing is evidence, failing is proof.

import { functionIn, iterableIn, objectIn, optionsIn, refuseInput } from '../errors/index.js';
import type { Lattice } from './lattice.js';

/** A law that samples break. */
export interface LawViolation {
  /** Which law: `'idempotent'`, `'commutative'`, `'associative'`, `'least upper bound'`, `'monotone'`, … */
  readonly law: string;
  /** The texts of the values that break it, or their JSON where they have no text. */
  readonly values: readonly string[];
  /** In words. */
  readonly message: string;
}

/** Options of {@link checkLaws}. */
export interface LawOptions<T> {
  /** Functions that rules apply to values, by name: each must be monotone. */
  readonly functions?: Readonly<Record<string, (value: T) => T>>;
  /** At most so many violations are given. Default 10. */
  readonly limit?: number;
}

/** More samples than this are refused: the check is cubic. */
const maximumSamples = 256;

/**
 * The laws that `samples` break, in the order of the laws; empty when they keep all. Bottom, and top where there is one, are
 * added to the samples.
 *
 * @throws TenstripError `OptionsInvalid` for more than 256 samples, and for what is no lattice
 */
export function checkLaws<T>(lattice: Lattice<T>, samples: readonly T[], options: LawOptions<T> = {}): LawViolation[] {
  const { functions = {}, limit = 10 } = optionsIn('the options of checkLaws', options);
  const { join, leq, encode, decode } = objectIn('the lattice', lattice);
  for (const [name, body] of Object.entries({ join, leq, encode, decode })) functionIn(`the lattice's ${name}`, body);
  if ([...iterableIn('the samples', samples)].length > maximumSamples) {
    refuseInput('the number of samples', samples.length, `give at most ${maximumSamples}, since the check is cubic`);
  }
  const values = [lattice.bottom, ...(lattice.top === undefined ? [] : [lattice.top]), ...samples];
  const found: LawViolation[] = [];
  for (const violation of violations(lattice, values, functions)) {
    if (found.length >= limit) break;
    found.push(violation);
  }
  return found;
}

function* violations<T>(
  lattice: Lattice<T>,
  values: readonly T[],
  functions: Readonly<Record<string, (value: T) => T>>,
): Generator<LawViolation> {
  const { bottom } = lattice;
  const join = (a: T, b: T) => lattice.join(a, b);
  const leq = (a: T, b: T) => lattice.leq(a, b);
  const same = (a: T, b: T) => lattice.equals?.(a, b) ?? lattice.encode(a) === lattice.encode(b);
  const broken = (law: string, message: string, ...of: T[]): LawViolation => {
    const texts = of.map((value) => textOf(lattice, value));
    return { law, values: texts, message: `${lattice.name}: ${message} (${texts.join(', ')})` };
  };

  for (const a of values) {
    yield* textViolations(lattice, a, same, broken);
    if (!leq(a, a)) yield broken('reflexive', 'a value is not below itself', a);
    if (!same(join(a, a), a)) yield broken('idempotent', 'join(a, a) is not a', a);
    if (!leq(bottom, a) || !same(join(bottom, a), a)) yield broken('bottom', 'bottom is not below a', a);
    if (lattice.top !== undefined && !leq(a, lattice.top)) yield broken('top', 'a is not below top', a);
  }
  for (const a of values) {
    for (const b of values) {
      const joined = join(a, b);
      if (!same(joined, join(b, a))) yield broken('commutative', 'join(a, b) is not join(b, a)', a, b);
      if (!leq(a, joined) || !leq(b, joined)) yield broken('upper bound', 'join(a, b) is not above both', a, b);
      if (leq(a, b) !== same(joined, b)) yield broken('order', 'leq(a, b) and join(a, b) = b disagree', a, b);
      if (leq(a, b) && leq(b, a) && !same(a, b)) yield broken('antisymmetric', 'two values are below each other', a, b);
      if (same(a, b) !== (lattice.encode(a) === lattice.encode(b))) {
        yield broken('equality', 'equality and the texts disagree', a, b);
      }
      yield* meetViolations(lattice, a, b, same, broken);
      if (lattice.widen !== undefined) {
        const wide = lattice.widen(a, b);
        if (!leq(a, wide) || !leq(b, wide)) yield broken('widening', 'widen(a, b) is not above both', a, b);
      }
      for (const [name, apply] of Object.entries(functions)) {
        if (leq(a, b) && !leq(apply(a), apply(b))) yield broken('monotone', `${name} turns the order round`, a, b);
      }
    }
  }
  for (const a of values) {
    for (const b of values) {
      const joined = join(a, b);
      const met = lattice.meet?.(a, b);
      for (const c of values) {
        if (!same(join(joined, c), join(a, join(b, c)))) yield broken('associative', 'the join is not', a, b, c);
        if (leq(a, b) && leq(b, c) && !leq(a, c)) yield broken('transitive', 'the order is not', a, b, c);
        if (leq(a, c) && leq(b, c) && !leq(joined, c)) {
          yield broken('least upper bound', 'c is above a and b, and not above their join', a, b, c);
        }
        if (met !== undefined && leq(c, a) && leq(c, b) && !leq(c, met)) {
          yield broken('greatest lower bound', 'c is below a and b, and not below their meet', a, b, c);
        }
      }
    }
  }
}

type Same<T> = (a: T, b: T) => boolean;
type Broken<T> = (law: string, message: string, ...of: T[]) => LawViolation;

function* textViolations<T>(lattice: Lattice<T>, a: T, same: Same<T>, broken: Broken<T>): Generator<LawViolation> {
  try {
    if (!same(lattice.decode(lattice.encode(a)), a)) yield broken('text', 'decode(encode(a)) is not a', a);
  } catch (error) {
    yield broken('text', `decode(encode(a)) throws: ${error instanceof Error ? error.message : String(error)}`, a);
  }
}

function* meetViolations<T>(
  lattice: Lattice<T>,
  a: T,
  b: T,
  same: Same<T>,
  broken: Broken<T>,
): Generator<LawViolation> {
  if (lattice.meet === undefined) return;
  const met = lattice.meet(a, b);
  if (!lattice.leq(met, a) || !lattice.leq(met, b)) yield broken('lower bound', 'meet(a, b) is not below both', a, b);
  if (!same(lattice.join(a, met), a) || !same(lattice.meet(a, lattice.join(a, b)), a)) {
    yield broken('absorption', 'join and meet disagree', a, b);
  }
}

function textOf<T>(lattice: Lattice<T>, value: T): string {
  try {
    return lattice.encode(value);
  } catch {
    return JSON.stringify(value) ?? String(value);
  }
}
