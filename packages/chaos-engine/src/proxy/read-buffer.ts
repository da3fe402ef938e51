// The memory that a socket reads into, used again read after read: a buffer that was written on at once is free again, and one that
// toxics kept is when all of it was written. That spares an allocation a read, and a third of the CPU time of a download with the
// garbage collector's (half of it under a delay). It begins small, since most connections never need more.

const firstBytes = 4096;
const readBytes = 65_536;
/** What is kept of a read of at most so many bytes is copied, so that few bytes never hold a whole buffer. */
export const copiedBytes = 16_384;
/** Buffers that a proxy keeps for reads to come: 8 MiB. */
const mostSpare = 128;

/** Buffers whose bytes are under way, and those that all of them have left. Shared by the connections of a proxy. */
export class BufferPool {
  readonly #spare: Buffer[] = [];
  /** By their memory, with the bytes that were not written yet. What a toxic drops is never written: then the buffer is garbage. */
  readonly #kept = new WeakMap<ArrayBufferLike, { readonly buffer: Buffer; left: number }>();

  /** A buffer of the full size, with anything in it. */
  take(): Buffer {
    return this.#spare.pop() ?? Buffer.allocUnsafeSlow(readBytes);
  }

  /** The first `length` bytes of a buffer are under way, each at most once. */
  keep(buffer: Buffer, length: number): void {
    if (buffer.length === readBytes) this.#kept.set(buffer.buffer, { buffer, left: length });
  }

  /** Whether it wants to know when a slice was written. */
  awaits(slice: Buffer): boolean {
    return this.#kept.has(slice.buffer);
  }

  /** The kernel has a slice. */
  written(slice: Buffer): void {
    const kept = this.#kept.get(slice.buffer);
    if (kept === undefined) return;
    kept.left -= slice.length;
    if (kept.left > 0) return;
    this.#kept.delete(slice.buffer);
    if (this.#spare.length < mostSpare) this.#spare.push(kept.buffer);
  }
}

/** A buffer that is lent to one read at a time. */
export class ReadBuffer {
  readonly #pool: BufferPool;
  #buffer: Buffer = Buffer.allocUnsafeSlow(firstBytes);

  constructor(pool: BufferPool) {
    this.#pool = pool;
  }

  get buffer(): Buffer {
    return this.#buffer;
  }

  /** So many bytes were read. @param kept somebody keeps them: the next read gets other memory */
  free(length: number, kept: boolean): void {
    const full = length === this.#buffer.length && length < readBytes;
    if (!kept && !full) return;
    const whole = full || this.#buffer.length === readBytes;
    this.#buffer = whole ? this.#pool.take() : Buffer.allocUnsafeSlow(this.#buffer.length);
  }
}
