// One wait of one operation at one gate: for a slot, for I/O tokens, or at a checkpoint. Its promise is made only when
// somebody asks for it: a wait that is granted at once costs no promise.
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

/** A place in a {@link FairQueue}, and what happens when its turn comes. */
export class Wait implements Waiter<Wait> {
  readonly owner: WaitOwner;
  readonly sequence: number;
  readonly #gate: Gate;
  readonly #onGrant: (() => void) | undefined;
  queue: FairQueue<Wait> | undefined;
  before: Wait | undefined;
  after: Wait | undefined;
  #state: 'waiting' | 'granted' | 'cancelled' = 'waiting';
  #error: unknown;
  #promise: Promise<void> | undefined;
  #resolve: (() => void) | undefined;
  #reject: ((error: unknown) => void) | undefined;

  /** @param onGrant called in the moment of the grant, before anything else can come in between. */
  constructor(owner: WaitOwner, sequence: number, gate: Gate, onGrant?: () => void) {
    this.owner = owner;
    this.sequence = sequence;
    this.#gate = gate;
    this.#onGrant = onGrant;
  }

  get isWaiting(): boolean {
    return this.#state === 'waiting';
  }

  get isGranted(): boolean {
    return this.#state === 'granted';
  }

  /** Resolves when granted, rejects when cancelled. */
  get promise(): Promise<void> {
    this.#promise ??= new Promise((resolve, reject) => {
      if (this.#state === 'granted') resolve();
      else if (this.#state === 'cancelled') reject(this.#error);
      else {
        this.#resolve = resolve;
        this.#reject = reject;
      }
    });
    return this.#promise;
  }

  /** Leaves the queue and goes on. */
  grant(): void {
    this.#leave('granted');
    this.#onGrant?.();
    this.#resolve?.();
  }

  /** Leaves the queue and fails; those behind it are served. */
  cancel(error: unknown): void {
    if (this.#state !== 'waiting') return;
    this.#error = error;
    this.#leave('cancelled');
    this.#reject?.(error);
    this.#gate.serve();
  }

  #leave(state: 'granted' | 'cancelled'): void {
    this.#state = state;
    this.queue?.remove(this);
    this.owner.waitEnded(this);
  }
}
