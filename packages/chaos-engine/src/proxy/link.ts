// One direction of a connection: what is read from the source goes through the toxics to the sink. Without toxics it is a plain
// pump. The source is paused while a toxic holds its limit, the proxy holds its own, the governor's I/O tokens are used up, or the
// sink is full and no toxic is there that can hold what it does not take.

import type { Socket } from 'node:net';
import type { RandomSource, ResourceGovernor } from '@tenstrip/shared-core';
import type { Alarms } from './alarms.js';
import type { HeldBytes } from './held-bytes.js';
import type { ReadBuffer, SlabPool } from './read-buffer.js';
import { type Outlet, type Stage, type StageHost, stageOf } from './stage.js';
import type { Toxic, ToxicStream } from './toxic.js';

/** Bytes that are asked of the governor at a time. */
const ioBatchBytes = 262_144;

/** What all links of a proxy share. */
export interface LinkOptions {
  readonly governor: ResourceGovernor;
  readonly alarms: Alarms;
  readonly held: HeldBytes;
  readonly slabs: SlabPool;
  readonly linkBufferBytes: number;
}

/** The connection that a link is half of. */
export interface LinkOwner {
  /** All that could be delivered was: how the sink is to end. */
  delivered(link: Link, ending: Ending): void;
  /** Resets both sides at once. */
  reset(): void;
  /** Closes both sides at once. */
  destroy(): void;
}

/** How a direction ends: the source said so; a toxic did; the source was reset. */
export type Ending = 'half-close' | 'close' | 'reset';

interface ActiveToxic {
  readonly name: string;
  /** Its place among the toxics of the direction. */
  readonly order: number;
  readonly stage: Stage;
}

/** A direction of a connection. */
export class Link implements StageHost, Outlet {
  readonly stream: ToxicStream;
  readonly source: Socket;
  readonly sink: Socket;
  /** Bytes read, and bytes given to the sink. */
  received = 0;
  sent = 0;
  readonly #owner: LinkOwner;
  readonly #options: LinkOptions;
  readonly #random: () => RandomSource;
  #active: ActiveToxic[] = [];
  #first: Outlet = this;
  #ending: Ending = 'half-close';
  /** Nothing more is taken from the source. */
  #deaf = false;
  #ended = false;
  #reading = true;
  sinkFull = false;
  #waitsForIo = false;
  #unpaid = 0;
  /** A toxic dropped bytes. */
  #lossy = false;

  /** @param random the connection's own stream */
  constructor(
    owner: LinkOwner,
    stream: ToxicStream,
    source: Socket,
    sink: Socket,
    random: () => RandomSource,
    options: LinkOptions,
  ) {
    this.#owner = owner;
    this.stream = stream;
    this.source = source;
    this.sink = sink;
    this.#random = random;
    this.#options = options;
  }

  get alarms(): Alarms {
    return this.#options.alarms;
  }

  /** Begins to pump through `toxics`, those of this direction in their order. */
  start(toxics: readonly Toxic[]): void {
    const { source, sink } = this;
    // A socket with a buffer of its own calls `read` instead.
    source.on('data', (chunk: Buffer) => this.#take(chunk));
    source.on('end', () => this.#sourceEnded('half-close'));
    sink.on('drain', () => {
      this.sinkFull = false;
      // The last ones first, so that there is room for what the others pass.
      for (const { stage } of this.#active.toReversed()) stage.goOn();
      this.review();
    });
    source.resume();
    this.setToxics(toxics);
  }

  /** The source was reset, or failed. What it sent before is delivered, then the sink is reset. */
  sourceFailed(): void {
    if (this.#ending === 'close') return;
    if (this.#ended) this.#owner.delivered(this, 'reset');
    else if (this.#deaf) this.#ending = 'reset';
    else this.#sourceEnded('reset');
  }

  /** Brings the toxics at work to `toxics`, those of this direction in their order. */
  setToxics(toxics: readonly Toxic[]): void {
    if (this.#ended) return;
    const wanted = new Map<string, { toxic: Toxic; order: number }>();
    toxics.forEach((toxic, order) => {
      if (this.#actsHere(toxic)) wanted.set(toxic.name, { toxic, order });
    });
    for (const { name, stage } of [...this.#active]) {
      if (!wanted.has(name)) this.#remove(stage);
    }
    // What closed the connection does not come back, and nothing more comes in for others.
    if (this.#ended || this.#ending === 'close') return;
    this.#active = this.#active.map((active) => ({ ...active, order: wanted.get(active.name)!.order }));
    for (const [name, { toxic, order }] of wanted) {
      const found = this.#active.find((active) => active.name === name);
      if (found === undefined) this.#add(toxic, order);
    }
    this.review();
  }

  /** A toxic has other attributes. */
  updateToxic({ name, attributes }: Toxic): void {
    this.#active.find((active) => active.name === name)?.stage.update(attributes);
    this.review();
  }

  /** Names of the toxics that act here. */
  get toxics(): readonly string[] {
    return this.#active.map(({ name }) => name);
  }

  /** One number a connection and toxic, whatever was drawn before: when the toxicity grows, those that it acted on stay. */
  #actsHere({ name, toxicity }: Toxic): boolean {
    return toxicity >= 1 || this.#random().stream(name).float() < toxicity;
  }

  #add(toxic: Toxic, order: number): void {
    const { linkBufferBytes: delayedBytes } = this.#options;
    const random = this.#random().stream(toxic.name);
    const at = this.#active.findIndex((active) => active.order > order);
    const place = at < 0 ? this.#active.length : at;
    const next = this.#active[place]?.stage ?? this;
    const stage = stageOf(this, next, toxic, { random, delayedBytes });
    this.#active.splice(place, 0, { name: toxic.name, order, stage });
    this.#relink();
  }

  #remove(stage: Stage): void {
    // What it held goes out first. A toxic that lost bytes closes the connection instead.
    stage.leave();
    stage.dispose();
    this.#active = this.#active.filter((active) => active.stage !== stage);
    this.#relink();
  }

  #relink(): void {
    let next: Outlet = this;
    for (const { stage } of this.#active.toReversed()) {
      stage.next = next;
      next = stage;
    }
    this.#first = next;
  }

  /** So many bytes were read into a buffer that is used again once they have left. */
  read(length: number, lent: ReadBuffer): void {
    if (this.#deaf) return;
    this.#take(lent.room.subarray(0, length));
    if (this.#lossy) lent.lose();
    lent.advance(length, this.received, this.sent - this.sink.writableLength, this.#mostToHold());
  }

  /** Bytes that toxics hold before the source is paused. */
  #mostToHold(): number {
    if (this.#first === this) return Number.POSITIVE_INFINITY;
    return this.#active.reduce((most, { stage }) => Math.min(most, stage.limit - stage.held), this.#options.held.free);
  }

  #take(chunk: Buffer): void {
    if (this.#deaf) return;
    this.received += chunk.length;
    if (this.#first === this) this.push(chunk);
    else this.#first.push(chunk, this.now());
    this.#unpaid += chunk.length;
    if (this.#unpaid >= ioBatchBytes) this.#pay();
  }

  #sourceEnded(ending: Ending): void {
    if (this.#deaf) return;
    this.#deaf = true;
    this.#ending = ending;
    this.#first.end(this.now());
  }

  #pay(): void {
    const bytes = this.#unpaid;
    this.#unpaid = 0;
    let wait: Promise<void> | undefined;
    try {
      wait = this.#options.governor.io({ ops: 1, bytes });
    } catch {
      this.#owner.destroy();
      return;
    }
    if (wait === undefined) return;
    this.#waitsForIo = true;
    this.review();
    wait.then(
      () => {
        this.#waitsForIo = false;
        this.review();
      },
      // The governor is closed, or too many wait.
      () => this.#owner.destroy(),
    );
  }

  /** Pauses or resumes the source. */
  review(): void {
    const overfull = this.#active.some(({ stage }) => stage.held >= stage.limit);
    const blocked = this.sinkFull && !this.#active.some(({ stage }) => stage.waits);
    const reads = !(blocked || overfull || this.#waitsForIo || this.#options.held.full);
    if (reads === this.#reading) return;
    this.#reading = reads;
    if (reads) this.source.resume();
    else this.source.pause();
  }

  // The end of the chain

  push(slice: Buffer): void {
    if (this.#ended || this.sink.destroyed) return;
    this.sent += slice.length;
    if (this.sink.write(slice)) return;
    this.sinkFull = true;
    this.review();
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#disposeStages();
    this.#owner.delivered(this, this.#ending);
  }

  // What stages may do

  now(): number {
    return this.#options.alarms.now();
  }

  hold(bytes: number): void {
    this.#options.held.add(bytes);
    this.review();
  }

  closeAfter(stage: Stage): void {
    const at = this.#active.findIndex((active) => active.stage === stage);
    if (at < 0) return;
    this.#deaf = true;
    this.#ending = 'close';
    this.source.pause();
    const before = this.#active.splice(0, at + 1);
    for (const { stage: earlier } of before) earlier.dispose();
    this.#relink();
    this.#first.end(this.now());
  }

  drop(): void {
    this.#lossy = true;
  }

  reset(): void {
    this.#owner.reset();
  }

  /** The connection is gone: nothing is held any more. */
  dispose(): void {
    this.#deaf = true;
    this.#ended = true;
    this.#disposeStages();
  }

  #disposeStages(): void {
    const active = this.#active;
    this.#active = [];
    this.#first = this;
    for (const { stage } of active) stage.dispose();
  }
}
