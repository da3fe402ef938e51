// The memory that a socket reads into, used again read after read: a buffer that was written on at once is free again. That
// spares an allocation a read, and a third of the CPU time of a download with the garbage collector's. It begins small, since
// most connections never need more.

const firstBytes = 4096;
const readBytes = 65_536;
/** What is kept of a read of at most so many bytes is copied, so that few bytes never hold a whole buffer. */
export const copiedBytes = 16_384;

/** A buffer that is lent to one read at a time. */
export class ReadBuffer {
  #buffer = Buffer.allocUnsafeSlow(firstBytes);

  get buffer(): Buffer {
    return this.#buffer;
  }

  /** So many bytes were read. @param kept somebody keeps them: the next read gets other memory */
  free(length: number, kept: boolean): void {
    const full = length === this.#buffer.length && length < readBytes;
    if (kept || full) this.#buffer = Buffer.allocUnsafeSlow(full ? readBytes : this.#buffer.length);
  }
}
