// The queue for concurrency slots. An operation leaves it when every node from its own to the root has a slot free and
// is not paused; only then p-limit gets it. So abort, weights, order and `tryAcquire` need nothing that p-limit lacks.
import type { GovernorNode } from './governor-node.js';
import { Wait, type WaitEnd, type WaitOwner } from './wait.js';

/** An operation that wants a slot. */
export interface SlotOwner extends WaitOwner {
  /** Its slot is counted: it no longer waits for admission. */
  slotTaken(): void;
}

/** Hands out slots, first come first served in a node, by weight between siblings. */
export class AdmissionGate {
  readonly #root: () => GovernorNode;
  readonly #nextSequence: () => number;
  #round = 0;

  constructor(root: () => GovernorNode, nextSequence: () => number) {
    this.#root = root;
    this.#nextSequence = nextSequence;
  }

  /** Whether an operation of `node` cannot start now. */
  mustWait(node: GovernorNode): boolean {
    return node.slotQueue.head !== undefined || blocking(node) !== undefined;
  }

  /** Takes a slot, or gives the wait for one. `end` is told in either case. */
  enter(owner: SlotOwner, end: WaitEnd): Wait | undefined {
    const { node } = owner;
    if (!this.mustWait(node)) {
      this.take(owner);
      end.granted();
      return undefined;
    }
    const wait = new Wait(owner, this.#nextSequence(), this, end);
    node.slotQueue.push(wait);
    return wait;
  }

  /** Takes a slot that {@link mustWait} said is free. */
  take(owner: SlotOwner): void {
    const { node } = owner;
    node.countRunning(1);
    node.slotQueue.charge(1);
    owner.slotTaken();
  }

  /** Gives a slot back, and to the next. */
  leave(node: GovernorNode): void {
    node.countRunning(-1);
    if (this.#root().slotQueue.size > 0) this.serve();
  }

  /** Lets in whoever can start now. O(waiting nodes) for each that is let in. */
  serve(): void {
    const { slotQueue } = this.#root();
    const round = ++this.#round;
    for (let wait = slotQueue.next(round); wait !== undefined; wait = slotQueue.next(round)) {
      const { node } = wait.owner;
      const blocker = blocking(node);
      if (blocker !== undefined) {
        blocker.slotQueue.block(round);
        continue;
      }
      node.slotQueue.served();
      this.take(wait.owner as SlotOwner);
      wait.grant();
    }
  }
}

/** The first node on the way to the root that is paused or has no slot. */
function blocking(from: GovernorNode): GovernorNode | undefined {
  for (let node: GovernorNode | undefined = from; node !== undefined; node = node.parent) {
    if (node.isPaused || node.running >= node.maxConcurrency) return node;
  }
  return undefined;
}
