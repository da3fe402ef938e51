// What a connection reads into, without sockets: reads of any length, of which more and more leave, in their order.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { largeBytes, ReadBuffer, SlabPool } from '../../../src/proxy/read-buffer.js';

/** How many bytes leave, of those under way, the last read among them. */
type Leaves = (underWay: number, lastRead: number) => number;

/** A stream that is read, and leaves. What is under way is kept beside copies of what was read. */
class Stream {
  readonly buffer: ReadBuffer;
  readonly underWay: { readonly slice: Buffer; readonly copy: Buffer; readonly end: number }[] = [];
  #end = 0;
  #left = 0;

  constructor(pool: SlabPool) {
    this.buffer = new ReadBuffer(pool);
  }

  /** Reads a share of what there is room for; then some of what is under way leaves. */
  read(share: number, leaves: Leaves, most = Number.POSITIVE_INFINITY): number {
    const { room } = this.buffer;
    const length = Math.max(1, Math.floor(share * room.length));
    // Other numbers than those of other reads.
    for (let at = 0; at < length; at += 997) room[at] = this.#end + at;
    const slice = room.subarray(0, length);
    this.#end += length;
    this.underWay.push({ slice, copy: Buffer.from(slice), end: this.#end });
    this.#left += Math.max(0, Math.min(this.#end - this.#left, leaves(this.#end - this.#left, length)));
    while (this.underWay.length > 0 && this.underWay[0]!.end <= this.#left) this.underWay.shift();
    this.buffer.advance(length, this.#end, this.#left, most);
    return length;
  }

  /** Whether everything that is under way is as it was read. */
  get intact(): boolean {
    return this.underWay.every(({ slice, copy }) => slice.equals(copy));
  }
}

const all: Leaves = (underWay) => underWay;
const nothing: Leaves = () => 0;

describe('a buffer that is read into', () => {
  it('never reads over what is under way, and has given every large slab back in the end', () => {
    const step = fc.record({
      which: fc.nat(1),
      share: fc.oneof(fc.constant(1), fc.double({ min: 0, max: 1, noNaN: true }), fc.constant(0)),
      leaves: fc.oneof(
        fc.constantFrom(all, nothing),
        fc.nat(3_000_000).map((bytes) => () => bytes),
        fc.integer({ min: 1, max: 9 }).map(
          (bytes): Leaves =>
            (underWay) =>
              underWay - bytes,
        ),
        fc.nat(9).map(
          (bytes): Leaves =>
            (underWay, lastRead) =>
              underWay - lastRead - bytes,
        ),
      ),
      most: fc.oneof(fc.constant(Number.POSITIVE_INFINITY), fc.nat(2_000_000)),
    });
    fc.assert(
      fc.property(fc.nat(6), fc.array(step, { maxLength: 60 }), (slabs, steps) => {
        const pool = new SlabPool(slabs * largeBytes);
        const streams = [new Stream(pool), new Stream(pool)];
        for (const stream of streams) for (let read = 0; read < 2; read++) stream.read(1, all);
        for (const { which, share, leaves, most } of steps) {
          const stream = streams[which]!;
          stream.read(share, leaves, most);
          expect(stream.buffer.room.length).toBeGreaterThanOrEqual(1024);
          expect(stream.buffer.room.length).toBeLessThanOrEqual(Math.max(65_536, most));
          expect(pool.lent).toBeLessThanOrEqual(slabs);
          expect(streams.every(({ intact }) => intact)).toBe(true);
        }
        for (const { buffer } of streams) buffer.close();
        expect(pool.lent).toBe(0);
      }),
      { numRuns: 100 },
    );
  });

  it('keeps a slab until its last byte has left', () => {
    const pool = new SlabPool(4 * largeBytes);
    const stream = new Stream(pool);
    for (let read = 0; read < 2; read++) stream.read(1, all);
    stream.read(1, nothing);
    stream.read(0.1, (underWay, lastRead) => underWay - lastRead - 1);
    expect(pool.lent).toBe(2);
    stream.read(0.1, () => 1);
    expect(pool.lent).toBe(1);
  });

  it('grows while reads fill it, and shrinks when they do not', () => {
    const pool = new SlabPool(4 * largeBytes);
    const stream = new Stream(pool);
    expect([1, 1, 1, 1].map((share) => stream.read(share, all))).toEqual([4096, 65_536, largeBytes, largeBytes]);
    stream.read(0.01, all);
    expect(stream.buffer.room.length).toBe(65_536);
    expect(pool.lent).toBe(0);
  });

  it('uses no memory again once bytes were dropped, and counts none of it', () => {
    const pool = new SlabPool(4 * largeBytes);
    const stream = new Stream(pool);
    for (let read = 0; read < 6; read++) stream.read(1, nothing);
    expect(pool.lent).toBe(4);
    stream.buffer.lose();
    expect(pool.lent).toBe(0);
    const dropped = [...stream.underWay];
    for (let read = 0; read < 40; read++) stream.read(0.3, all);
    expect(dropped.every(({ slice, copy }) => slice.equals(copy))).toBe(true);
    stream.buffer.close();
    expect(pool.lent).toBe(0);
  });
});
