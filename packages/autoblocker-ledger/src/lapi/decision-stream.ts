// What a bouncer has not seen yet. Its place in the ledger is an index, not a time, so that nothing falls between two polls;
// decisions that ended by themselves are told from the time of its last poll. CrowdSec's bouncers delete before they add,
// so a change of an end is told as both, and a network that another decision still blocks is added again.

import type { Decision } from '../decisions/index.js';
import { targetKey } from '../events/index.js';
import { ExpiryQueue } from '../ledger/index.js';
import type { AutoblockerLedger } from '../pipeline/index.js';
import { endedJson, type LapiFilter, lapiJson, passes } from './lapi-decision.js';

/** How far a bouncer has come. */
export interface StreamPlace {
  /** Ledger index of the last entry that it was told of. */
  readonly cursor: bigint;
  /** Up to when it was told what ended, in milliseconds since 1970. */
  readonly time: number;
}

/** What a bouncer is to be told, as JSON texts, and where it is then. */
export interface StreamChanges {
  readonly deleted: readonly string[];
  readonly added: readonly string[];
  readonly place: StreamPlace;
}

/** Ends that are remembered; for who was away for longer the whole ledger is looked through. */
const maxEnded = 200_000;

/** Changes of a ledger since any place, for any filter. */
export class DecisionStream {
  readonly #ledger: AutoblockerLedger;
  readonly #ends = new ExpiryQueue();
  /** What has an end that is still to come. */
  readonly #running = new Map<bigint, Decision>();
  /** What ended by itself since this stream began, in the order of the ends. */
  #ended: { readonly end: number; readonly decision: Decision }[] = [];
  /** Up to when ends were taken in. */
  #endedTo = Number.NEGATIVE_INFINITY;
  /** Ends up to this time are not among them. */
  #remembersFrom: number;
  #readTo: bigint;
  #reading: Promise<void> = Promise.resolve();

  private constructor(ledger: AutoblockerLedger) {
    this.#ledger = ledger;
    this.#readTo = ledger.durableSize - 1n;
    this.#remembersFrom = ledger.now;
  }

  /** The changes of a ledger. O(decisions), once. */
  static async open(ledger: AutoblockerLedger): Promise<DecisionStream> {
    const stream = new DecisionStream(ledger);
    for await (const decision of ledger.query({ state: 'active', at: stream.#remembersFrom }))
      stream.#noteEnd(decision);
    return stream;
  }

  /** Everything in force, one JSON text after the other, and the place to go on from. */
  whole(filter: LapiFilter): { readonly place: StreamPlace; readonly decisions: AsyncGenerator<string> } {
    const ledger = this.#ledger;
    const place = { cursor: ledger.durableSize - 1n, time: ledger.now };
    async function* decisions(): AsyncGenerator<string> {
      for await (const decision of ledger.query({ state: 'active', at: place.time })) {
        if (decision.id <= place.cursor && passes(decision, filter)) yield lapiJson(decision, place.time);
      }
    }
    return { place, decisions: decisions() };
  }

  /** What changed since a place. O(changes), and O(decisions) for a place before this stream began. */
  async since(place: StreamPlace, filter: LapiFilter): Promise<StreamChanges> {
    const reading = this.#reading.then(() => this.#follow());
    this.#reading = reading.catch(() => undefined);
    await reading;
    const now = this.#ledger.now;
    const touched = new Map<string, Decision>();
    const gone: Decision[] = [];
    let cursor = place.cursor;
    const end = this.#ledger.durableSize - 1n;
    for await (const change of this.#ledger.changesSince(place.cursor)) {
      cursor = change.cursor;
      if (change.decision.state === 'pending-review' || !passes(change.decision, filter)) continue;
      touched.set(targetKey(change.decision.target), change.decision);
      // Told to be over even when it was never told to be in force: a poll later it could have been.
      if (change.kind !== 'added' || change.decision.state !== 'active') gone.push(change.decision);
    }
    for await (const decision of this.#endedBetween(place.time, now)) {
      if (!passes(decision, filter)) continue;
      touched.set(targetKey(decision.target), decision);
      gone.push(decision);
    }
    if (now < place.time) await this.#touchResumed(place.time, now, filter, touched);
    return {
      deleted: [...new Map(gone.map((decision) => [decision.id, decision])).values()].map((decision) =>
        endedJson(decision, now),
      ),
      added: [...touched.values()].flatMap((decision) => this.#inForceOn(decision, filter, now)),
      place: { cursor: cursor > end ? cursor : end, time: now },
    };
  }

  /** Where the clock was set back since `told`: what was told to have ended and has not. O(decisions). */
  async #touchResumed(told: number, now: number, filter: LapiFilter, touched: Map<string, Decision>): Promise<void> {
    for await (const decision of this.#ledger.query({ state: 'active', at: now })) {
      const wasOver = decision.until !== null && decision.until <= told;
      if (wasOver && passes(decision, filter)) touched.set(targetKey(decision.target), decision);
    }
  }

  /** What is in force on exactly the target of a decision. */
  #inForceOn({ target }: Decision, filter: LapiFilter, now: number): string[] {
    const key = targetKey(target);
    return this.#ledger
      .decisionsOn(target, now)
      .filter((decision) => targetKey(decision.target) === key && passes(decision, filter))
      .map((decision) => lapiJson(decision, now));
  }

  #noteEnd(decision: Decision): void {
    if (decision.until === null) return;
    this.#running.set(decision.id, decision);
    this.#ends.add(decision.until, decision.id);
  }

  /** Takes in what changed in the ledger, and what ended. */
  async #follow(): Promise<void> {
    const end = this.#ledger.durableSize - 1n;
    for await (const { cursor, decision } of this.#ledger.changesSince(this.#readTo)) {
      this.#readTo = cursor;
      if (decision.state === 'revoked') this.#running.delete(decision.id);
      else if (decision.state !== 'pending-review') this.#noteEnd(decision);
    }
    if (end > this.#readTo) this.#readTo = end;
    const { now } = this.#ledger;
    if (now < this.#endedTo) {
      // The clock was set back: what is still to end is no longer among what has.
      for (const { end: later, decision } of this.#ended) if (later > now) this.#noteEnd(decision);
      this.#ended = this.#ended.filter((one) => one.end <= now);
    }
    this.#endedTo = now;
    for (const { id, end: ended } of this.#ends.take(now)) {
      const decision = this.#running.get(id);
      if (decision?.until !== ended) continue;
      this.#running.delete(id);
      this.#ended.push({ end: ended, decision });
    }
    if (this.#ended.length <= maxEnded) return;
    this.#remembersFrom = this.#ended[this.#ended.length - maxEnded - 1]!.end;
    this.#ended = this.#ended.slice(-maxEnded);
  }

  /** What ended by itself after `from`, up to `to`. */
  async *#endedBetween(from: number, to: number): AsyncGenerator<Decision> {
    if (from < this.#remembersFrom) {
      for await (const decision of this.#ledger.query({ state: 'expired', at: to })) {
        if (decision.until !== null && decision.until > from) yield decision;
      }
      return;
    }
    let [low, high] = [0, this.#ended.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#ended[middle]!.end <= from) low = middle + 1;
      else high = middle;
    }
    for (const { end, decision } of this.#ended.slice(low)) if (end <= to) yield decision;
  }
}
