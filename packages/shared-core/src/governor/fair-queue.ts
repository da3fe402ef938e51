// Who is next, when several nodes of a tree wait for one thing. First come first served within a node; between siblings
// by stride scheduling (Waldspurger and Weihl, 1995): each contender has a pass that grows by what it got divided by
// its weight, and the smallest pass is next. O(waiting nodes) a choice, however many wait at each.

/** Something that waits in a {@link FairQueue}. It knows its place, so that it can leave in O(1). */
export interface Waiter<W extends Waiter<W>> {
  /** Grows with every waiter of the tree: the order of submission. */
  readonly sequence: number;
  queue: FairQueue<W> | undefined;
  before: W | undefined;
  after: W | undefined;
}

/** Which of several waiting nodes is next: by weight, or simply whoever came first. */
export type Order = 'weighted' | 'submission';

/** The waiters of one node, and of the nodes below it. */
export class FairQueue<W extends Waiter<W>> {
  readonly #order: Order;
  readonly #parent: FairQueue<W> | undefined;
  readonly #weight: number;
  readonly #children: FairQueue<W>[] = [];
  #head: W | undefined;
  #tail: W | undefined;
  /** Waiters here and below. */
  #size = 0;
  /** This node's pass among its siblings. */
  #pass = 0;
  /** The pass of the node's own waiters, who contend with its children at weight 1. */
  #ownPass = 0;
  /** The pass that was served last: where a contender that was away joins in. */
  #servedPass = 0;
  #blockedInRound = -1;

  constructor(order: Order, parent?: FairQueue<W>, weight = 1) {
    this.#order = order;
    this.#parent = parent;
    this.#weight = weight;
  }

  /** Waiters here and below. */
  get size(): number {
    return this.#size;
  }

  /** The first of this node's own waiters. */
  get head(): W | undefined {
    return this.#head;
  }

  push(waiter: W): void {
    if (this.#head === undefined) this.#ownPass = Math.max(this.#ownPass, this.#servedPass);
    waiter.queue = this;
    waiter.before = this.#tail;
    if (this.#tail === undefined) this.#head = waiter;
    else this.#tail.after = waiter;
    this.#tail = waiter;
    for (let node: FairQueue<W> | undefined = this; node !== undefined; node = node.#parent) {
      if (node.#size++ === 0) node.#parent?.join(node);
    }
  }

  /** Takes out `waiter`, wherever it stands in this node's queue. */
  remove(waiter: W): void {
    if (waiter.before === undefined) this.#head = waiter.after;
    else waiter.before.after = waiter.after;
    if (waiter.after === undefined) this.#tail = waiter.before;
    else waiter.after.before = waiter.before;
    waiter.queue = undefined;
    waiter.before = undefined;
    waiter.after = undefined;
    for (let node: FairQueue<W> | undefined = this; node !== undefined; node = node.#parent) {
      if (--node.#size === 0) node.#parent?.leave(node);
    }
  }

  /** The waiter that is next here and below, passing over nodes that are blocked in this `round`. */
  next(round: number): W | undefined {
    if (this.#size === 0 || this.#blockedInRound === round) return undefined;
    let best = this.#head;
    let bestPass = this.#ownPass;
    for (const child of this.#children) {
      const candidate = child.next(round);
      if (candidate === undefined) continue;
      if (best === undefined || this.#isEarlier(candidate, child.#pass, best, bestPass)) {
        best = candidate;
        bestPass = child.#pass;
      }
    }
    return best;
  }

  /** Passes over this node and all below it for the rest of `round`. */
  block(round: number): void {
    this.#blockedInRound = round;
  }

  /** Notes that this node's own waiter is served: who joins later starts level with it. */
  served(): void {
    this.#servedPass = Math.max(this.#servedPass, this.#ownPass);
    for (let node: FairQueue<W> = this; node.#parent !== undefined; node = node.#parent) {
      node.#parent.#servedPass = Math.max(node.#parent.#servedPass, node.#pass);
    }
  }

  /** Counts `cost` against this node's own waiters, and against each node up to the root, by weight. */
  charge(cost: number): void {
    this.#ownPass += cost;
    for (let node: FairQueue<W> = this; node.#parent !== undefined; node = node.#parent) {
      node.#pass += cost / node.#weight;
    }
  }

  #isEarlier(a: W, passOfA: number, b: W, passOfB: number): boolean {
    if (this.#order === 'submission' || passOfA === passOfB) return a.sequence < b.sequence;
    return passOfA < passOfB;
  }

  /** A node below has waiters again: it starts level with those that were served meanwhile. */
  protected join(child: FairQueue<W>): void {
    child.#pass = Math.max(child.#pass, this.#servedPass);
    this.#children.push(child);
  }

  protected leave(child: FairQueue<W>): void {
    this.#children.splice(this.#children.indexOf(child), 1);
  }
}
