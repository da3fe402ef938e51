// Which status numbers are given away, and which are revoked. All of it is in the log's entries, and is read back from there.
import { clearStatusBit, setStatusBit, statusBit, statusListBits } from '../status/index.js';

/** A list is left for the next one when so many of its places are taken: a random free place is then found in four draws. */
const takenAtMost = statusListBits * 0.75;
const entropyBytes = 4096;

interface List {
  readonly taken: Uint8Array;
  readonly revoked: Uint8Array;
  takenCount: number;
}

/** The status numbers of one authority: list * 131,072 + index. 32 KiB a list. */
export class StatusLedger {
  readonly #entropy: (length: number) => Uint8Array;
  readonly #lists: List[] = [];
  #words = new Uint32Array(0);
  #nextWord = 0;

  constructor(entropy: (length: number) => Uint8Array) {
    this.#entropy = entropy;
    this.#list(0);
  }

  /** How many lists there are. */
  get lists(): number {
    return this.#lists.length;
  }

  /** The bits of a list, now. Changing them is changing it. */
  bits(list: number): Uint8Array {
    return this.#list(list).revoked;
  }

  /** A number that was never given away, at a random place, so that neighbours in a list tell nothing of each other. */
  allocate(): number {
    let number = this.#lists.length - 1;
    if (this.#list(number).takenCount >= takenAtMost) number++;
    const list = this.#list(number);
    for (;;) {
      const index = this.#nextRandomWord() >>> 15; // 17 bits: statusListBits is 2^17
      if (statusBit(list.taken, index) === false) {
        setStatusBit(list.taken, index);
        list.takenCount++;
        return number * statusListBits + index;
      }
    }
  }

  /** A number that {@link StatusLedger.allocate} gave for what was refused then: nobody has seen it. */
  giveBack(status: number): void {
    const [list, index] = this.#placeOf(status);
    clearStatusBit(list.taken, index);
    list.takenCount--;
  }

  /** A number that stands in the log. */
  recordTaken(status: number): void {
    const [list, index] = this.#placeOf(status);
    if (statusBit(list.taken, index)) return;
    setStatusBit(list.taken, index);
    list.takenCount++;
  }

  /** A revocation that stands in the log. There is no way back. */
  recordRevoked(status: number): void {
    const [list, index] = this.#placeOf(status);
    setStatusBit(list.revoked, index);
  }

  isRevoked(status: number): boolean {
    const [list, index] = this.#placeOf(status);
    return statusBit(list.revoked, index) === true;
  }

  #placeOf(status: number): readonly [List, number] {
    return [this.#list(Math.floor(status / statusListBits)), status % statusListBits];
  }

  #list(number: number): List {
    while (this.#lists.length <= number) {
      const bytes = statusListBits / 8;
      this.#lists.push({ taken: new Uint8Array(bytes), revoked: new Uint8Array(bytes), takenCount: 0 });
    }
    return this.#lists[number]!;
  }

  #nextRandomWord(): number {
    if (this.#nextWord === this.#words.length) {
      const bytes = Uint8Array.from(this.#entropy(entropyBytes));
      this.#words = new Uint32Array(bytes.buffer);
      this.#nextWord = 0;
    }
    return this.#words[this.#nextWord++]!;
  }
}
