// SHA-256 digests of lines, 32 bytes each instead of a text of 64 letters, in chunks. A list of them is known by the number
// of its first, and ends where the next begins.

const digestBytes = 32;
const digestWords = 8;
const digestsPerChunk = 2048;

/** Lists of digests, kept as long as the ledger is open. */
export class EvidenceDigests {
  readonly #bytes: Buffer[] = [];
  /** The same bytes, eight words a digest. */
  readonly #words: Int32Array[] = [];
  /** By digest: 1 where a list ends. */
  readonly #last: Uint8Array[] = [];
  #size = 0;

  /** Keeps a list of digests in hex; its number, -1 for an empty one. */
  add(digests: readonly string[]): number {
    const first = this.#size;
    for (const [index, digest] of digests.entries()) {
      const at = this.#size % digestsPerChunk;
      if (at === 0) {
        const memory = new ArrayBuffer(digestsPerChunk * digestBytes);
        this.#bytes.push(Buffer.from(memory));
        this.#words.push(new Int32Array(memory));
        this.#last.push(new Uint8Array(digestsPerChunk));
      }
      this.#bytes.at(-1)!.write(digest, at * digestBytes, digestBytes, 'hex');
      this.#last.at(-1)![at] = index === digests.length - 1 ? 1 : 0;
      this.#size += 1;
    }
    return digests.length === 0 ? -1 : first;
  }

  /** Whether one of some lists has a digest. O(their lengths), one comparison of a word for each. */
  has(numbers: readonly number[], digest: string): boolean {
    askedBytes.write(digest, 0, digestBytes, 'hex');
    for (let at = 0; at < numbers.length; at += 1) if (this.#hasAsked(numbers[at]!)) return true;
    return false;
  }

  #hasAsked(number: number): boolean {
    if (number < 0) return false;
    for (let index = number; ; index += 1) {
      const [chunk, at] = [Math.floor(index / digestsPerChunk), index % digestsPerChunk];
      if (isAsked(this.#words[chunk]!, at * digestWords)) return true;
      if (this.#last[chunk]![at] === 1) return false;
    }
  }

  /** How long the list with a number is. */
  length(number: number): number {
    if (number < 0) return 0;
    let index = number;
    while (this.#last[Math.floor(index / digestsPerChunk)]![index % digestsPerChunk] === 0) index += 1;
    return index - number + 1;
  }

  /** The list with a number. */
  list(number: number): readonly string[] {
    if (number < 0) return none;
    const digests: string[] = [];
    for (let index = number; ; index += 1) {
      const [chunk, at] = [Math.floor(index / digestsPerChunk), index % digestsPerChunk];
      digests.push(this.#bytes[chunk]!.toString('hex', at * digestBytes, (at + 1) * digestBytes));
      if (this.#last[chunk]![at] === 1) return digests;
    }
  }
}

/** The digest that is looked for. */
const asked = new Int32Array(digestWords);
const askedBytes = Buffer.from(asked.buffer);

function isAsked(words: Int32Array, at: number): boolean {
  for (let word = 0; word < digestWords; word += 1) if (words[at + word] !== asked[word]) return false;
  return true;
}

const none: readonly never[] = [];
