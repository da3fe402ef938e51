// Who is blocked, in memory that worker threads share: one writer, any number of readers, no messages. A generation counter
// is odd while the writer changes something, and a reader whose generation changed under it reads again (a sequence lock;
// Lameter, "Effective synchronization on Linux/NUMA systems", 2005). Buffers grow in place, so that readers find what grew.
//
// Networks of a family stand in one open-addressing table, each slot the words of the address, the length, and the first of
// its blocks. Behind the slots stand eight bits for each, one of them set for the hash of each network (a Bloom filter), so that
// of all lengths hardly one is looked for in vain. A table that is full is made anew beside itself and then taken in use at
// once. Blocks are a chain of records.

import { type IpPrefix, wordMask } from './ip-address.js';
import { mixWord } from './mix-word.js';

/** What blocks a network. */
export interface NetworkBlocking {
  /** Id of the decision. */
  readonly id: bigint;
  readonly action: SharedAction;
  /** In milliseconds since 1970; `null`: without end. */
  readonly until: number | null;
  readonly domains: 'all' | readonly string[];
}

/** What is done to whom is blocked. */
export type SharedAction = 'ban' | 'captcha' | 'throttle';

/** The memory of a shared look-up: give it to a worker thread as it is, by `workerData` or `postMessage`. */
export interface SharedLookupHandle {
  readonly version: 1;
  readonly control: SharedArrayBuffer;
  readonly networks4: SharedArrayBuffer;
  readonly networks6: SharedArrayBuffer;
  readonly blocks: SharedArrayBuffer;
  readonly domains: SharedArrayBuffer;
}

/** By number. */
export const sharedActions: readonly SharedAction[] = ['ban', 'captcha', 'throttle'];

/** Places in the control buffer, in 32-bit words. */
export const place = {
  generation: 0,
  /** 1 when "now" is the time of the newest event. */
  eventTime: 1,
  /** As a 64-bit float: the second of the buffer. */
  now: 1,
  domainSets: 4,
  domainBytes: 5,
  /** Of each family: where its table begins, its slots less one, how many lengths are in use, and these, longest first. */
  networks4: 8,
  networks6: 48,
} as const;
export const tablePlace = { start: 0, mask: 1, lengths: 2, firstLength: 3 } as const;

const controlBytes = 1024;
/** Address space is reserved for so much and taken as it is needed: some eight million networks and blocks. */
const mostBytes = 2 ** 29;

/** A record of a block: id and end as 64-bit floats, then the next of the chain plus one, action, and domains. */
export const record = { floats: 4, words: 8, id: 0, until: 1, next: 4, action: 5, domains: 6 } as const;

/** Where the bit of a hash is, in words from the end of `slots` slots; which of the word, the hash says by its lowest five. */
export function filterWord(hash: number, slots: number): number {
  return (hash >>> 5) & ((slots >>> 2) - 1);
}

type GrowableBuffer = SharedArrayBuffer & { grow(bytes: number): void };

/** A buffer that grows in place (ECMAScript 2024). */
function growable(bytes: number): GrowableBuffer {
  const Growable = SharedArrayBuffer as unknown as new (bytes: number, options: object) => GrowableBuffer;
  return new Growable(bytes, { maxByteLength: mostBytes });
}

/** A buffer and its words, which are made anew when it grows. */
class SharedWords {
  readonly buffer: GrowableBuffer;
  words: Int32Array;
  floats: Float64Array;

  constructor(words: number) {
    this.buffer = growable(words * 4);
    this.words = new Int32Array(this.buffer, 0, words);
    this.floats = new Float64Array(this.buffer, 0, words >> 1);
  }

  /** @throws RangeError when it would be larger than it may be. */
  reserve(words: number): void {
    if (words <= this.words.length) return;
    const most = mostBytes / 4;
    const length = Math.max(words, Math.min(this.words.length * 2, most));
    this.buffer.grow(length * 4);
    this.words = new Int32Array(this.buffer, 0, length);
    this.floats = new Float64Array(this.buffer, 0, length >> 1);
  }
}

const emptySlot = 0;
const deadSlot = -1;

/** Networks of one family, as the writer sees them. */
class NetworkTable {
  readonly #control: Int32Array;
  readonly #place: number;
  readonly #words: 1 | 4;
  readonly memory: SharedWords;
  /** Networks of each length. */
  readonly #counts: Int32Array;
  #size = 0;
  #dead = 0;

  constructor(control: Int32Array, at: number, words: 1 | 4) {
    this.#control = control;
    this.#place = at;
    this.#words = words;
    this.#counts = new Int32Array(words * 32 + 1);
    this.memory = new SharedWords(this.#wordsOf(firstSlots));
    control[at + tablePlace.mask] = firstSlots - 1;
  }

  /** The word that holds the first block of a network plus one, or -1. */
  find({ address: { words }, length }: IpPrefix): number {
    const { words: memory } = this.memory;
    const start = this.#control[this.#place + tablePlace.start]!;
    const mask = this.#control[this.#place + tablePlace.mask]!;
    for (let slot = this.#hash(words, length) & mask; ; slot = (slot + 1) & mask) {
      const at = start + slot * (this.#words + 2);
      const value = memory[at + this.#words + 1]!;
      if (value === emptySlot) return -1;
      if (value !== deadSlot && this.#isAt(at, words, length)) return at + this.#words + 1;
    }
  }

  /** Makes room for one more; what readers see changes inside `change` only. */
  makeRoom(change: (work: () => void) => void): void {
    const slots = this.#control[this.#place + tablePlace.mask]! + 1;
    if ((this.#size + this.#dead + 1) * 5 <= slots * 3) return;
    const wider = 2 ** Math.ceil(Math.log2(Math.max(firstSlots, (this.#size + 1) * 2.5)));
    const [start, stride] = [this.#control[this.#place + tablePlace.start]!, this.#words + 2];
    // Beside what is in use: before it where that fits, else behind it. No reader looks there, and one that still does, of a
    // table before, finds the generation changed.
    const from = start >= this.#wordsOf(wider) ? 0 : start + this.#wordsOf(slots);
    this.memory.reserve(from + this.#wordsOf(wider));
    const { words: memory } = this.memory;
    memory.fill(0, from, from + this.#wordsOf(wider));
    for (let old = start; old < start + slots * stride; old += stride) {
      if (memory[old + stride - 1]! <= 0) continue;
      const address = memory.subarray(old, old + this.#words);
      const hash = this.#hash(address, memory[old + this.#words]!);
      memory[from + wider * stride + filterWord(hash, wider)]! |= 1 << hash;
      let slot = hash & (wider - 1);
      while (memory[from + slot * stride + stride - 1] !== emptySlot) slot = (slot + 1) & (wider - 1);
      memory.copyWithin(from + slot * stride, old, old + stride);
    }
    change(() => {
      this.#control[this.#place + tablePlace.start] = from;
      this.#control[this.#place + tablePlace.mask] = wider - 1;
    });
    this.#dead = 0;
  }

  /** Adds a network that is not there; there is room. */
  add({ address: { words }, length }: IpPrefix, first: number): void {
    const { words: memory } = this.memory;
    const start = this.#control[this.#place + tablePlace.start]!;
    const mask = this.#control[this.#place + tablePlace.mask]!;
    const stride = this.#words + 2;
    const hash = this.#hash(words, length);
    memory[start + (mask + 1) * stride + filterWord(hash, mask + 1)]! |= 1 << hash;
    let slot = hash & mask;
    while (memory[start + slot * stride + stride - 1]! > 0) slot = (slot + 1) & mask;
    const at = start + slot * stride;
    if (memory[at + stride - 1] === deadSlot) this.#dead -= 1;
    for (let word = 0; word < this.#words; word += 1) memory[at + word] = words[word]!;
    memory[at + this.#words] = length;
    memory[at + stride - 1] = first;
    this.#size += 1;
    this.#counts[length]! += 1;
    if (this.#counts[length] === 1) this.#listLengths();
  }

  /** Takes the network out whose first block is named at a word. */
  remove(at: number, length: number): void {
    this.memory.words[at] = deadSlot;
    this.#size -= 1;
    this.#dead += 1;
    this.#counts[length]! -= 1;
    if (this.#counts[length] === 0) this.#listLengths();
  }

  #listLengths(): void {
    let count = 0;
    for (let length = this.#counts.length - 1; length >= 0; length -= 1) {
      if (this.#counts[length] === 0) continue;
      this.#control[this.#place + tablePlace.firstLength + count] = length;
      count += 1;
    }
    this.#control[this.#place + tablePlace.lengths] = count;
  }

  /** Words that a table of so many slots takes. */
  #wordsOf(slots: number): number {
    return slots * (this.#words + 2) + (slots >>> 2);
  }

  #hash(words: ArrayLike<number>, length: number): number {
    let hash = length;
    for (let word = 0; word < this.#words; word += 1) hash = mixWord(words[word]! & wordMask(length, word * 32), hash);
    return hash;
  }

  #isAt(at: number, words: readonly number[], length: number): boolean {
    const { words: memory } = this.memory;
    if (memory[at + this.#words] !== length) return false;
    for (let word = 0; word < this.#words; word += 1) if (memory[at + word] !== (words[word]! | 0)) return false;
    return true;
  }
}

const firstSlots = 64;
const firstBlocks = 64;

/** The writer of a shared look-up. There is one, on the thread of the ledger. */
export class SharedBlocksWriter {
  readonly handle: SharedLookupHandle;
  readonly #control: Int32Array;
  readonly #now: Float64Array;
  readonly #networks: { readonly 4: NetworkTable; readonly 6: NetworkTable };
  readonly #blocks = new SharedWords(firstBlocks * record.words);
  readonly #domains = new SharedWords(256);
  /** Lists of domains by their text; 0 stands for all domains. */
  readonly #domainSets = new Map<string, number>();
  /** Records that are free, and the first that was never used. */
  readonly #free: number[] = [];
  #unused = 0;

  /** `eventTime`: "now" is what {@link SharedBlocksWriter.setNow} says, and not the clock. */
  constructor(eventTime: boolean) {
    const control = new SharedArrayBuffer(controlBytes);
    this.#control = new Int32Array(control);
    this.#now = new Float64Array(control);
    this.#control[place.eventTime] = eventTime ? 1 : 0;
    this.#networks = {
      4: new NetworkTable(this.#control, place.networks4, 1),
      6: new NetworkTable(this.#control, place.networks6, 4),
    };
    this.handle = {
      version: 1,
      control,
      networks4: this.#networks[4].memory.buffer,
      networks6: this.#networks[6].memory.buffer,
      blocks: this.#blocks.buffer,
      domains: this.#domains.buffer,
    };
  }

  /** The newest event, in milliseconds since 1970. */
  setNow(now: number): void {
    this.#change(() => {
      this.#now[place.now] = now;
    });
  }

  /**
   * Replaces all that blocks exactly this network; nothing takes it out.
   * @throws RangeError when the memory is full: some eight million networks.
   */
  set(prefix: IpPrefix, blockings: readonly NetworkBlocking[]): void {
    const table = this.#networks[prefix.address.family];
    // All that may fail or take long comes before the change.
    table.makeRoom((work) => this.#change(work));
    this.#blocks.reserve((this.#unused + Math.max(0, blockings.length - this.#free.length)) * record.words);
    const domains = blockings.map((blocking) => this.#domainSet(blocking.domains));
    this.#change(() => {
      const at = table.find(prefix);
      if (at >= 0) this.#freeChain(table.memory.words[at]!);
      let first = 0;
      for (let index = blockings.length - 1; index >= 0; index -= 1)
        first = this.#writeBlock(blockings[index]!, domains[index]!, first);
      if (at < 0) {
        if (first > 0) table.add(prefix, first);
      } else if (first > 0) table.memory.words[at] = first;
      else table.remove(at, prefix.length);
    });
  }

  /** The generation is odd meanwhile. */
  #change(work: () => void): void {
    const generation = Atomics.load(this.#control, place.generation);
    Atomics.store(this.#control, place.generation, (generation + 1) | 0);
    // Read back, so that on no machine a store of the work comes before that one.
    Atomics.load(this.#control, place.generation);
    try {
      work();
    } finally {
      Atomics.store(this.#control, place.generation, (generation + 2) | 0);
    }
  }

  #writeBlock({ id, action, until }: NetworkBlocking, domains: number, next: number): number {
    const number = this.#free.pop() ?? this.#unused++;
    const { words, floats } = this.#blocks;
    floats[number * record.floats + record.id] = Number(id);
    floats[number * record.floats + record.until] = until ?? Number.POSITIVE_INFINITY;
    words[number * record.words + record.next] = next;
    words[number * record.words + record.action] = sharedActions.indexOf(action);
    words[number * record.words + record.domains] = domains;
    return number + 1;
  }

  #freeChain(first: number): void {
    for (let at = first; at > 0; at = this.#blocks.words[(at - 1) * record.words + record.next]!)
      this.#free.push(at - 1);
  }

  /** The number of a list of domains; lists are written once, as lines of JSON. */
  #domainSet(domains: 'all' | readonly string[]): number {
    if (domains === 'all') return 0;
    const text = JSON.stringify(domains);
    const known = this.#domainSets.get(text);
    if (known !== undefined) return known;
    const line = Buffer.from(`${text}\n`);
    const from = this.#control[place.domainBytes]!;
    this.#domains.reserve(Math.ceil((from + line.length) / 4));
    new Uint8Array(this.#domains.buffer).set(line, from);
    this.#domainSets.set(text, this.#domainSets.size + 1);
    this.#change(() => {
      this.#control[place.domainBytes] = from + line.length;
      this.#control[place.domainSets] = this.#domainSets.size;
    });
    return this.#domainSets.size;
  }
}
