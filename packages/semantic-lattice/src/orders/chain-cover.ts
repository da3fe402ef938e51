// The width of an order and the fewest chains that cover it (Dilworth, "A decomposition theorem for partially ordered sets", 1950),
// by a maximum matching of each element with one above it (Fulkerson 1956; Hopcroft and Karp, "An n^5/2 algorithm for maximum
// matchings in bipartite graphs", 1973). O(pairs of the closure * sqrt(elements)).

import type { OperationContext } from '@tenstrip/shared-core';

/** A strict order over 0 … size-1: what is above each, with everything that follows by transitivity. */
export interface StrictOrder {
  readonly size: number;
  above(element: number): Int32Array;
}

/** Chains that partition the elements, each from low to high, and an antichain of as many elements: each proves the other. */
export interface ChainPartition {
  readonly chains: readonly (readonly number[])[];
  readonly antichain: readonly number[];
}

const free = -1;
const unreached = -1;

/** A least partition into chains. */
export async function coverByChains(order: StrictOrder, context: OperationContext): Promise<ChainPartition> {
  const matching = new Matching(order);
  while (matching.layer()) {
    for (let element = 0; element < order.size; element += 1) {
      if ((element & 255) === 0) await context.checkpoint();
      matching.augment(element);
    }
  }
  return { chains: matching.chains(), antichain: matching.antichain() };
}

/** Each element once as a lower (left) and once as a higher one (right); a matched pair is a link of a chain. */
class Matching {
  readonly #order: StrictOrder;
  readonly #up: Int32Array;
  readonly #down: Int32Array;
  readonly #depth: Int32Array;
  readonly #next: Int32Array;

  constructor(order: StrictOrder) {
    this.#order = order;
    this.#up = new Int32Array(order.size).fill(free);
    this.#down = new Int32Array(order.size).fill(free);
    this.#depth = new Int32Array(order.size);
    this.#next = new Int32Array(order.size);
  }

  /** Depths by breadth first from the lower ones that are free; whether some path ends at a free higher one. */
  layer(): boolean {
    const { size } = this.#order;
    const queue = new Int32Array(size);
    let tail = 0;
    for (let low = 0; low < size; low += 1) {
      this.#next[low] = 0;
      this.#depth[low] = this.#up[low] === free ? 0 : unreached;
      if (this.#up[low] === free) queue[tail++] = low;
    }
    let found = false;
    for (let head = 0; head < tail; head += 1) {
      const low = queue[head]!;
      for (const high of this.#order.above(low)) {
        const next = this.#down[high]!;
        if (next === free) found = true;
        else if (this.#depth[next] === unreached) {
          this.#depth[next] = this.#depth[low]! + 1;
          queue[tail++] = next;
        }
      }
    }
    return found;
  }

  /** Matches a free lower one along a shortest path, if one is left in the layers. Depth first, with a stack of its own. */
  augment(root: number): void {
    if (this.#up[root] !== free) return;
    const path = [root];
    while (path.length > 0) {
      const low = path.at(-1)!;
      const above = this.#order.above(low);
      if (this.#next[low]! >= above.length) {
        this.#depth[low] = unreached;
        path.pop();
        continue;
      }
      const high = above[this.#next[low]!++]!;
      const next = this.#down[high]!;
      if (next === free) {
        this.#turn(path, high);
        return;
      }
      if (this.#depth[next] === this.#depth[low]! + 1) path.push(next);
    }
  }

  /** Links each of the path with the one above that it was looking at, which the next of the path gives up. */
  #turn(path: readonly number[], last: number): void {
    let high = last;
    for (let i = path.length - 1; i >= 0; i -= 1) {
      const low = path[i]!;
      const given = this.#up[low]!;
      this.#up[low] = high;
      this.#down[high] = low;
      high = given;
    }
  }

  chains(): number[][] {
    const chains: number[][] = [];
    for (let bottom = 0; bottom < this.#order.size; bottom += 1) {
      if (this.#down[bottom] !== free) continue;
      const chain: number[] = [];
      for (let each = bottom; each !== free; each = this.#up[each]!) chain.push(each);
      chains.push(chain);
    }
    return chains;
  }

  /** König's theorem: elements whose lower half an alternating path reaches and whose higher half none does. */
  antichain(): number[] {
    this.layer();
    const reached = new Uint8Array(this.#order.size);
    for (let low = 0; low < this.#order.size; low += 1) {
      if (this.#depth[low] === unreached) continue;
      for (const high of this.#order.above(low)) reached[high] = 1;
    }
    const antichain: number[] = [];
    for (let each = 0; each < this.#order.size; each += 1) {
      if (this.#depth[each] !== unreached && reached[each] === 0) antichain.push(each);
    }
    return antichain;
  }
}
