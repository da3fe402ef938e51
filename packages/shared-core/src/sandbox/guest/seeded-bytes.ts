// Repeatable randomness for a deterministic guest: the key stream of AES-256 in counter mode under the call's seed.
// Uniform, and the same on every machine; about 1 ns a byte.
import { createCipheriv } from 'node:crypto';

const blockBytes = 4096;
const zeros = new Uint8Array(blockBytes);

/** A stream of bytes from a 32-byte seed. */
export class SeededBytes {
  readonly #cipher: ReturnType<typeof createCipheriv>;
  #block: Uint8Array = new Uint8Array(0);
  #used = 0;

  constructor(seed: Uint8Array) {
    this.#cipher = createCipheriv('aes-256-ctr', seed, new Uint8Array(16));
  }

  fill(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length; ) {
      if (this.#used === this.#block.length) this.#refill();
      const part = this.#block.subarray(this.#used, this.#used + bytes.length - done);
      bytes.set(part, done);
      this.#used += part.length;
      done += part.length;
    }
  }

  /** A number in [0, 1) with 53 random bits. */
  float(): number {
    const bits = new Uint8Array(8);
    this.fill(bits);
    return Number(new DataView(bits.buffer).getBigUint64(0) >> 11n) / 2 ** 53;
  }

  /** An integer in [minimum, maximum), unbiased; the range is below 2^48. */
  integer(minimum: number, maximum: number): number {
    const range = maximum - minimum;
    const limit = 2 ** 48 - (2 ** 48 % range);
    for (;;) {
      const bits = new Uint8Array(6);
      this.fill(bits);
      const drawn = bits.reduce((sum, byte) => sum * 256 + byte, 0);
      if (drawn < limit) return minimum + (drawn % range);
    }
  }

  #refill(): void {
    this.#block = this.#cipher.update(zeros);
    this.#used = 0;
  }
}
