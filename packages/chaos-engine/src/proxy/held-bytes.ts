// What the toxics of a proxy hold, all connections together, and its bound.

/** Counts bytes; full from its bound until a quarter of it is free again. */
export class HeldBytes {
  readonly #most: number;
  readonly #whenFree: () => void;
  #bytes = 0;
  #full = false;

  /** @param whenFree called when it is no longer full */
  constructor(most: number, whenFree: () => void) {
    this.#most = most;
    this.#whenFree = whenFree;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Bytes to its bound. */
  get free(): number {
    return this.#most - this.#bytes;
  }

  get full(): boolean {
    return this.#full;
  }

  add(bytes: number): void {
    this.#bytes += bytes;
    if (!this.#full) {
      this.#full = this.#bytes >= this.#most;
    } else if (this.#bytes <= (3 * this.#most) / 4) {
      this.#full = false;
      this.#whenFree();
    }
  }
}
