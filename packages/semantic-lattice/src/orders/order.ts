// The order that a binary relation generates: reflexive and transitive, with cycles as classes of equivalents. It is a view that
// follows the pairs; what is above and below is made when asked for, and made again only where a change reached.

import { type OperationContext, ungoverned } from '@tenstrip/shared-core';
import { countIn, iterableIn, optionsIn, refuseInput } from '../errors/index.js';
import { nearestBounds, nearestOf } from './bounds.js';
import { coverByChains } from './chain-cover.js';
import { completeOrder, type MacNeilleCompletion } from './macneille-completion.js';
import { OrderGraph } from './order-graph.js';
import { nodeOfKey, Reachability } from './reachability.js';

/** The width of an order with both proofs of it: `width` chains cover it, and `width` elements are pairwise unrelated. */
export interface OrderWidth {
  readonly width: number;
  /** A partition of the classes into chains, each from low to high. */
  readonly chains: readonly (readonly string[])[];
  /** Pairwise unrelated classes, sorted. */
  readonly antichain: readonly string[];
}

/** Options of {@link Order.complete}. */
export interface CompletionOptions {
  /** At most so many cuts. Default 10,000. */
  readonly maxElements?: number;
  readonly context?: OperationContext;
}

/**
 * A live order over terms. Where an answer names classes, each is named by its least member, and names are sorted: see
 * {@link Order.equivalents}. A term that is in no pair is related to itself alone.
 *
 * Costs: a change marks what it concerns; an answer makes what is marked and asked for. `leq` is a binary search in what is above.
 */
export class Order implements Disposable {
  readonly #graph = new OrderGraph();
  readonly #above = new Reachability(this.#graph, 'up');
  #below: Reachability | undefined;
  readonly #nodes = new Map<string, number>();
  readonly #terms: string[] = [];
  readonly #name: string;
  #stop: () => void = () => {};

  /** @internal By `orderOf`, or from pairs by {@link Order.of}. */
  constructor(name: string) {
    this.#name = name;
  }

  /** An order that stays as its pairs `[lower, higher]` say. */
  static of(pairs: Iterable<readonly [string, string]>, name = 'order'): Order {
    const order = new Order(name);
    const seen = new Set<string>();
    for (const pair of iterableIn('the pairs of an order', pairs)) {
      const isPair = Array.isArray(pair) && pair.length === 2 && pair.every((each) => typeof each === 'string');
      if (!isPair) refuseInput('a pair of an order', pair, 'give two terms, [lower, higher]');
      const [low, high] = pair;
      const key = JSON.stringify([low, high]);
      if (!seen.has(key)) order.add(low, high);
      seen.add(key);
    }
    return order;
  }

  /** How many terms are in a pair. */
  get size(): number {
    return this.#graph.elements;
  }

  /** Whether `a` is below `b`, equal or equivalent to it. O(log of what is above `a`). */
  leq(a: string, b: string): boolean {
    const low = this.#nodes.get(a);
    const high = this.#nodes.get(b);
    if (low === undefined || high === undefined) return a === b;
    return this.#above.reaches(low, high);
  }

  /**
   * The number of a term, for {@link Order.leqElements}: it stays the same for as long as the order lives. `undefined` for a term
   * that never was in a pair.
   */
  element(term: string): number | undefined {
    return this.#nodes.get(term);
  }

  /** {@link Order.leq} of elements by number, without looking at their names: for loops over millions of pairs. Looks at no type either. */
  leqElements(a: number, b: number): boolean {
    return this.#above.reaches(a, b);
  }

  /** Minimal upper bounds of some terms: none, one (their join), or several that are unrelated. */
  joins(...terms: readonly string[]): string[] {
    return this.#bounds(this.#above, terms);
  }

  /** Maximal lower bounds of some terms: none, one (their meet), or several that are unrelated. */
  meets(...terms: readonly string[]): string[] {
    return this.#bounds(this.#downwards(), terms);
  }

  /** What is directly above a term: above it, with nothing in between. */
  covers(term: string): string[] {
    return this.#covers(this.#above, term);
  }

  /** What is directly below a term. */
  coveredBy(term: string): string[] {
    return this.#covers(this.#downwards(), term);
  }

  /** All that is above a term, itself and its equivalents left out. */
  ancestors(term: string): string[] {
    return this.#beyond(this.#above, term);
  }

  /** All that is below a term, itself and its equivalents left out. */
  descendants(term: string): string[] {
    return this.#beyond(this.#downwards(), term);
  }

  /** The terms that are both above and below a term, itself too, sorted. */
  equivalents(term: string): string[] {
    const node = this.#nodes.get(term);
    return node === undefined ? [term] : this.#membersOf(node);
  }

  /** The least number of chains that cover the order, which is the size of its largest antichain. Made for each call. */
  async width(options: { readonly context?: OperationContext } = {}): Promise<OrderWidth> {
    const { context = ungoverned.context() } = optionsIn('the options of width', options);
    const { classes, numbers } = this.#classes();
    const above = classes.map((node) => {
      const run = this.#above.run(node);
      return Int32Array.from(run.subarray(0, run.length - 1), (key) => numbers.get(nodeOfKey(key))!);
    });
    const order = { size: classes.length, above: (element: number) => above[element]! };
    const { chains, antichain } = await coverByChains(order, context);
    const name = (element: number) => this.#nameOf(classes[element]!);
    return {
      width: chains.length,
      chains: chains.map((chain) => chain.map(name)),
      antichain: antichain.map(name).sort(),
    };
  }

  /**
   * The MacNeille completion of the order as it is now, over classes. Made for each call: it does not follow later changes.
   *
   * @throws TenstripError `CompletionTooLarge` when it has more than `maxElements` cuts
   */
  async complete(options: CompletionOptions = {}): Promise<MacNeilleCompletion> {
    const { maxElements = 10_000, context = ungoverned.context() } = optionsIn('the options of complete', options);
    countIn('maxElements', maxElements, 1);
    const { classes } = this.#classes();
    const reaches = (a: number, b: number) => this.#above.reaches(classes[a]!, classes[b]!);
    // The completion is of now: it must not look at what the order becomes.
    const names = classes.map((node) => this.#nameOf(node));
    const elements = new Map(
      classes.flatMap((node, element) => this.#membersOf(node).map((term) => [term, element] as const)),
    );
    const order = {
      size: classes.length,
      leq: reaches,
      name: (element: number) => names[element]!,
      find: (term: string) => elements.get(term),
    };
    return completeOrder(this.#name, order, maxElements, context);
  }

  /** Ends the subscription that the order follows: it stays as it is. */
  [Symbol.dispose](): void {
    this.#stop();
    this.#stop = () => {};
  }

  /** @internal A pair that is new. */
  add(low: string, high: string): void {
    this.#graph.addEdge(this.#nodeOf(low), this.#nodeOf(high));
  }

  /** @internal A pair that was there. */
  remove(low: string, high: string): void {
    this.#graph.removeEdge(this.#nodeOf(low), this.#nodeOf(high));
  }

  /** @internal What ends the subscription. */
  onDispose(stop: () => void): void {
    this.#stop = stop;
  }

  #nodeOf(term: string): number {
    const known = this.#nodes.get(term);
    if (known !== undefined) return known;
    const node = this.#graph.addNode();
    this.#nodes.set(term, node);
    this.#terms.push(term);
    return node;
  }

  #downwards(): Reachability {
    this.#below ??= new Reachability(this.#graph, 'down');
    return this.#below;
  }

  #bounds(reach: Reachability, terms: readonly string[]): string[] {
    const nodes = terms.map((term) => this.#nodes.get(term));
    if (nodes.includes(undefined)) return terms.every((term) => term === terms[0]) ? terms.slice(0, 1) : [];
    return nearestBounds(reach, nodes as number[])
      .map((node) => this.#nameOf(node))
      .sort();
  }

  #covers(reach: Reachability, term: string): string[] {
    const node = this.#nodes.get(term);
    if (node === undefined) return [];
    const own = reach.classOf(node);
    const next = reach.members(node).flatMap((member) => this.#graph.neighbours(member, reach.direction));
    return nearestOf(
      reach,
      next.filter((other) => reach.classOf(other) !== own),
    )
      .map((other) => this.#nameOf(other))
      .sort();
  }

  #beyond(reach: Reachability, term: string): string[] {
    const node = this.#nodes.get(term);
    if (node === undefined) return [];
    const run = reach.run(node);
    return [...run.subarray(0, run.length - 1)].flatMap((key) => this.#membersOf(nodeOfKey(key))).sort();
  }

  #membersOf(node: number): string[] {
    return this.#above
      .members(node)
      .map((member) => this.#terms[member]!)
      .sort();
  }

  #nameOf(node: number): string {
    return this.#membersOf(node)[0]!;
  }

  /** The classes of all elements, sorted by name, and the number of each: what is made of them follows from the terms alone. */
  #classes(): { classes: number[]; numbers: ReadonlyMap<number, number> } {
    const found = new Set<number>();
    for (let node = 0; node < this.#graph.nodes; node += 1) {
      if (this.#graph.isElement(node)) found.add(this.#above.classOf(node));
    }
    const names = new Map([...found].map((node) => [node, this.#nameOf(node)]));
    const classes = [...found].sort((a, b) => (names.get(a)! < names.get(b)! ? -1 : 1));
    return { classes, numbers: new Map(classes.map((node, number) => [node, number])) };
  }
}
