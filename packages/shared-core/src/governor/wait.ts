// One wait of one operation at one gate: for a slot, for I/O tokens, or at a checkpoint. It ends by a call, so that what
// is granted first also starts first; a promise is made only where somebody awaits it.
import type { FairQueue, Waiter } from './fair-queue.js';
import type { GovernorNode } from './governor-node.js';

/** Who waits: it is told when the wait is over, so that it can forget it. */
export interface WaitOwner {
  readonly node: GovernorNode;
  waitEnded(wait: Wait): void;
}

/** Where it waits: after a wait was cancelled, those behind it may be next. */
export interface Gate {
  serve(): void;
}

/** What happens when a wait ends. Both are called in that very moment, before anything else can come in between. */
export interface WaitEnd {
  granted(): void;
  cancelled(error: unknown): void;
}

/** A place in a {@link FairQueue}, and what happens when its turn comes. */
export class Wait implements Waiter<Wait> {
  readonly owner: WaitOwner;
  readonly sequence: number;
  readonly #gate: Gate;
  queue: FairQueue<Wait> | undefined;
  before: Wait | undefined;
  after: Wait | undefined;
  #state: 'waiting' | 'granted' | 'cancelled' = 'waiting';
  #end: WaitEnd | undefined;

  constructor(owner: WaitOwner, sequence: number, gate: Gate, end?: WaitEnd) {
    this.owner = owner;
    this.sequence = sequence;
    this.#gate = gate;
    this.#end = end;
  }

  get isWaiting(): boolean {
    return this.#state === 'waiting';
  }

  /** A promise of the end, for a wait that was made without {@link WaitEnd} and is not over. */
  promise(): Promise<void> {
    return new Promise((granted, cancelled) => {
      this.#end = { granted, cancelled };
    });
  }

  /** Leaves the queue and goes on. */
  grant(): void {
    this.#leave('granted');
    this.#end?.granted();
  }

  /** Leaves the queue and fails; those behind it are served. */
  cancel(error: unknown): void {
    if (this.#state !== 'waiting') return;
    this.#leave('cancelled');
    this.#end?.cancelled(error);
    this.#gate.serve();
  }

  #leave(state: 'granted' | 'cancelled'): void {
    this.#state = state;
    this.queue?.remove(this);
    this.owner.waitEnded(this);
  }
}
