// An entry bundle under construction: up to 256 entries, each behind its length in 16 bits, big endian. Source: C2SP
// tlog-tiles (https://c2sp.org/tlog-tiles), "Log entries". Memory: at most 16 MiB, when every entry is of the longest.
import { fullTileWidth } from '../transparency/index.js';

/** Where a bundle was, to go back to: see {@link EntryBundle.mark}. */
export interface BundleMark {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly length: number;
  readonly width: number;
}

/** The rightmost bundle of a log. */
export class EntryBundle {
  /** How many entries it has; 256 only until the next one is added. */
  width = 0;
  #bytes = new Uint8Array(1 << 14);
  #length = 0;

  /** Adds an entry; starts anew when the bundle was full. */
  add(entry: Uint8Array): void {
    if (this.width === fullTileWidth) this.#startAnew();
    const at = this.#length;
    this.#reserve(at + 2 + entry.length);
    this.#bytes[at] = entry.length >>> 8;
    this.#bytes[at + 1] = entry.length;
    this.#bytes.set(entry, at + 2);
    this.#length = at + 2 + entry.length;
    this.width++;
  }

  /** What its file holds: a view, which stays as it is while the bundle grows. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Where the bundle is now, to be given to {@link EntryBundle.reset}. */
  mark(): BundleMark {
    return { bytes: this.#bytes, length: this.#length, width: this.width };
  }

  /** Goes back: what was added since is forgotten. */
  reset({ bytes, length, width }: BundleMark): void {
    this.#bytes = bytes;
    this.#length = length;
    this.width = width;
  }

  /** In an array of its own, so that a full bundle is written from where it is; entries tend to be as long as those before. */
  #startAnew(): void {
    this.#bytes = new Uint8Array(Math.ceil(this.#length * 1.125));
    this.#length = 0;
    this.width = 0;
  }

  #reserve(length: number): void {
    if (length <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(length, 2 * this.#bytes.length));
    grown.set(this.bytes);
    this.#bytes = grown;
  }
}
