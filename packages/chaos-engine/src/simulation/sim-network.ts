// The network of a world: a directed link for each pair of processes. A message is lost, doubled, late or overtaken as its link is;
// a byte stream keeps its order and loses nothing, so there the same makes it slow: what is lost is sent again.

import { TenstripError } from '@tenstrip/shared-core';
import type { ChaosErrorCode } from '../errors/index.js';
import type { DecisionStream } from './decisions.js';
import { eventCode, PlannedEvent } from './sim-event.js';
import type { SimProcess } from './sim-process.js';
import type { World } from './world.js';
import { assertLinkFaults } from './world-options.js';

/** How a link is. Latencies of several settings add up, losses act one after the other, the narrowest width counts. */
export interface LinkFaults {
  /** One way, milliseconds. */
  readonly latencyMs: number;
  /** Up to so much more, each time anew. */
  readonly jitterMs: number;
  /** Probability that a message, or a segment of a stream, is lost. */
  readonly loss: number;
  /** Probability that a message comes twice. */
  readonly duplicate: number;
  /** Probability that a message is held back, so that later ones overtake it. */
  readonly reorder: number;
  /** Probability that a write to a stream arrives in pieces, cut anywhere. */
  readonly slice: number;
  readonly bytesPerSecond: number;
}

/** Takes back what was done to a network; a second time changes nothing. */
export interface Undo extends Disposable {
  /** Takes it back now. */
  undo(): void;
}

/** A link without faults; the latency is that of a quiet local network. */
const plainLink: LinkFaults = {
  latencyMs: 0.5,
  jitterMs: 0,
  loss: 0,
  duplicate: 0,
  reorder: 0,
  slice: 0,
  bytesPerSecond: Number.POSITIVE_INFINITY,
};

/** Within one process nothing goes wrong. */
const loopbackLink: LinkFaults = { ...plainLink, latencyMs: 0.05 };

/** From one process to another. */
export class Link {
  readonly from: SimProcess;
  readonly to: SimProcess;
  readonly settings: Partial<LinkFaults>[] = [];
  /** How many partitions are between the two. */
  cuts = 0;
  #faults: LinkFaults;
  #busyUntilMs = 0;
  #lastMessageMs = 0;
  readonly #base: LinkFaults;
  readonly #loss: DecisionStream;
  readonly #jitter: DecisionStream;
  readonly #duplicate: DecisionStream;
  readonly #reorder: DecisionStream;
  readonly #slice: DecisionStream;

  constructor(from: SimProcess, to: SimProcess, base: LinkFaults) {
    this.from = from;
    this.to = to;
    this.#base = from === to ? loopbackLink : base;
    this.#faults = this.#base;
    const { decisions } = from.world;
    const name = `${from.name}>${to.name}`;
    this.#loss = decisions.stream(`lost ${name}`);
    this.#jitter = decisions.stream(`jitter ${name}`);
    this.#duplicate = decisions.stream(`doubled ${name}`);
    this.#reorder = decisions.stream(`held back ${name}`);
    this.#slice = decisions.stream(`sliced ${name}`);
  }

  get faults(): LinkFaults {
    return this.#faults;
  }

  get slices(): DecisionStream {
    return this.#slice;
  }

  change(): void {
    this.#faults = this.settings.reduce<LinkFaults>(combine, this.#base);
  }

  /** Whether what is sent now gets lost. */
  loses(): boolean {
    if (this.cuts > 0) return true;
    const { loss } = this.#faults;
    return loss > 0 && this.#loss.happens(loss);
  }

  /** How long `bytes` that are sent now take. */
  delayMs(bytes: number): number {
    const { latencyMs, jitterMs, bytesPerSecond } = this.#faults;
    const { nowMs } = this.from.world;
    let waitMs = 0;
    if (bytesPerSecond !== Number.POSITIVE_INFINITY) {
      this.#busyUntilMs = Math.max(nowMs, this.#busyUntilMs) + (bytes * 1000) / bytesPerSecond;
      waitMs = this.#busyUntilMs - nowMs;
    }
    return waitMs + latencyMs + (jitterMs > 0 ? this.#jitter.upTo(jitterMs) : 0);
  }

  /** The delays after which the copies of a message arrive. */
  messageDelaysMs(bytes: number): number[] {
    const { world } = this.from;
    if (this.loses()) {
      world.note(this.from, `a message to ${this.to.name} is lost`);
      return [];
    }
    const { duplicate, reorder, latencyMs, jitterMs } = this.#faults;
    const heldMs = reorder > 0 ? this.#reorder.sometimesUpTo(reorder, 4 * (latencyMs + jitterMs) + 10) : 0;
    const arrivalMs = world.nowMs + this.delayMs(bytes);
    const delays = [];
    if (heldMs > 0) {
      world.note(this.from, `a message to ${this.to.name} is held back`);
      delays.push(arrivalMs - world.nowMs + heldMs);
    } else {
      this.#lastMessageMs = Math.max(this.#lastMessageMs, arrivalMs);
      delays.push(this.#lastMessageMs - world.nowMs);
    }
    if (duplicate > 0 && this.#duplicate.happens(duplicate)) {
      world.note(this.from, `a message to ${this.to.name} comes twice`);
      delays.push(delays[0]! + this.delayMs(bytes));
    }
    return delays;
  }
}

function combine(link: LinkFaults, faults: Partial<LinkFaults>): LinkFaults {
  const either = (a: number, b = 0): number => 1 - (1 - a) * (1 - b);
  return {
    latencyMs: link.latencyMs + (faults.latencyMs ?? 0),
    jitterMs: link.jitterMs + (faults.jitterMs ?? 0),
    loss: either(link.loss, faults.loss),
    duplicate: either(link.duplicate, faults.duplicate),
    reorder: either(link.reorder, faults.reorder),
    slice: either(link.slice, faults.slice),
    bytesPerSecond: Math.min(link.bytesPerSecond, faults.bytesPerSecond ?? Number.POSITIVE_INFINITY),
  };
}

class MessageEvent extends PlannedEvent {
  readonly code = eventCode.datagram;
  readonly #from: string;
  readonly #message: unknown;

  constructor(to: SimProcess, from: string, message: unknown) {
    super(to);
    this.incarnation = 0; // a restarted process gets what was on the way to its former life
    this.#from = from;
    this.#message = message;
  }

  fire(): void {
    this.owner.onMessage?.(this.#message as never, this.#from);
  }
}

/** Bytes that a message takes on a narrow link: its length, or 256 where it is an object. */
function sizeOf(message: unknown): number {
  if (typeof message === 'string') return message.length;
  return message instanceof Uint8Array ? message.byteLength : 256;
}

/** All links, and what may be done to them. */
export class SimNetwork {
  readonly #world: World;
  readonly #base: LinkFaults;
  readonly #links = new Map<SimProcess, Map<SimProcess, Link>>();
  readonly #undos = new Set<() => void>();

  constructor(world: World, base: Partial<LinkFaults>) {
    this.#world = world;
    this.#base = { ...plainLink, ...base };
  }

  /**
   * Cuts the network between each two of `groups`; one way: nothing gets from an earlier group to a later one, but back it does.
   * Processes in no group are not concerned.
   *
   * @throws TenstripError `TargetUnknown`
   */
  partition(groups: readonly (readonly string[])[], options: { oneWay?: boolean } = {}): Undo {
    const links: Link[] = [];
    groups.forEach((earlier, index) => {
      for (const later of groups.slice(index + 1)) {
        for (const a of earlier) {
          for (const b of later) {
            links.push(this.between(this.#process(a), this.#process(b)));
            if (!options.oneWay) links.push(this.between(this.#process(b), this.#process(a)));
          }
        }
      }
    });
    for (const link of links) link.cuts++;
    return this.#undoable(() => {
      for (const link of links) link.cuts--;
    });
  }

  /** Worsens the link between two processes, in both directions unless `oneWay`. @throws TenstripError `TargetUnknown`, `OptionsInvalid` */
  link(from: string, to: string, faults: Partial<LinkFaults>, options: { oneWay?: boolean } = {}): Undo {
    assertLinkFaults(faults);
    const [a, b] = [this.#process(from), this.#process(to)];
    const links = options.oneWay ? [this.between(a, b)] : [this.between(a, b), this.between(b, a)];
    for (const link of links) {
      link.settings.push(faults);
      link.change();
    }
    return this.#undoable(() => {
      for (const link of links) {
        link.settings.splice(link.settings.indexOf(faults), 1);
        link.change();
      }
    });
  }

  /** Undoes every partition and every change of a link. */
  heal(): void {
    for (const undo of [...this.#undos]) undo();
  }

  /** @internal */
  between(from: SimProcess, to: SimProcess): Link {
    let links = this.#links.get(from);
    if (links === undefined) {
      links = new Map();
      this.#links.set(from, links);
    }
    let link = links.get(to);
    if (link === undefined) {
      link = new Link(from, to, this.#base);
      links.set(to, link);
    }
    return link;
  }

  /** @internal */
  sendMessage(from: SimProcess, to: string, message: unknown): void {
    if (from.state === 'dead') return;
    const target = this.#process(to);
    const link = this.between(from, target);
    for (const delayMs of link.messageDelaysMs(sizeOf(message))) {
      const copy = typeof message === 'object' && message !== null ? structuredClone(message) : message;
      this.#world.plan(new MessageEvent(target, from.name, copy), delayMs);
    }
  }

  /** The process that a host name or an address means to `from`. @internal */
  resolve(from: SimProcess, host: string): SimProcess | undefined {
    if (host === 'localhost' || host === '0.0.0.0' || host === '::' || host === '::1' || host.startsWith('127.'))
      return from;
    return this.#world.processByHost(host);
  }

  /** @throws TenstripError `TargetUnknown` @internal */
  assertProcess(name: string): void {
    this.#process(name);
  }

  #process(name: string): SimProcess {
    const process = this.#world.processByName(name);
    if (process === undefined) {
      throw new TenstripError<ChaosErrorCode>('TargetUnknown', `there is no node ${name} in this world`, {
        details: { target: name },
      });
    }
    return process;
  }

  #undoable(undo: () => void): Undo {
    const once = (): void => {
      if (this.#undos.delete(once)) undo();
    };
    this.#undos.add(once);
    return { undo: once, [Symbol.dispose]: once };
  }
}
