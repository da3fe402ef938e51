// A running hash of what a world does: two lanes of 32 bits (the mixing steps of MurmurHash3's finalizer), some nanoseconds a
// word. It tells runs apart by accident, never against an attacker.

const word = new Float64Array(1);
const halves = new Uint32Array(word.buffer);

/** Words, numbers, texts and bytes in order, to 16 hexadecimal digits. */
export class TraceHash {
  #a = 0x9e3779b9 | 0;
  #b = 0x85ebca6b | 0;

  /** An integer, modulo 2^32. */
  integer(value: number): void {
    const a = Math.imul(this.#a ^ value, 0x85ebca6b);
    this.#a = a ^ (a >>> 13);
    const b = Math.imul(this.#b + value, 0xc2b2ae35);
    this.#b = b ^ (b >>> 16) ^ a;
  }

  /** Any number, by its 64 bits. */
  number(value: number): void {
    word[0] = value;
    this.integer(halves[0]!);
    this.integer(halves[1]!);
  }

  text(text: string): void {
    this.integer(text.length);
    for (let place = 0; place < text.length; place++) this.integer(text.charCodeAt(place));
  }

  bytes(bytes: Uint8Array): void {
    this.integer(bytes.length);
    for (let place = 0; place < bytes.length; place++) this.integer(bytes[place]!);
  }

  digest(): string {
    return [this.#a, this.#b].map((lane) => (lane >>> 0).toString(16).padStart(8, '0')).join('');
  }
}
