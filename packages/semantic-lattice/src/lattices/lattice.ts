// What a lattice-valued column asks of its values: a join semilattice with a bottom, and a text for every value. The laws are
// those of Davey and Priestley, "Introduction to Lattices and Order", chapter 2. Imports nothing: a lattice is a plain object.

/**
 * A join semilattice with a bottom, whose values are facts' last column. Values are immutable; every function is pure.
 *
 * The laws: `join` is idempotent, commutative and associative; `join(bottom, a)` equals `a`; `leq(a, b)` exactly when
 * `join(a, b)` equals `b`; `decode(encode(a))` equals `a`, and equal values have the same text. Functions that rules apply to
 * values must be monotone; so must `+` and `-` of a constant be where a rule uses them on numbers of a lattice in a head, which they are
 * on chains of numbers. What cannot be, such as a factor or a value of another lattice, the engine treats as a test. A lattice with infinite ascending chains needs `widen`, or a recursion through it may be stopped by
 * the engine (`LatticeDidNotStabilise`).
 */
export interface Lattice<T> {
  /** Names it in errors and certificates. */
  readonly name: string;
  /** The least value: a cell at bottom is a fact that does not hold, and is never stored. */
  readonly bottom: T;
  /** The least upper bound of two values. */
  join(a: T, b: T): T;
  /** Whether `a` is below `b` or equal to it. */
  leq(a: T, b: T): boolean;
  /** Equality of values; by default that of their texts. */
  equals?(a: T, b: T): boolean;
  /** The greatest lower bound, where there is one. */
  meet?(a: T, b: T): T;
  /** The greatest value, where there is one. */
  readonly top?: T;
  /** The length of the longest ascending chain, counted in steps, where it is finite. */
  readonly height?: number;
  /**
   * An upper bound of `old` and `next` that makes every ascending chain end; applied when recursive rules have raised a cell often in
   * one transaction. The value is then above what follows, and may depend on the order in which facts came.
   */
  widen?(old: T, next: T): T;
  /** The canonical text of a value: equal values have the same text. For interning, digests and certificates. */
  encode(value: T): string;
  /** The value of a text that {@link encode} wrote. @throws any error when the text is none */
  decode(text: string): T;
}
