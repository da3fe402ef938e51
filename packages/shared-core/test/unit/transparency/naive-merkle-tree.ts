// RFC 6962 section 2.1 word for word: recursion over the list of entries, nothing shared with the code under test but
// SHA-256 itself, which is OpenSSL's. Subtree hashes are remembered, so that all pairs of hundreds of leaves are quick.
import { createHash } from 'node:crypto';

export class NaiveMerkleTree {
  readonly #entries: readonly Uint8Array[];
  readonly #known = new Map<string, Uint8Array>();

  constructor(entries: readonly Uint8Array[]) {
    this.#entries = entries;
  }

  /** MTH(D[begin:end]). */
  hash(begin: number, end: number): Uint8Array {
    const key = `${begin}:${end}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const hash = this.#compute(begin, end);
    this.#known.set(key, hash);
    return hash;
  }

  #compute(begin: number, end: number): Uint8Array {
    const size = end - begin;
    if (size === 0) return digest();
    if (size === 1) return digest(Uint8Array.of(0), this.#entries[begin]!);
    const middle = begin + split(size);
    return digest(Uint8Array.of(1), this.hash(begin, middle), this.hash(middle, end));
  }

  /** PATH(m, D[n]). */
  inclusion(index: number, size: number, begin = 0): Uint8Array[] {
    if (size === 1) return [];
    const k = split(size);
    return index < k
      ? [...this.inclusion(index, k, begin), this.hash(begin + k, begin + size)]
      : [...this.inclusion(index - k, size - k, begin + k), this.hash(begin, begin + k)];
  }

  /** PROOF(m, D[n]) for 0 < m < n. */
  consistency(from: number, to: number): Uint8Array[] {
    return this.#subproof(from, to, 0, true);
  }

  #subproof(m: number, n: number, begin: number, isOldRoot: boolean): Uint8Array[] {
    if (m === n) return isOldRoot ? [] : [this.hash(begin, begin + m)];
    const k = split(n);
    return m <= k
      ? [...this.#subproof(m, k, begin, isOldRoot), this.hash(begin + k, begin + n)]
      : [...this.#subproof(m - k, n - k, begin + k, false), this.hash(begin, begin + k)];
  }
}

/** The largest power of two smaller than n. */
function split(n: number): number {
  let k = 1;
  while (2 * k < n) k *= 2;
  return k;
}

function digest(...parts: Uint8Array[]): Uint8Array {
  return new Uint8Array(createHash('sha256').update(Buffer.concat(parts)).digest());
}
