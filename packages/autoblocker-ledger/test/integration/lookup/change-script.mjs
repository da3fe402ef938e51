// Changes of who is blocked that two threads know without telling each other, and a linear look-up as oracle.

/** 32-bit integers, the same for the same seed (Numerical Recipes' generator, its high bits). */
export function integers(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 4;
  };
}

const domains = ['all', 'all', ['ssh'], ['http', 'api'], ['mail']];
const actions = ['ban', 'captcha', 'throttle'];
/** The moment of all questions: a quarter of the blocks are over then. */
export const asked = 1_000_000;

function mask(words, length) {
  return words.map((word, index) => {
    const bits = Math.min(32, Math.max(0, length - index * 32));
    return bits === 0 ? 0 : (word & (0xffffffff << (32 - bits))) >>> 0;
  });
}

function neighbour(next) {
  const low = (0xcb007100 + (next() % 32)) >>> 0;
  return next() % 3 === 0
    ? { family: 6, words: [0x20010db8, 0, next() % 2, next() % 16] }
    : { family: 4, words: [low, 0, 0, 0] };
}

/** An endless list of changes. Some are of networks far away that only make the tables grow, and shrink again. */
export function* changes(seed) {
  const next = integers(seed);
  for (let step = 0; ; step += 1) {
    const isFar = next() % 2 === 0;
    const address = isFar ? { family: 4, words: [0x0b000000 + (next() % 2000), 0, 0, 0] } : neighbour(next);
    const bits = address.family === 4 ? 32 : 128;
    const length = isFar || next() % 2 === 0 ? bits : bits - (next() % 12);
    const prefix = { address: { family: address.family, words: mask(address.words, length) }, length };
    const blockings = Array.from({ length: next() % 4 }, (_, index) => ({
      id: BigInt(step * 4 + index),
      action: actions[next() % 3],
      until: next() % 8 === 0 ? null : (next() % 4) * 600_000 + step,
      domains: domains[next() % domains.length],
    }));
    yield { prefix, blockings, isFar };
  }
}

/** A question and its address as text. */
export function question(next) {
  const address = neighbour(next);
  const text =
    address.family === 4
      ? [24, 16, 8, 0].map((shift) => (address.words[0] >>> shift) & 255).join('.')
      : `2001:db8::${address.words[2].toString(16)}:0:${address.words[3].toString(16)}`;
  return { address, text, domain: [undefined, 'ssh', 'api', 'other'][next() % 4] };
}

/** All networks in a list. */
export class LinearBlocks {
  #networks = new Map();

  /** Networks far away hold no address that is asked for. */
  apply({ prefix, blockings, isFar }) {
    if (isFar) return;
    this.#networks.set(`${prefix.address.family} ${prefix.address.words} ${prefix.length}`, { prefix, blockings });
  }

  isBlocked({ address, domain }) {
    let longest;
    const covering = [...this.#networks.values()]
      .filter(({ prefix }) => prefix.address.family === address.family)
      .filter(({ prefix }) => mask(address.words, prefix.length).every((word, at) => word === prefix.address.words[at]))
      .sort((one, other) => other.prefix.length - one.prefix.length);
    for (const blocking of covering.flatMap(({ blockings }) => blockings)) {
      const end = blocking.until ?? Number.POSITIVE_INFINITY;
      const holds = domain === undefined || blocking.domains === 'all' || blocking.domains.includes(domain);
      if (holds && asked < end && (longest === undefined || end > (longest.until ?? Number.POSITIVE_INFINITY)))
        longest = blocking;
    }
    return longest === undefined ? 'nothing' : `${longest.id} ${longest.action} ${longest.until}`;
  }
}
