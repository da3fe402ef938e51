// The hash of the tables of addresses.

/** The finaliser of MurmurHash3 (Appleby), over a word and what came before. */
export function mixWord(word: number, before: number): number {
  let hash = (word ^ before) | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
