// From an address to the networks that hold it: one open-addressing table for each prefix length in use, probed longest
// first. O(lengths in use) for a look-up, O(1) for a change; 8 bytes a slot for IPv4, 20 for IPv6, filled to 60 % at most.
// The bits of an address choose the slot by a multiplicative hash with a seed, so that nobody can aim at one chain.

import { type IpAddress, type IpPrefix, parseIpAddress, parseIpv4, wordMask } from './ip-address.js';
import { mixWord } from './mix-word.js';

/** Networks with a non-negative integer each, and the networks that cover an address. */
export class IpPrefixIndex {
  readonly #families: { readonly 4: FamilyIndex; readonly 6: FamilyIndex };

  /** `seed` varies the hash; any 32-bit integer. */
  constructor(seed = 0x9e3779b9) {
    this.#families = { 4: new FamilyIndex(1, 32, seed), 6: new FamilyIndex(4, 128, seed) };
  }

  /** Networks held. */
  get size(): number {
    return this.#families[4].size + this.#families[6].size;
  }

  /** Sets the value of exactly this network: an integer from 0 to 2^31 - 2. */
  set(prefix: IpPrefix, value: number): void {
    this.#families[prefix.address.family].set(prefix, value);
  }

  /** The value of exactly this network. */
  get(prefix: IpPrefix): number | undefined {
    const value = this.#families[prefix.address.family].existing(prefix.length)?.get(prefix.address.words) ?? -1;
    return value < 0 ? undefined : value;
  }

  /** Forgets exactly this network; whether it was there. */
  delete(prefix: IpPrefix): boolean {
    return this.#families[prefix.address.family].delete(prefix);
  }

  /** The value of the longest network that holds the address, or -1. Allocates nothing for IPv4. */
  lookup(address: string): number {
    const ipv4 = parseIpv4(address);
    if (ipv4 >= 0) return this.#families[4].lookupWord(ipv4);
    const parsed = parseIpAddress(address);
    return parsed === undefined ? -1 : this.lookupAddress(parsed);
  }

  /** The value of the longest network that holds the address, or -1. */
  lookupAddress(address: IpAddress): number {
    return this.#families[address.family].lookup(address.words);
  }
}

/** The tables of one address family. */
class FamilyIndex {
  /** By prefix length; only lengths in use have one. */
  readonly #tables: (PrefixTable | undefined)[];
  /** Lengths in use, longest first, and their tables. */
  #probed: PrefixTable[] = [];

  readonly #words: 1 | 4;
  readonly #seed: number;

  constructor(words: 1 | 4, bits: 32 | 128, seed: number) {
    this.#words = words;
    this.#seed = seed;
    this.#tables = new Array(bits + 1).fill(undefined);
  }

  get size(): number {
    return this.#probed.reduce((sum, table) => sum + table.size, 0);
  }

  existing(length: number): PrefixTable | undefined {
    return this.#tables[length];
  }

  table(length: number): PrefixTable {
    const existing = this.#tables[length];
    if (existing !== undefined) return existing;
    const table = new PrefixTable(this.#words, length, this.#seed);
    this.#tables[length] = table;
    this.#probe();
    return table;
  }

  set({ address: { words }, length }: IpPrefix, value: number): void {
    this.table(length).set(words, value);
  }

  delete(prefix: IpPrefix): boolean {
    const table = this.#tables[prefix.length];
    if (table?.delete(prefix.address.words) !== true) return false;
    if (table.size === 0) {
      this.#tables[prefix.length] = undefined;
      this.#probe();
    }
    return true;
  }

  lookupWord(word: number): number {
    for (const table of this.#probed) {
      const value = table.getWord(word);
      if (value >= 0) return value;
    }
    return -1;
  }

  lookup(words: readonly number[]): number {
    for (const table of this.#probed) {
      const value = table.get(words);
      if (value >= 0) return value;
    }
    return -1;
  }

  #probe(): void {
    this.#probed = this.#tables.filter((table) => table !== undefined).reverse();
  }
}

const empty = -1;
const tombstone = -2;

/** Prefixes of one length: linear probing over keys of one or four words, deletion by tombstone, rebuilt when a quarter is dead. */
class PrefixTable {
  size = 0;
  /** Bits of the prefixes. */
  readonly length: number;
  readonly #words: 1 | 4;
  readonly #seed: number;
  readonly #masks: readonly number[];
  readonly #firstMask: number;
  #dead = 0;
  #capacity = 0;
  /** Each slot its key's words and its value, {@link empty} or {@link tombstone}: side by side, for one line of the cache. */
  #slots = new Int32Array(0);

  constructor(words: 1 | 4, length: number, seed: number) {
    this.length = length;
    this.#words = words;
    this.#seed = seed;
    this.#masks = [0, 32, 64, 96].slice(0, words).map((start) => wordMask(length, start));
    this.#firstMask = wordMask(length, 0);
    this.#rebuild(8);
  }

  getWord(word: number): number {
    const key = word & this.#firstMask;
    const [slots, last] = [this.#slots, this.#capacity - 1];
    for (let slot = mixWord(key, this.#seed) & last; ; slot = (slot + 1) & last) {
      const value = slots[slot * 2 + 1]!;
      if (value === empty) return -1;
      if (value >= 0 && slots[slot * 2] === key) return value;
    }
  }

  get(words: readonly number[]): number {
    if (this.#words === 1) return this.getWord(words[0]!);
    const slot = this.#find(words);
    return slot < 0 ? -1 : this.#slots[this.#valueAt(slot)]!;
  }

  set(words: readonly number[], value: number): void {
    const found = this.#find(words);
    if (found >= 0) {
      this.#slots[this.#valueAt(found)] = value;
      return;
    }
    if ((this.size + this.#dead + 1) * 5 > this.#capacity * 3) this.#rebuild(Math.max(8, (this.size + 1) * 4));
    this.#place(words, value);
    this.size += 1;
  }

  delete(words: readonly number[]): boolean {
    const slot = this.#find(words);
    if (slot < 0) return false;
    this.#slots[this.#valueAt(slot)] = tombstone;
    this.size -= 1;
    this.#dead += 1;
    if (this.#dead * 4 > this.#capacity) this.#rebuild(Math.max(8, this.size * 4));
    return true;
  }

  #find(words: readonly number[]): number {
    const last = this.#capacity - 1;
    for (let slot = this.#hash(words) & last; ; slot = (slot + 1) & last) {
      const value = this.#slots[this.#valueAt(slot)]!;
      if (value === empty) return -1;
      if (value >= 0 && this.#equal(slot, words)) return slot;
    }
  }

  #place(words: readonly number[], value: number): void {
    const last = this.#capacity - 1;
    let slot = this.#hash(words) & last;
    while (this.#slots[this.#valueAt(slot)]! >= 0) slot = (slot + 1) & last;
    const at = this.#valueAt(slot);
    if (this.#slots[at] === tombstone) this.#dead -= 1;
    for (let word = 0; word < this.#words; word += 1) {
      this.#slots[at - this.#words + word] = words[word]! & this.#masks[word]!;
    }
    this.#slots[at] = value;
  }

  #valueAt(slot: number): number {
    return slot * (this.#words + 1) + this.#words;
  }

  #hash(words: readonly number[]): number {
    let hash = this.#seed;
    for (let word = 0; word < this.#words; word += 1) hash = mixWord(words[word]! & this.#masks[word]!, hash);
    return hash;
  }

  #equal(slot: number, words: readonly number[]): boolean {
    const first = slot * (this.#words + 1);
    for (let word = 0; word < this.#words; word += 1) {
      if (this.#slots[first + word] !== (words[word]! & this.#masks[word]!)) return false;
    }
    return true;
  }

  #rebuild(atLeast: number): void {
    const [slots, capacity, stride] = [this.#slots, this.#capacity, this.#words + 1];
    this.#capacity = 2 ** Math.ceil(Math.log2(atLeast));
    this.#slots = new Int32Array(this.#capacity * stride).fill(empty);
    this.#dead = 0;
    for (let slot = 0; slot < capacity; slot += 1) {
      const value = slots[slot * stride + this.#words]!;
      if (value < 0) continue;
      this.#place(Array.from(slots.subarray(slot * stride, slot * stride + this.#words)), value);
    }
  }
}
