// The queue for I/O tokens. A request takes its tokens from every node up to the root at one moment, so that no node
// ever gives more than burst + rate x time. A request above a burst saves up in parts while it is first in line.
import type { Clock } from '../determinism/index.js';
import { Alarm } from './alarm.js';
import type { GovernorNode } from './governor-node.js';
import type { TokenBucket } from './token-bucket.js';
import { Wait, type WaitEnd, type WaitOwner } from './wait.js';

/** What an I/O request costs. */
export interface IoCost {
  /** Operations. Default 0. */
  ops?: number;
  /** Bytes. Default 0. */
  bytes?: number;
}

/** A shorter wait might be lost in the rounding of a late time, and time would stand still. */
const shortestWaitMs = 0.001;

class IoWait extends Wait {
  readonly #clock: Clock;
  readonly ops: number;
  readonly bytes: number;
  /** What a request above the burst of a bucket has saved up there. */
  saved: Map<TokenBucket, number> | undefined;

  constructor(
    owner: WaitOwner,
    sequence: number,
    gate: IoGate,
    clock: Clock,
    cost: Required<IoCost>,
    end: WaitEnd | undefined,
  ) {
    super(owner, sequence, gate, end);
    this.#clock = clock;
    this.ops = cost.ops;
    this.bytes = cost.bytes;
  }

  /** What it had saved up is for those behind it. */
  override cancel(error: unknown): void {
    if (this.isWaiting && this.saved !== undefined) {
      const nowMs = this.#clock.monotonicMs();
      for (const [bucket, amount] of this.saved) bucket.giveBack(amount, nowMs);
    }
    super.cancel(error);
  }
}

/** Hands out I/O tokens, first come first served in a node, by weight between siblings. One timer in all. */
export class IoGate {
  readonly #clock: Clock;
  readonly #root: () => GovernorNode;
  readonly #nextSequence: () => number;
  readonly #alarm: Alarm;
  #round = 0;

  constructor(clock: Clock, root: () => GovernorNode, nextSequence: () => number) {
    this.#clock = clock;
    this.#root = root;
    this.#nextSequence = nextSequence;
    this.#alarm = new Alarm(clock, () => this.serve());
  }

  /** Whether a request of `node` would have to wait at `nowMs`. */
  mustWait(node: GovernorNode, ops: number, bytes: number, nowMs: number): boolean {
    if (ops === 0 && bytes === 0) return false;
    for (let at: GovernorNode | undefined = node; at !== undefined; at = at.parent) {
      if (!isLimitedHere(at, ops, bytes)) continue;
      if (at.ioQueue.size > 0 || !hasTokens(at, ops, bytes, nowMs)) return true;
    }
    return false;
  }

  /** Takes tokens, or gives the wait for them. `end` is told in either case. */
  enter(owner: WaitOwner, ops: number, bytes: number, end?: WaitEnd): Wait | undefined {
    if (!this.mustWait(owner.node, ops, bytes, this.#clock.monotonicMs())) {
      this.take(owner.node, ops, bytes);
      end?.granted();
      return undefined;
    }
    owner.node.totals.throttled++;
    const wait = new IoWait(owner, this.#nextSequence(), this, this.#clock, { ops, bytes }, end);
    owner.node.ioQueue.push(wait);
    this.serve();
    return wait.isWaiting ? wait : undefined;
  }

  /** Takes tokens that {@link mustWait} said are there. */
  take(node: GovernorNode, ops: number, bytes: number): void {
    if (ops > 0 || bytes > 0) take(node, ops, bytes);
  }

  /** Puts back the tokens of an operation that was let through here and never started, and lets others have them. */
  giveBack(from: GovernorNode, ops: number, bytes: number): void {
    if (ops === 0 && bytes === 0) return;
    const nowMs = this.#clock.monotonicMs();
    for (let node: GovernorNode | undefined = from; node !== undefined; node = node.parent) {
      node.ioOps?.giveBack(ops, nowMs);
      node.ioBytes?.giveBack(bytes, nowMs);
    }
    from.totals.ioOps -= ops;
    from.totals.ioBytes -= bytes;
    if (this.#root().ioQueue.size > 0) this.serve();
  }

  /** The node, `from` or above, at which as many requests wait as may; operations that wait to start count apart. */
  fullNode(from: GovernorNode): GovernorNode | undefined {
    for (let node: GovernorNode | undefined = from; node !== undefined; node = node.parent) {
      if (node.ioQueue.size >= node.maxQueue + node.waiting) return node;
    }
    return undefined;
  }

  /** Grants what there are tokens for, and sets the timer for the next. O(waiting nodes) for each grant. */
  serve(): void {
    const { ioQueue } = this.#root();
    const nowMs = this.#clock.monotonicMs();
    const round = ++this.#round;
    let soonestMs = Number.POSITIVE_INFINITY;
    for (let wait = ioQueue.next(round); wait !== undefined; wait = ioQueue.next(round)) {
      const short = shortage(wait as IoWait, nowMs);
      if (short !== undefined) {
        short.node.ioQueue.block(round);
        soonestMs = Math.min(soonestMs, short.waitMs);
        continue;
      }
      const { node } = wait.owner;
      node.ioQueue.served();
      grant(wait as IoWait);
    }
    this.#alarm.set(soonestMs, nowMs);
  }
}

function isLimitedHere(node: GovernorNode, ops: number, bytes: number): boolean {
  return (ops > 0 && node.ioOps !== undefined) || (bytes > 0 && node.ioBytes !== undefined);
}

function hasTokens(node: GovernorNode, ops: number, bytes: number, nowMs: number): boolean {
  return (
    (ops === 0 || (node.ioOps?.has(ops, nowMs) ?? true)) && (bytes === 0 || (node.ioBytes?.has(bytes, nowMs) ?? true))
  );
}

/** The first node that has too few tokens for `wait`, and how long that lasts; saves up for a request above a burst. */
function shortage(wait: IoWait, nowMs: number): { node: GovernorNode; waitMs: number } | undefined {
  for (let node: GovernorNode | undefined = wait.owner.node; node !== undefined; node = node.parent) {
    const waitMs = Math.max(
      bucketWaitMs(wait, node.ioOps, wait.ops, nowMs),
      bucketWaitMs(wait, node.ioBytes, wait.bytes, nowMs),
    );
    if (waitMs > 0) return { node, waitMs };
  }
  return undefined;
}

function bucketWaitMs(wait: IoWait, bucket: TokenBucket | undefined, amount: number, nowMs: number): number {
  if (bucket === undefined || amount === 0) return 0;
  const left = amount > bucket.burst ? saveUp(wait, bucket, amount, nowMs) : amount;
  if (bucket.has(left, nowMs)) return 0;
  return Math.max(
    shortestWaitMs,
    bucket.waitMs(amount > bucket.burst ? Math.min(left, bucket.burst / 2) : left, nowMs),
  );
}

/**
 * Takes what there is while more than half a burst is missing; gives what is still missing. Half, because a bucket that
 * is full when its timer comes late has lost what flowed in meanwhile.
 */
function saveUp(wait: IoWait, bucket: TokenBucket, amount: number, nowMs: number): number {
  wait.saved ??= new Map();
  const saved = wait.saved.get(bucket) ?? 0;
  const missing = amount - saved;
  if (missing <= bucket.burst / 2) return missing;
  const part = Math.min(missing - bucket.burst / 2, Math.max(0, bucket.available(nowMs)));
  bucket.take(part);
  wait.saved.set(bucket, saved + part);
  return missing - part;
}

function grant(wait: IoWait): void {
  take(wait.owner.node, wait.ops, wait.bytes, wait.saved);
  wait.grant();
}

function take(from: GovernorNode, ops: number, bytes: number, saved?: ReadonlyMap<TokenBucket, number>): void {
  let costMs = 0;
  for (let node: GovernorNode | undefined = from; node !== undefined; node = node.parent) {
    costMs = Math.max(costMs, takeFrom(node.ioOps, ops, saved), takeFrom(node.ioBytes, bytes, saved));
  }
  if (costMs > 0) from.ioQueue.charge(costMs);
  from.totals.ioOps += ops;
  from.totals.ioBytes += bytes;
}

/** Takes `amount` less what was saved up; gives how much of the rate it is, in milliseconds: what weights divide. */
function takeFrom(bucket: TokenBucket | undefined, amount: number, saved?: ReadonlyMap<TokenBucket, number>): number {
  if (bucket === undefined) return 0;
  bucket.take(amount - (saved?.get(bucket) ?? 0));
  return amount / bucket.ratePerMs;
}
