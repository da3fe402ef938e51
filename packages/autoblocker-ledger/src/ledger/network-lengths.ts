// Which prefix lengths networks around an address may have, by the address's leading bits: a look-up asks for these only.
// Of a network is noted, under as many of its leading bits as one of a few levels takes, a bit for its length. So a table of
// two bytes for each half a network answers for all lengths of a level at once; two networks that meet in it are asked for
// in vain, and none is ever missed.

import { mixWord } from '../lookup/index.js';

/** Leading bits by which networks are noted, of each family; shorter ones are around so much that they are always asked for. */
const levelsOf = { 4: [16, 24], 6: [16, 32, 48, 64] } as const;
const firstSlots = 64;

/** The lengths of networks of one family, those of single addresses not included. */
export class NetworkLengths {
  readonly #seed: number;
  readonly #levels: readonly number[];
  /** In use, longest first. */
  #inUse: readonly number[] = [];
  /** By length: its bit. Lengths beyond the sixteenth share theirs. */
  readonly #bits = new Uint16Array(129);
  /** The bits of all lengths from a level up to the next, and of those below the first. */
  #bits16 = 0;
  #bits24 = 0;
  #bits32 = 0;
  #bits48 = 0;
  #bits64 = 0;
  #always = 0;
  #slots = new Uint16Array(firstSlots);
  #noted = 0;

  constructor(family: 4 | 6, seed: number) {
    this.#levels = levelsOf[family];
    this.#seed = seed;
  }

  /** Lengths that were ever noted, longest first. */
  get inUse(): readonly number[] {
    return this.#inUse;
  }

  /** Whether it is to be made larger before one more is noted. */
  get isFull(): boolean {
    return this.#noted * 2 >= this.#slots.length;
  }

  /** Makes it twice as large, and empty: all networks are to be noted again. */
  grow(): void {
    this.#slots = new Uint16Array(this.#slots.length * 2);
    this.#noted = 0;
  }

  /** Notes a network by the first two words of its address. */
  note(high: number, low: number, length: number): void {
    if (this.#bits[length] === 0) this.#use(length);
    const level = this.#levelOf(length);
    if (level === 0) return;
    this.#slots[this.#slotOf(high, low, level)]! |= this.#bits[length]!;
    this.#noted += 1;
  }

  /** The bits of lengths that there may be around an address of IPv4. */
  around4(address: number): number {
    let found = this.#always;
    if (this.#bits24 !== 0) found |= this.#slots[this.#slotOf(address, 0, 24)]! & this.#bits24;
    if (this.#bits16 !== 0) found |= this.#slots[this.#slotOf(address, 0, 16)]! & this.#bits16;
    return found;
  }

  /** The same of IPv6, by the first two words. */
  around6(high: number, low: number): number {
    let found = this.#always;
    if (this.#bits64 !== 0) found |= this.#slots[this.#slotOf(high, low, 64)]! & this.#bits64;
    if (this.#bits48 !== 0) found |= this.#slots[this.#slotOf(high, low, 48)]! & this.#bits48;
    if (this.#bits32 !== 0) found |= this.#slots[this.#slotOf(high, low, 32)]! & this.#bits32;
    if (this.#bits16 !== 0) found |= this.#slots[this.#slotOf(high, low, 16)]! & this.#bits16;
    return found;
  }

  /** Whether a length is among the bits of {@link NetworkLengths.around4}. */
  has(around: number, length: number): boolean {
    return (around & this.#bits[length]!) !== 0;
  }

  #levelOf(length: number): number {
    return this.#levels.findLast((level) => level <= length) ?? 0;
  }

  #use(length: number): void {
    this.#bits[length] = 1 << (this.#inUse.length % 16);
    this.#inUse = [...this.#inUse, length].sort((one, other) => other - one);
    const bitsAt = (level: number) =>
      this.#inUse.reduce((bits, one) => (this.#levelOf(one) === level ? bits | this.#bits[one]! : bits), 0);
    [this.#always, this.#bits16, this.#bits24] = [bitsAt(0), bitsAt(16), bitsAt(24)];
    [this.#bits32, this.#bits48, this.#bits64] = [bitsAt(32), bitsAt(48), bitsAt(64)];
  }

  #slotOf(high: number, low: number, level: number): number {
    const first = level < 32 ? high & (-1 << (32 - level)) : high;
    const hash = mixWord(first, this.#seed ^ level);
    const last = this.#slots.length - 1;
    if (level <= 32) return hash & last;
    return mixWord(level === 48 ? low & -65_536 : low, hash) & last;
  }
}
