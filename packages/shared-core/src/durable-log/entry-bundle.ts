// An entry bundle under construction: up to 256 entries, each behind its length in 16 bits, big endian. Source: C2SP
// tlog-tiles (https://c2sp.org/tlog-tiles), "Log entries". Memory: at most 16 MiB, when every entry is of the longest.
import { fullTileWidth } from '../transparency/index.js';

/** The rightmost bundle of a log. */
export class EntryBundle {
  /** How many entries it has; 256 only until the next one is added. */
  width = 0;
  #bytes = new Uint8Array(1 << 14);
  #length = 0;

  /** Adds an entry; starts anew when the bundle was full. */
  add(entry: Uint8Array): void {
    if (this.width === fullTileWidth) {
      this.width = 0;
      this.#length = 0;
    }
    this.#reserve(this.#length + 2 + entry.length);
    this.#bytes[this.#length] = entry.length >>> 8;
    this.#bytes[this.#length + 1] = entry.length;
    this.#bytes.set(entry, this.#length + 2);
    this.#length += 2 + entry.length;
    this.width++;
  }

  /** What its file holds: a copy. */
  toBytes(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #reserve(length: number): void {
    if (length <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(length, 2 * this.#bytes.length));
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}
