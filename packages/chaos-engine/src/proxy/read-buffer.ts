// The memory that a socket reads into: a slab, filled read after read while its bytes are under way, and from its start again when
// none is. Bytes leave a link in the order in which they came, so that one count says which slabs are free. That spares an
// allocation a read, and the garbage collector's share with it. Slabs grow with what reads fill: most connections never need more
// than the first, and a download is as fast as its reads are long.

const firstBytes = 4096;
const middleBytes = 65_536;
/** Reads of 64 KiB cost a download half as much time again. */
export const largeBytes = 1_048_576;
/** Large slabs that a proxy keeps for reads to come: 32 MiB. */
const mostSpare = 32;

/** The large slabs of a proxy, shared by its connections. */
export class SlabPool {
  readonly #most: number;
  readonly #spare: Buffer[] = [];
  #lent = 0;

  /** @param mostBytes that are lent at once; connections that get none read into smaller ones */
  constructor(mostBytes: number) {
    this.#most = Math.floor(mostBytes / largeBytes);
  }

  /** Large slabs that are lent. */
  get lent(): number {
    return this.#lent;
  }

  /** Large slabs that are kept for later. */
  get spare(): number {
    return this.#spare.length;
  }

  /** A slab with anything in it; `undefined` when too many are lent. */
  borrow(): Buffer | undefined {
    if (this.#lent >= this.#most) return undefined;
    this.#lent++;
    return this.#spare.pop() ?? Buffer.allocUnsafeSlow(largeBytes);
  }

  /** Nobody reads or writes it any more. */
  giveBack(slab: Buffer): void {
    this.#lent--;
    if (this.#spare.length < mostSpare) this.#spare.push(slab);
  }

  /** Somebody may read it still: it is left to the garbage collector. */
  forget(): void {
    this.#lent--;
  }

  /** Keeps nothing for later. */
  clear(): void {
    this.#spare.length = 0;
  }
}

/** What one direction of a connection reads into. */
export class ReadBuffer {
  readonly #pool: SlabPool;
  #slab: Buffer = Buffer.allocUnsafeSlow(firstBytes);
  #offset = 0;
  #room = this.#slab;
  /** Slabs before it of which bytes are under way, in their order, with the place in the stream at which each ends. */
  #before: { readonly slab: Buffer; readonly end: number }[] = [];
  #recycles = true;

  constructor(pool: SlabPool) {
    this.#pool = pool;
  }

  /** Where the next read goes. */
  get room(): Buffer {
    return this.#room;
  }

  /**
   * A read was handed on.
   *
   * @param length its bytes
   * @param end the place in the stream at which they end
   * @param left what came before this place in the stream has left
   * @param most bytes that the next read may bring; 64 KiB it always may
   */
  advance(length: number, end: number, left: number, most: number): void {
    const filled = length === this.#room.length;
    while (this.#recycles && this.#before.length > 0 && this.#before[0]!.end <= left) {
      this.#release(this.#before.shift()!.slab);
    }
    const size = this.#slab.length;
    const next = filled && most >= larger(size) ? larger(size) : size;
    if (this.#recycles && left >= end) {
      this.#offset = 0;
      this.#exchange(size === largeBytes && length <= middleBytes ? middleBytes : next);
    } else {
      this.#offset += length;
      // A quarter that is never filled is the price of reads that are not cut short.
      if (next > size || size - this.#offset < size / 4) this.#putBehind(end, next);
    }
    const stop = Math.min(this.#slab.length, this.#offset + Math.max(middleBytes, most));
    const whole = this.#offset === 0 && stop === this.#slab.length;
    this.#room = whole ? this.#slab : this.#slab.subarray(this.#offset, stop);
  }

  /** Bytes were dropped on their way: it is not known any more what has left, and no memory is used again. */
  lose(): void {
    if (!this.#recycles) return;
    this.#recycles = false;
    for (const { slab } of this.#before) if (slab.length === largeBytes) this.#pool.forget();
    if (this.#slab.length === largeBytes) this.#pool.forget();
    this.#before = [];
  }

  /** Both sockets are closed. */
  close(): void {
    if (!this.#recycles) return;
    this.#recycles = false;
    for (const { slab } of this.#before) this.#release(slab);
    this.#release(this.#slab);
    this.#before = [];
  }

  #putBehind(end: number, size: number): void {
    if (this.#recycles) this.#before.push({ slab: this.#slab, end });
    this.#slab = this.#fresh(size) ?? Buffer.allocUnsafeSlow(middleBytes);
    this.#offset = 0;
  }

  /** Nothing of the slab is under way. */
  #exchange(size: number): void {
    if (size === this.#slab.length) return;
    const slab = this.#fresh(size);
    if (slab === undefined) return;
    this.#release(this.#slab);
    this.#slab = slab;
  }

  /** None when it would be large, and there is none. */
  #fresh(size: number): Buffer | undefined {
    if (size < largeBytes) return Buffer.allocUnsafeSlow(size);
    return this.#recycles ? this.#pool.borrow() : undefined;
  }

  #release(slab: Buffer): void {
    if (slab.length === largeBytes) this.#pool.giveBack(slab);
  }
}

function larger(size: number): number {
  return size === firstBytes ? middleBytes : largeBytes;
}
