// Messages on a byte stream: four bytes of length (little endian), then the payload. What is buffered is bounded by the
// largest message allowed; every byte is copied about twice, however small the pieces in which it comes.

const headerBytes = 4;

/** `payload` with its length in front. */
export function frame(payload: Uint8Array): Uint8Array {
  const framed = new Uint8Array(headerBytes + payload.length);
  new DataView(framed.buffer).setUint32(0, payload.length, true);
  framed.set(payload, headerBytes);
  return framed;
}

/** A frame that says it is empty or longer than allowed. The stream cannot be read on. */
export class FrameRefused extends Error {
  readonly declaredBytes: number;

  constructor(declaredBytes: number, maxBytes: number) {
    super(`a message of ${declaredBytes} bytes; it must have 1 to ${maxBytes}`);
    this.declaredBytes = declaredBytes;
  }
}

/** Cuts a byte stream into payloads. */
export class FrameReader {
  readonly #maxBytes: number;
  #buffer = new Uint8Array(4096);
  #filled = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The payloads that `chunk` completes, as copies. @throws FrameRefused */
  *push(chunk: Uint8Array): Iterable<Uint8Array> {
    let rest = chunk;
    while (rest.length > 0) {
      const missing = this.#frameBytes() - this.#filled;
      const part = rest.subarray(0, missing);
      this.#append(part);
      rest = rest.subarray(part.length);
      // Only once the header is whole does the frame's length cover its payload.
      if (this.#filled < headerBytes || this.#filled < this.#frameBytes()) continue;
      const payload = this.#buffer.slice(headerBytes, this.#filled);
      this.#filled = 0;
      yield payload;
    }
  }

  /** Length of the frame in the buffer, as far as it is known. */
  #frameBytes(): number {
    if (this.#filled < headerBytes) return headerBytes;
    const declared = new DataView(this.#buffer.buffer).getUint32(0, true);
    if (declared === 0 || declared > this.#maxBytes) throw new FrameRefused(declared, this.#maxBytes);
    return headerBytes + declared;
  }

  #append(part: Uint8Array): void {
    const needed = this.#filled + part.length;
    if (needed > this.#buffer.length) {
      const grown = new Uint8Array(Math.max(needed, Math.min(this.#buffer.length * 2, this.#maxBytes + headerBytes)));
      grown.set(this.#buffer.subarray(0, this.#filled));
      this.#buffer = grown;
    }
    this.#buffer.set(part, this.#filled);
    this.#filled = needed;
  }
}
