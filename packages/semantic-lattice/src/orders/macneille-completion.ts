// The least complete lattice around an order (MacNeille, "Partially ordered sets", 1937): its cuts, pairs of a lower set and an upper
// set that are all of each other's bounds. The lower sets are the intersections of the principal ideals; they are made by adding one
// ideal at a time, O(cuts * elements * elements / 32). A completion may be exponentially larger than its order, hence the limit.

import { type OperationContext, TenstripError } from '@tenstrip/shared-core';
import { refuseInput, type SemanticLatticeErrorCode } from '../errors/index.js';
import type { Lattice } from '../lattices/index.js';

/** An order over 0 … size-1 and what its elements are called. */
export interface NamedOrder {
  readonly size: number;
  leq(a: number, b: number): boolean;
  name(element: number): string;
  find(name: string): number | undefined;
}

/**
 * A complete lattice that has the order in it, with the joins and meets that the order had. Its values are cuts, 0 … size-1 from the
 * least up; it is a {@link Lattice}, so a relation may have it for a column.
 */
export class MacNeilleCompletion implements Lattice<number> {
  readonly name: string;
  readonly bottom: number;
  readonly top: number;
  readonly #order: NamedOrder;
  readonly #lower: readonly Uint32Array[];
  readonly #upper: readonly Uint32Array[];
  readonly #byLower: ReadonlyMap<string, number>;
  readonly #byUpper: ReadonlyMap<string, number>;
  readonly #byText: ReadonlyMap<string, number>;
  /** By element: what is below it. */
  readonly #down: readonly Uint32Array[];
  /** By element: its principal cut. */
  readonly #embedded: Int32Array;

  /** @internal */
  constructor(name: string, order: NamedOrder, lower: readonly Uint32Array[], ideals: Ideals) {
    this.name = name;
    this.#order = order;
    this.#down = ideals.down;
    this.#lower = lower;
    this.#upper = lower.map((set) => ideals.upperBounds(set));
    this.#byLower = new Map(lower.map((set, cut) => [keyOf(set), cut]));
    this.#byUpper = new Map(this.#upper.map((set, cut) => [keyOf(set), cut]));
    this.#byText = new Map(lower.map((_, cut) => [this.encode(cut), cut]));
    this.#embedded = Int32Array.from(ideals.down, (set) => this.#byLower.get(keyOf(set))!);
    this.bottom = 0;
    this.top = lower.length - 1;
  }

  /** How many cuts there are. */
  get size(): number {
    return this.#lower.length;
  }

  /** The cut of an element of the order. `undefined` for a term that is none. */
  embed(term: string): number | undefined {
    const element = this.#order.find(term);
    return element === undefined ? undefined : this.#embedded[element];
  }

  /**
   * The maximal elements below a cut, by name: the cut is their least upper bound. One, the element itself, where it is one's cut.
   *
   * @throws TenstripError `OptionsInvalid` for what is no cut, as all that takes one does
   */
  generators(cut: number): string[] {
    const below = elementsOf(this.#set(this.#lower, cut));
    const maximal = below.filter((a) => !below.some((b) => a !== b && isIn(this.#down[b]!, a)));
    return maximal.map((element) => this.#order.name(element)).sort();
  }

  /** Cuts that the completion added: those of no element. */
  added(): number[] {
    const embedded = new Set(this.#embedded);
    return this.#lower.map((_, cut) => cut).filter((cut) => !embedded.has(cut));
  }

  /** Upper sets meet: what is above both is above their join. */
  join(a: number, b: number): number {
    return this.#byUpper.get(keyOf(both(this.#set(this.#upper, a), this.#set(this.#upper, b))))!;
  }

  meet(a: number, b: number): number {
    return this.#byLower.get(keyOf(both(this.#set(this.#lower, a), this.#set(this.#lower, b))))!;
  }

  leq(a: number, b: number): boolean {
    const high = this.#set(this.#lower, b);
    return this.#set(this.#lower, a).every((word, i) => (word & ~high[i]!) === 0);
  }

  #set(sets: readonly Uint32Array[], cut: number): Uint32Array {
    return (
      (typeof cut === 'number' ? sets[cut] : undefined) ??
      refuseInput('a cut', cut, `give a whole number from 0 to ${sets.length - 1}`)
    );
  }

  encode(cut: number): string {
    return JSON.stringify(this.generators(cut));
  }

  decode(text: string): number {
    const cut = this.#byText.get(text);
    return cut ?? refuseInput('a cut', text, `give a text that ${this.name} encodes`);
  }
}

/** The completion of an order. @throws TenstripError `CompletionTooLarge` beyond `maxElements` cuts */
export async function completeOrder(
  name: string,
  order: NamedOrder,
  maxElements: number,
  context: OperationContext,
): Promise<MacNeilleCompletion> {
  const ideals = new Ideals(order);
  const all = new Uint32Array(ideals.words);
  for (let element = 0; element < order.size; element += 1) add(all, element);
  const family = new Map([[keyOf(all), all]]);
  for (const ideal of ideals.down) {
    for (const set of [...family.values()]) {
      await context.checkpoint();
      const met = both(set, ideal);
      family.set(keyOf(met), met);
      if (family.size > maxElements) {
        throw new TenstripError<SemanticLatticeErrorCode>(
          'CompletionTooLarge',
          `the completion of ${name} has more than ${maxElements} elements; give a larger maxElements, or ask for joins and meets`,
          { details: { elements: order.size, maxElements } },
        );
      }
    }
  }
  // By size, which puts a smaller cut before a larger one, then by content: the numbers follow from the order alone.
  const cuts = [...family].map(([key, set]) => ({ key, set, size: elementsOf(set).length }));
  cuts.sort((a, b) => a.size - b.size || (a.key < b.key ? -1 : 1));
  return new MacNeilleCompletion(
    `completion(${name})`,
    order,
    cuts.map(({ set }) => set),
    ideals,
  );
}

/** What is below, and what is above, each element: bits. */
class Ideals {
  readonly words: number;
  readonly down: readonly Uint32Array[];
  readonly #up: readonly Uint32Array[];

  constructor({ size, leq }: NamedOrder) {
    this.words = (size + 31) >>> 5;
    const sets = () => Array.from({ length: size }, () => new Uint32Array(this.words));
    const down = sets();
    const up = sets();
    for (let a = 0; a < size; a += 1) {
      for (let b = 0; b < size; b += 1) {
        if (!leq(a, b)) continue;
        add(down[b]!, a);
        add(up[a]!, b);
      }
    }
    this.down = down;
    this.#up = up;
  }

  upperBounds(set: Uint32Array): Uint32Array {
    let bounds = new Uint32Array(this.words);
    for (let element = 0; element < this.#up.length; element += 1) add(bounds, element);
    for (const element of elementsOf(set)) bounds = both(bounds, this.#up[element]!);
    return bounds;
  }
}

function add(set: Uint32Array, element: number): void {
  set[element >>> 5]! |= 1 << (element & 31);
}

function isIn(set: Uint32Array, element: number): boolean {
  return ((set[element >>> 5]! >>> (element & 31)) & 1) === 1;
}

function both(a: Uint32Array, b: Uint32Array): Uint32Array<ArrayBuffer> {
  return Uint32Array.from(a, (word, i) => word & b[i]!);
}

function elementsOf(set: Uint32Array): number[] {
  const elements: number[] = [];
  set.forEach((word, at) => {
    for (let rest = word; rest !== 0; rest &= rest - 1) elements.push(at * 32 + 31 - Math.clz32(rest & -rest));
  });
  return elements;
}

const keyOf = (set: Uint32Array): string => set.join();
