// The reading side of shared-blocks: is this address blocked, asked from any thread, without a message and without a lock.

import { TenstripError } from '@tenstrip/shared-core/errors';
import type { LedgerErrorCode } from '../errors/index.js';
import { isMapped, parseIpv4, parseIpv6, requireIpAddress, wordMask } from './ip-address.js';
import { mixWord } from './mix-word.js';
import {
  filterWord,
  place,
  record,
  type SharedAction,
  type SharedLookupHandle,
  sharedActions,
  tablePlace,
} from './shared-blocks.js';

/** What blocks an address. */
export interface SharedBlock {
  /** Id of the decision, for `explain` on the ledger's own thread. */
  readonly id: bigint;
  readonly action: SharedAction;
  /** Until when, in milliseconds since 1970; `null`: without end. */
  readonly until: number | null;
}

/** Options of {@link openSharedLookup}. */
export interface SharedLookupOptions {
  /** The clock, in milliseconds since 1970, where the ledger goes by the clock. Default: the machine's. */
  readonly now?: () => number;
}

/** Answers from shared memory. */
export interface SharedLookup {
  /**
   * What blocks an address in a domain, the longest running first, as `isBlocked` of the ledger; covering networks count.
   * O(lengths in use). @throws TenstripError `TargetInvalid`
   */
  isBlocked(address: string, domain?: string, at?: number): SharedBlock | undefined;
}

/**
 * Opens a ledger's look-up on any thread. It sees every change as it is made, also before that is on disk.
 * @param handle from `ledger.sharedLookup()`, as it came through `workerData` or a message
 */
export function openSharedLookup(handle: SharedLookupHandle, options: SharedLookupOptions = {}): SharedLookup {
  if (!(handle?.control instanceof SharedArrayBuffer)) {
    throw new TenstripError<LedgerErrorCode>(
      'OptionsInvalid',
      'This is no memory of a ledger. Give the worker what ledger.sharedLookup() gives, in workerData or a message.',
      { details: { issues: ['handle'] } },
    );
  }
  return new SharedBlocksReader(handle, options.now ?? Date.now);
}

/** So often a reader looks again at once; then it sleeps a moment, as the writer's thread may be waiting for its core. */
const spins = 1000;
/** Longer chains than any that the writer makes are of a change under way. */
const longestChain = 65_536;
const nothing = -1;

class SharedBlocksReader implements SharedLookup {
  readonly #control: Int32Array;
  readonly #floats: Float64Array;
  readonly #networks4: SharedView;
  readonly #networks6: SharedView;
  readonly #blocks: SharedView;
  readonly #domains: SharedArrayBuffer;
  readonly #clock: () => number;
  /** Lists of domains that were met, from number 1 on. */
  #domainSets: readonly ReadonlySet<string>[] = [];
  /** The address of IPv6 in hand. */
  readonly #asked = new Uint32Array(4);
  /** The reader's own: a store there keeps the loads before it from coming after the loads behind it. */
  readonly #fence = new Int32Array(new SharedArrayBuffer(4));

  constructor({ control, networks4, networks6, blocks, domains }: SharedLookupHandle, clock: () => number) {
    this.#control = new Int32Array(control);
    this.#floats = new Float64Array(control);
    this.#networks4 = new SharedView(networks4);
    this.#networks6 = new SharedView(networks6);
    this.#blocks = new SharedView(blocks);
    this.#domains = domains;
    this.#clock = clock;
  }

  isBlocked(address: string, domain?: string, at?: number): SharedBlock | undefined {
    const ipv4 = this.#read(address);
    for (let tries = 1; ; tries += 1) {
      const generation = Atomics.load(this.#control, place.generation);
      if ((generation & 1) === 0) {
        const block = ipv4 >= 0 ? this.#find4(ipv4, domain, at) : this.#find6(domain, at);
        const { words, floats } = this.#blocks;
        const id = floats[block * record.floats + record.id];
        const until = floats[block * record.floats + record.until];
        const action = words[block * record.words + record.action];
        Atomics.store(this.#fence, 0, 0);
        // What was read is looked at only now: of a change under way it could be anything.
        if (Atomics.load(this.#control, place.generation) === generation)
          return block === nothing ? undefined : blockOf(id!, until!, action!);
      }
      if (tries % spins === 0) Atomics.wait(this.#fence, 0, 0, 1);
    }
  }

  /** The address of IPv4, or -1 when it is one of IPv6: then its words are in `#asked`. */
  #read(address: string): number {
    const ipv4 = parseIpv4(address);
    if (ipv4 >= 0) return ipv4;
    // What is none is refused there.
    if (!parseIpv6(address, this.#asked)) requireIpAddress(address);
    return isMapped(this.#asked) ? this.#asked[3]! : -1;
  }

  /** The number of the block that {@link SharedLookup.isBlocked} is about. */
  #find4(word: number, domain: string | undefined, at: number | undefined): number {
    const control = this.#control;
    const [start, mask] = [control[place.networks4 + tablePlace.start]!, control[place.networks4 + tablePlace.mask]!];
    const filter = start + (mask + 1) * 3;
    const words = this.#networks4.upTo(filter + ((mask + 1) >>> 2));
    const base = place.networks4 + tablePlace.firstLength;
    const lengths = control[place.networks4 + tablePlace.lengths]!;
    let best = nothing;
    for (let number = 0; number < lengths; number += 1) {
      const length = control[base + number]!;
      const key = word & masks[length * 4]!;
      const hash = mixWord(key, length);
      if (((words[filter + filterWord(hash, mask + 1)]! >>> hash) & 1) === 0) continue;
      const first = probe4(words, start, mask, hash, key, length);
      if (first > 0) best = this.#longest(best, first, domain, at);
    }
    return best;
  }

  /** The same for the address of IPv6 in `#asked`. */
  #find6(domain: string | undefined, at: number | undefined): number {
    const control = this.#control;
    const [start, mask] = [control[place.networks6 + tablePlace.start]!, control[place.networks6 + tablePlace.mask]!];
    const filter = start + (mask + 1) * 6;
    const words = this.#networks6.upTo(filter + ((mask + 1) >>> 2));
    const base = place.networks6 + tablePlace.firstLength;
    const lengths = control[place.networks6 + tablePlace.lengths]!;
    let best = nothing;
    for (let number = 0; number < lengths; number += 1) {
      const length = control[base + number]!;
      for (let word = 0; word < 4; word += 1) network[word] = this.#asked[word]! & masks[length * 4 + word]!;
      const hash = mixWord(network[3]!, mixWord(network[2]!, mixWord(network[1]!, mixWord(network[0]!, length))));
      if (((words[filter + filterWord(hash, mask + 1)]! >>> hash) & 1) === 0) continue;
      const first = probe6(words, start, mask, hash, network, length);
      if (first > 0) best = this.#longest(best, first, domain, at);
    }
    return best;
  }

  /** The longest running of a block and those of a chain that hold in a domain at a time, by number. */
  #longest(best: number, first: number, domain: string | undefined, at: number | undefined): number {
    let longest = best;
    const now = at ?? this.#now();
    for (let next = first, steps = 0; next > 0 && steps < longestChain; steps += 1) {
      const block = next - 1;
      const words = this.#blocks.upTo(next * record.words);
      const until = this.#blocks.floats[block * record.floats + record.until]!;
      const isLonger = longest === nothing || until > this.#blocks.floats[longest * record.floats + record.until]!;
      if (now < until && isLonger && this.#holdsIn(words[block * record.words + record.domains]!, domain))
        longest = block;
      next = words[block * record.words + record.next]!;
    }
    return longest;
  }

  #now(): number {
    return this.#control[place.eventTime] === 1 ? this.#floats[place.now]! : this.#clock();
  }

  #holdsIn(domains: number, domain: string | undefined): boolean {
    if (domains === 0 || domain === undefined) return true;
    if (domains > this.#domainSets.length) this.#readDomainSets();
    return this.#domainSets[domains - 1]?.has(domain) === true;
  }

  /** Takes in all lists of domains; they are only ever added to. */
  #readDomainSets(): void {
    const bytes = this.#control[place.domainBytes]!;
    if (bytes > this.#domains.byteLength) return;
    const lines = Buffer.from(new Uint8Array(this.#domains, 0, bytes))
      .toString('utf8')
      .split('\n')
      .slice(0, -1);
    try {
      this.#domainSets = lines.map((line) => new Set(JSON.parse(line) as string[]));
    } catch {
      // Written just now: the generation changed, and the reader comes again.
    }
  }
}

/** By length of a prefix: the bits that it keeps of each of four words. */
const masks = Int32Array.from({ length: 129 * 4 }, (_, index) => wordMask(index >>> 2, (index & 3) * 32));

/** Of the network that is looked for. */
const network = new Int32Array(4);

/** The first block of the network of `length` bits whose bits `key` are, plus one; 0 for none. */
function probe4(words: Int32Array, start: number, mask: number, hash: number, key: number, length: number): number {
  let slot = hash & mask;
  for (let steps = 0; steps <= mask; steps += 1) {
    const at = start + slot * 3;
    const value = words[at + 2]!;
    if (value === 0) return 0;
    if (value > 0 && words[at] === key && words[at + 1] === length) return value;
    slot = (slot + 1) & mask;
  }
  return 0;
}

/** The same of IPv6. */
function probe6(words: Int32Array, start: number, mask: number, hash: number, key: Int32Array, length: number): number {
  let slot = hash & mask;
  for (let steps = 0; steps <= mask; steps += 1) {
    const at = start + slot * 6;
    const value = words[at + 5]!;
    if (value === 0) return 0;
    if (value > 0 && words[at + 4] === length && hasKey(words, at, key)) return value;
    slot = (slot + 1) & mask;
  }
  return 0;
}

function hasKey(words: Int32Array, at: number, key: Int32Array): boolean {
  return words[at] === key[0] && words[at + 1] === key[1] && words[at + 2] === key[2] && words[at + 3] === key[3];
}

function blockOf(id: number, until: number, action: number): SharedBlock {
  // Small integers are made a bigint five times as fast.
  const small = id | 0;
  return {
    id: BigInt(small === id ? small : id),
    action: sharedActions[action]!,
    until: until === Number.POSITIVE_INFINITY ? null : until,
  };
}

/** A buffer that another thread lets grow. */
class SharedView {
  words: Int32Array;
  floats: Float64Array;
  readonly #buffer: SharedArrayBuffer;

  constructor(buffer: SharedArrayBuffer) {
    this.#buffer = buffer;
    this.words = new Int32Array(buffer, 0, buffer.byteLength >> 2);
    this.floats = new Float64Array(buffer, 0, buffer.byteLength >> 3);
  }

  /** The words, at least up to `end` where the buffer has so many. */
  upTo(end: number): Int32Array {
    if (end > this.words.length) {
      this.words = new Int32Array(this.#buffer, 0, this.#buffer.byteLength >> 2);
      this.floats = new Float64Array(this.#buffer, 0, this.#buffer.byteLength >> 3);
    }
    return this.words;
  }
}
