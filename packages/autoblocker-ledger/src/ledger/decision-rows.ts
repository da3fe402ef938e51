// Decisions as rows of numbers, and the index from a target to its rows. A row is 24 bytes side by side, in one line of the
// cache or two; what few rows have stands beside them. Times are milliseconds from one of the chunk's own; in a chunk whose
// decisions are more than 24 days apart they are floats beside the rows. The index is one open-addressing table of row numbers
// for all networks of both families, at most three quarters full, whose keys stand in the rows. The bits of a slot that no row number needs are a part of the key's hash, so that few rows
// are looked at in vain. Rows are in the order of their ids and are never taken out: expired decisions count in
// escalations and are asked for. They grow by chunks, so that no large array is ever copied.
//
// Ends are found by the earliest of each chunk of 4,096 rows: O(rows / 4096), and O(4096) for a chunk where something ended.
//
// Look-ups are O(prefix lengths in use). What costs is memory out of the cache's reach, so most is answered before: a small
// table says which lengths there may be around an address at all (network-lengths.ts), and four to eight bits for a slot of
// the index whether a network may be in it (a Bloom filter of one hash, which is the index's own). The hash has a seed of the
// ledger's own, so that nobody can aim at one chain.

import type { EarlierDecision } from '../decisions/index.js';
import { type BlockTarget, targetKey } from '../events/index.js';
import {
  formatIpPrefix,
  formatIpv4,
  formatIpv6,
  type IpAddress,
  type IpPrefix,
  isHost,
  mixWord,
  parseIpv4,
  requireIpPrefix,
  wordMask,
} from '../lookup/index.js';
import { NetworkLengths } from './network-lengths.js';

/** What a decision begins with. */
export interface NewRow {
  readonly id: bigint;
  readonly target: BlockTarget;
  /** In milliseconds since 1970. */
  readonly from: number;
  /** `Infinity`: without end. */
  readonly until: number;
  /** What it shares with others: a number of the caller's. */
  readonly form: number;
  /** Its evidence: a number of the caller's; -1 for none. */
  readonly evidence: number;
  readonly held: EarlierDecision['held'];
}

/** What is true or false of a row. */
export const rowFlag = {
  /** Look-ups of addresses find it. */
  placed: 1 << 2,
  /** There is a younger row of its target. */
  followed: 1 << 3,
  /** The first of its target. */
  first: 1 << 4,
  /** What its target's score was then is void. */
  scoreVoid: 1 << 5,
  /** There is more about it than a row holds. */
  extra: 1 << 6,
  /** Lines of evidence are known of it. */
  evidence: 1 << 7,
  /** The target is no network. */
  named: 1 << 8,
} as const;

const heldNames: readonly EarlierDecision['held'][] = ['active', 'pending-review', 'revoked'];
const heldMask = 3;
const heldActive = heldNames.indexOf('active');
const isFamily6 = 1 << 9;
const lengthShift = 10;
const lengthMask = 255;
/** Bits of the state word that are part of a network's key. */
const keyMask = rowFlag.named | isFamily6 | (lengthMask << lengthShift);
const idHighShift = 18;

const rowsShift = 12;
const rowsPerChunk = 1 << rowsShift;
const rowMask = rowsPerChunk - 1;
/** Places in a row, in 32-bit words. */
const stride = 6;
const place = { from: 0, until: 1, idLow: 2, state: 3, address: 4, form: 5 };
/** How far from the first decision of a chunk its times may be, and what stands for no end. */
const halfRange = 2 ** 31;
const never = 0xffffffff;

const wideShift = 12;
const wideMask = 2 ** wideShift - 1;
/** Takes every row to an address that there is not. */
const noLag = -(2 ** 30);
const firstSlots = 64;
/** A table that doubled would be half empty. */
const indexGrowth = 1.5;

/** Decisions, and which of them are on a target or around an address. */
export class DecisionRows {
  readonly #seed: number;
  #size = 0;
  /** By chunk: what its times are counted from; and its times, where they are too far apart for that. */
  readonly #epochs: number[] = [];
  readonly #exactTimes: (Float64Array | undefined)[] = [];
  readonly #words: Int32Array[] = [];
  /** By chunk: no row in it that is placed ends before. */
  readonly #earliest: number[] = [];
  /** By chunk, where a row has evidence: its number. */
  readonly #evidence: (Int32Array | undefined)[] = [];
  /** Of rows that are followed. */
  readonly #next = new Map<number, number>();
  /** Addresses of IPv6, four words each. */
  readonly #wide: Int32Array[] = [];
  #wideSize = 0;
  /** By chunk of rows: how far behind its row the first address of IPv6 in it is; {@link noLag}. */
  readonly #wideLags: number[] = [];
  /** Targets that are no networks, and the first row of each. */
  readonly #named: BlockTarget[] = [];
  readonly #firstOfName = new Map<string, number>();
  /** Row numbers plus one, and above them bits of the hash. */
  #slots = new Int32Array(firstSlots);
  #rowBits = 8;
  #networks = 0;
  /** A bit for the hash of each network in the index, one word for four to eight slots: a power of two. */
  #present = new Int32Array(firstSlots / 8);
  readonly #lengths4: NetworkLengths;
  readonly #lengths6: NetworkLengths;

  /** `seed` varies the hash; any 32-bit integer. */
  constructor(seed: number) {
    this.#seed = seed;
    this.#lengths4 = new NetworkLengths(4, seed);
    this.#lengths6 = new NetworkLengths(6, seed);
  }

  /** Rows so far. */
  get size(): number {
    return this.#size;
  }

  /** Adds a row behind the others of its target; its id is above all before. */
  add({ id, target, from, until, form, evidence, held }: NewRow): number {
    const row = this.#size;
    if ((row & rowMask) === 0) this.#grow();
    this.#size = row + 1;
    if (row + 2 >= 2 ** this.#rowBits) this.#makeIndex(this.#slots.length, this.#rowBits + 1);
    const words = this.#words[row >>> rowsShift]!;
    const at = (row & rowMask) * stride;
    if ((row & rowMask) === 0) this.#epochs[row >>> rowsShift] = Math.floor(from) - halfRange;
    this.#setTime(row, place.from, from);
    this.#setTime(row, place.until, until);
    const number = Number(id);
    words[at + place.idLow] = number | 0;
    words[at + place.state] = ((number / 2 ** 32) << idHighShift) | heldNames.indexOf(held);
    words[at + place.form] = form;
    if (evidence >= 0) this.#keepEvidence(row, evidence);
    if (target.kind === 'ip' || target.kind === 'range') this.#addNetwork(row, requireIpPrefix(target.value));
    else this.#addNamed(row, target);
    return row;
  }

  // --------------------------------------------------------------------------------------------------------- one row

  id(row: number): bigint {
    const low = this.#word(row, place.idLow);
    const high = this.#word(row, place.state) >>> idHighShift;
    // Small integers are made a bigint five times as fast.
    return high === 0 && low >= 0 ? BigInt(low) : BigInt(high * 2 ** 32 + (low >>> 0));
  }

  from(row: number): number {
    return this.#time(row, place.from);
  }

  until(row: number): number {
    return this.#time(row, place.until);
  }

  /**
   * The end of a row that is in force as far as look-ups go: placed, or of no network, and `active`. `-Infinity` for others:
   * of a network, once its end was noticed, there is none.
   */
  endOfFound(row: number): number {
    const state = this.#word(row, place.state);
    const isFound = (state & (rowFlag.placed | rowFlag.named)) !== 0 && (state & heldMask) === heldActive;
    return isFound ? this.#time(row, place.until) : Number.NEGATIVE_INFINITY;
  }

  setUntil(row: number, until: number): void {
    this.#setTime(row, place.until, until);
    this.#noteEnd(row);
  }

  form(row: number): number {
    return this.#word(row, place.form);
  }

  evidence(row: number): number {
    return this.has(row, rowFlag.evidence) ? this.#evidence[row >>> rowsShift]![row & rowMask]! : -1;
  }

  held(row: number): EarlierDecision['held'] {
    return heldNames[this.#word(row, place.state) & heldMask]!;
  }

  revoke(row: number): void {
    this.#words[row >>> rowsShift]![(row & rowMask) * stride + place.state]! &= ~heldMask;
    this.#words[row >>> rowsShift]![(row & rowMask) * stride + place.state]! |= heldNames.indexOf('revoked');
  }

  has(row: number, flag: number): boolean {
    return (this.#word(row, place.state) & flag) !== 0;
  }

  set(row: number, flag: number, value: boolean): void {
    const words = this.#words[row >>> rowsShift]!;
    const at = (row & rowMask) * stride + place.state;
    if (value) words[at]! |= flag;
    else words[at]! &= ~flag;
  }

  /** Has look-ups find a row, until {@link DecisionRows.displace}. */
  place(row: number): void {
    this.set(row, rowFlag.placed, true);
    this.#noteEnd(row);
  }

  displace(row: number): void {
    this.set(row, rowFlag.placed, false);
  }

  /** Rows that are placed and end at `now` or before. */
  *ended(now: number): Generator<number> {
    for (let chunk = 0; chunk < this.#earliest.length; chunk += 1) {
      if (this.#earliest[chunk]! > now) continue;
      let earliest = Number.POSITIVE_INFINITY;
      const end = Math.min(this.#size, (chunk + 1) * rowsPerChunk);
      for (let row = chunk * rowsPerChunk; row < end; row += 1) {
        if (!this.has(row, rowFlag.placed)) continue;
        const until = this.until(row);
        if (until <= now) yield row;
        else if (until < earliest) earliest = until;
      }
      this.#earliest[chunk] = earliest;
    }
  }

  /** The network of a row; `undefined` when its target is none. */
  network(row: number): IpPrefix | undefined {
    const state = this.#word(row, place.state);
    if ((state & rowFlag.named) !== 0) return undefined;
    const address = this.#word(row, place.address);
    const length = (state >>> lengthShift) & lengthMask;
    if ((state & isFamily6) === 0) return { address: { family: 4, words: [address >>> 0, 0, 0, 0] }, length };
    const wide = this.#wide[address >>> wideShift]!;
    const at = (address & wideMask) * 4;
    const words = [wide[at]! >>> 0, wide[at + 1]! >>> 0, wide[at + 2]! >>> 0, wide[at + 3]! >>> 0] as const;
    return { address: { family: 6, words }, length };
  }

  target(row: number): BlockTarget {
    const [state, address] = [this.#word(row, place.state), this.#word(row, place.address)];
    if ((state & keyMask) === 32 << lengthShift) return { kind: 'ip', value: formatIpv4(address) };
    if ((state & keyMask) === (isFamily6 | (128 << lengthShift))) {
      const [wide, at] = [this.#wide[address >>> wideShift]!, (address & wideMask) * 4];
      return { kind: 'ip', value: formatIpv6(wide, at) };
    }
    const network = this.network(row);
    return network === undefined ? this.#named[address]! : { kind: 'range', value: formatIpPrefix(network) };
  }

  // ------------------------------------------------------------------------------------------------------ many rows

  /** The row of an id, or -1. O(log rows). */
  rowOf(id: bigint): number {
    const wanted = Number(id);
    let [low, high] = [0, this.#size];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const found =
        (this.#word(middle, place.state) >>> idHighShift) * 2 ** 32 + (this.#word(middle, place.idLow) >>> 0);
      if (found === wanted) return middle;
      if (found < wanted) low = middle + 1;
      else high = middle;
    }
    return -1;
  }

  /** The oldest row of a canonical target, or -1. */
  firstOn(target: BlockTarget): number {
    if (target.kind !== 'ip' && target.kind !== 'range') return this.#firstOfName.get(targetKey(target)) ?? -1;
    const ipv4 = target.kind === 'ip' ? parseIpv4(target.value) : -1;
    return ipv4 >= 0 ? this.#find4(ipv4 | 0, 32) : this.firstOnNetwork(requireIpPrefix(target.value));
  }

  /** The oldest row of exactly this network, or -1. */
  firstOnNetwork({ address: { family, words }, length }: IpPrefix): number {
    return family === 4
      ? this.#find4(words[0] | 0, length)
      : this.#find6(words[0] | 0, words[1] | 0, words[2] | 0, words[3] | 0, length);
  }

  /** The next younger row of the same target, or -1. */
  next(row: number): number {
    return this.has(row, rowFlag.followed) ? this.#next.get(row)! : -1;
  }

  /**
   * Writes the oldest rows of all networks around an address of IPv4, as an integer, into `rows`, longest first, and gives
   * their number. There are at most 33.
   */
  coveringIpv4(address: number, rows: Int32Array): number {
    let count = 0;
    const host = this.#find4(address | 0, 32);
    if (host >= 0) rows[count++] = host;
    const around = this.#lengths4.around4(address);
    if (around === 0) return count;
    for (const length of this.#lengths4.inUse) {
      if (!this.#lengths4.has(around, length)) continue;
      const row = this.#find4(length === 0 ? 0 : address & (-1 << (32 - length)), length);
      if (row >= 0) rows[count++] = row;
    }
    return count;
  }

  /** The same for the four words of an address of IPv6; there are at most 129. */
  coveringIpv6(words: ArrayLike<number>, rows: Int32Array): number {
    const [a, b, c, d] = [words[0]! | 0, words[1]! | 0, words[2]! | 0, words[3]! | 0];
    let count = 0;
    const host = this.#find6(a, b, c, d, 128);
    if (host >= 0) rows[count++] = host;
    const around = this.#lengths6.around6(a, b);
    if (around === 0) return count;
    for (const length of this.#lengths6.inUse) {
      if (!this.#lengths6.has(around, length)) continue;
      const [e, f] = [a & wordMask(length, 0), b & wordMask(length, 32)];
      const row = this.#find6(e, f, c & wordMask(length, 64), d & wordMask(length, 96), length);
      if (row >= 0) rows[count++] = row;
    }
    return count;
  }

  /** The same for any address. */
  covering({ family, words }: IpAddress, rows: Int32Array): number {
    return family === 4 ? this.coveringIpv4(words[0], rows) : this.coveringIpv6(words, rows);
  }

  /** Bits of the network of a row. */
  length(row: number): number {
    return (this.#word(row, place.state) >>> lengthShift) & lengthMask;
  }

  // ---------------------------------------------------------------------------------------------------------- inside

  #word(row: number, at: number): number {
    return this.#words[row >>> rowsShift]![(row & rowMask) * stride + at]!;
  }

  #setWord(row: number, at: number, value: number): void {
    this.#words[row >>> rowsShift]![(row & rowMask) * stride + at] = value;
  }

  #time(row: number, at: number): number {
    const exact = this.#exactTimes[row >>> rowsShift];
    if (exact !== undefined) return exact[(row & rowMask) * 2 + at]!;
    const time = this.#word(row, at) >>> 0;
    return time === never ? Number.POSITIVE_INFINITY : this.#epochs[row >>> rowsShift]! + time;
  }

  #setTime(row: number, at: number, time: number): void {
    const chunk = row >>> rowsShift;
    const exact = this.#exactTimes[chunk];
    if (exact !== undefined) {
      exact[(row & rowMask) * 2 + at] = time;
      return;
    }
    const distance = time === Number.POSITIVE_INFINITY ? never : time - this.#epochs[chunk]!;
    const isNear = distance === distance >>> 0 && (distance !== never || time === Number.POSITIVE_INFINITY);
    if (isNear) this.#setWord(row, at, distance | 0);
    else {
      this.#keepExactTimes(chunk);
      this.#setTime(row, at, time);
    }
  }

  #keepExactTimes(chunk: number): void {
    const exact = new Float64Array(rowsPerChunk * 2);
    const first = chunk * rowsPerChunk;
    for (let row = first; row < Math.min(this.#size, first + rowsPerChunk); row += 1) {
      exact[(row & rowMask) * 2 + place.from] = this.from(row);
      exact[(row & rowMask) * 2 + place.until] = this.until(row);
    }
    this.#exactTimes[chunk] = exact;
  }

  #grow(): void {
    this.#words.push(new Int32Array(rowsPerChunk * stride));
    this.#epochs.push(0);
    this.#exactTimes.push(undefined);
    this.#earliest.push(Number.POSITIVE_INFINITY);
    this.#evidence.push(undefined);
    this.#wideLags.push(noLag);
  }

  #keepEvidence(row: number, evidence: number): void {
    this.#evidence[row >>> rowsShift] ??= new Int32Array(rowsPerChunk);
    this.#evidence[row >>> rowsShift]![row & rowMask] = evidence;
    this.set(row, rowFlag.evidence, true);
  }

  #noteEnd(row: number): void {
    const until = this.until(row);
    if (until < this.#earliest[row >>> rowsShift]!) this.#earliest[row >>> rowsShift] = until;
  }

  #addNamed(row: number, target: BlockTarget): void {
    const key = targetKey(target);
    const first = this.#firstOfName.get(key);
    this.#setWord(row, place.state, this.#word(row, place.state) | rowFlag.named);
    if (first !== undefined) {
      this.#setWord(row, place.address, this.#word(first, place.address));
      this.#append(first, row);
      return;
    }
    this.#setWord(row, place.address, this.#named.push(target) - 1);
    this.set(row, rowFlag.first, true);
    this.#firstOfName.set(key, row);
  }

  #addNetwork(row: number, network: IpPrefix): void {
    const { address, length } = network;
    const key = (address.family === 6 ? isFamily6 : 0) | (length << lengthShift);
    this.#setWord(row, place.state, this.#word(row, place.state) | key);
    const first = this.firstOnNetwork(network);
    if (first >= 0) {
      this.#setWord(row, place.address, this.#word(first, place.address));
      this.#append(first, row);
      return;
    }
    this.#setWord(row, place.address, address.family === 4 ? address.words[0] | 0 : this.#addWide(row, address.words));
    this.set(row, rowFlag.first, true);
    if ((this.#networks + 1) * 4 > this.#slots.length * 3) {
      this.#makeIndex(Math.ceil(this.#slots.length * indexGrowth), this.#rowBits);
    }
    this.#insert(row);
    this.#networks += 1;
    if (!isHost(network)) this.#noteLength(row);
  }

  #append(first: number, row: number): void {
    let last = first;
    for (let next = this.next(last); next >= 0; next = this.next(last)) last = next;
    this.#next.set(last, row);
    this.set(last, rowFlag.followed, true);
  }

  #addWide(row: number, words: IpAddress['words']): number {
    const number = this.#wideSize;
    if (this.#wideLags[row >>> rowsShift] === noLag) this.#wideLags[row >>> rowsShift] = row - number;
    if ((number & wideMask) === 0) this.#wide.push(new Int32Array(4 * 2 ** wideShift));
    this.#wideSize = number + 1;
    this.#wide[number >>> wideShift]!.set(words, (number & wideMask) * 4);
    return number;
  }

  #find4(address: number, length: number): number {
    const [slots, count, hashBits] = [this.#slots, this.#slots.length, -1 << this.#rowBits];
    const key = length << lengthShift;
    const hash = mixWord(address, this.#seed ^ length);
    if (!this.#mayHold(hash)) return -1;
    const print = hash << this.#rowBits;
    for (let slot = slotOf(hash, count); ; slot = slot + 1 === count ? 0 : slot + 1) {
      const value = slots[slot]!;
      if (value === 0) return -1;
      if ((value & hashBits) !== print) continue;
      const row = (value & ~hashBits) - 1;
      const words = this.#words[row >>> rowsShift]!;
      const at = (row & rowMask) * stride;
      if (words[at + place.address] === address && (words[at + place.state]! & keyMask) === key) return row;
    }
  }

  #find6(a: number, b: number, c: number, d: number, length: number): number {
    const [slots, count, hashBits] = [this.#slots, this.#slots.length, -1 << this.#rowBits];
    const key = isFamily6 | (length << lengthShift);
    const hash = hash6(a, b, c, d, this.#seed ^ length);
    if (!this.#mayHold(hash)) return -1;
    const print = hash << this.#rowBits;
    for (let slot = slotOf(hash, count); ; slot = slot + 1 === count ? 0 : slot + 1) {
      const value = slots[slot]!;
      if (value === 0) return -1;
      if ((value & hashBits) !== print) continue;
      const row = (value & ~hashBits) - 1;
      // Where a chunk's rows are all of new addresses of IPv6, as those of a list are, the place of the address is known
      // before the row is: so that the two are fetched at once and not one after the other.
      const likely = row - this.#wideLags[row >>> rowsShift]!;
      const isLikely = this.#isWide(likely, a, b, c, d);
      if ((this.#word(row, place.state) & keyMask) !== key) continue;
      const address = this.#word(row, place.address);
      if (address === likely ? isLikely : this.#isWide(address, a, b, c, d)) return row;
    }
  }

  /** Whether the address of IPv6 with a number is there and is this one. */
  #isWide(number: number, a: number, b: number, c: number, d: number): boolean {
    if (number < 0 || number >= this.#wideSize) return false;
    const wide = this.#wide[number >>> wideShift]!;
    const at = (number & wideMask) * 4;
    return wide[at] === a && wide[at + 1] === b && wide[at + 2] === c && wide[at + 3] === d;
  }

  #insert(row: number): void {
    const state = this.#word(row, place.state);
    const length = (state >>> lengthShift) & lengthMask;
    const address = this.#word(row, place.address);
    let hash: number;
    if ((state & isFamily6) === 0) hash = mixWord(address, this.#seed ^ length);
    else {
      const wide = this.#wide[address >>> wideShift]!;
      const at = (address & wideMask) * 4;
      hash = hash6(wide[at]!, wide[at + 1]!, wide[at + 2]!, wide[at + 3]!, this.#seed ^ length);
    }
    const [slots, count] = [this.#slots, this.#slots.length];
    let slot = slotOf(hash, count);
    while (slots[slot] !== 0) slot = slot + 1 === count ? 0 : slot + 1;
    slots[slot] = (row + 1) | (hash << this.#rowBits);
    this.#present[(hash >>> 5) & (this.#present.length - 1)]! |= 1 << hash;
  }

  /** Whether a network of this hash may be in the index. */
  #mayHold(hash: number): boolean {
    return ((this.#present[(hash >>> 5) & (this.#present.length - 1)]! >>> hash) & 1) !== 0;
  }

  #makeIndex(slots: number, rowBits: number): void {
    const [old, oldHashBits] = [this.#slots, -1 << this.#rowBits];
    this.#slots = new Int32Array(slots);
    this.#present = new Int32Array(2 ** Math.floor(Math.log2(slots / 4)));
    this.#rowBits = rowBits;
    for (let slot = 0; slot < old.length; slot += 1) if (old[slot] !== 0) this.#insert((old[slot]! & ~oldHashBits) - 1);
  }

  #noteLength(row: number): void {
    const lengths = (this.#word(row, place.state) & isFamily6) === 0 ? this.#lengths4 : this.#lengths6;
    if (!lengths.isFull) {
      this.#noteAround(lengths, row);
      return;
    }
    lengths.grow();
    const key = this.#word(row, place.state) & isFamily6;
    for (let one = 0; one < this.#size; one += 1) {
      const state = this.#word(one, place.state);
      const isKin = (state & (rowFlag.first | rowFlag.named | isFamily6)) === (rowFlag.first | key);
      if (isKin && this.length(one) !== (key === 0 ? 32 : 128)) this.#noteAround(lengths, one);
    }
  }

  #noteAround(lengths: NetworkLengths, row: number): void {
    const { words } = this.network(row)!.address;
    lengths.note(words[0], words[1], this.length(row));
  }
}

/** The place of a hash in a table of so many slots, by its high bits (Lemire, "Fast random integer generation", 2019). */
function slotOf(hash: number, slots: number): number {
  return Math.floor(((hash >>> 0) * slots) / 2 ** 32);
}

function hash6(a: number, b: number, c: number, d: number, before: number): number {
  return mixWord(d, mixWord(c, mixWord(b, mixWord(a, before))));
}
