// The blocks that rules made lately, for the rail RATE: how many in a minute, of all scenarios or of one. Times mostly come in
// order, so that adding is O(1); counting is O(log blocks), and O(blocks of the minute) for one scenario.

const maxBlocks = 20_000;
const minuteMs = 60_000;

interface RecentBlock {
  readonly time: number;
  readonly scenario: string;
}

/** The newest twenty thousand blocks by rules. */
export class RecentBlocks {
  /** By time. */
  readonly #blocks: RecentBlock[] = [];

  /** Notes a block. */
  note(time: number, scenario: string): void {
    const at = this.#after(time);
    if (at === this.#blocks.length) this.#blocks.push({ time, scenario });
    else this.#blocks.splice(at, 0, { time, scenario });
    if (this.#blocks.length > maxBlocks) this.#blocks.splice(0, maxBlocks / 2);
  }

  /** Blocks in the minute that ends with `time`, of one scenario when it is given. */
  count(time: number, scenario?: string): number {
    const [from, end] = [this.#after(time - minuteMs), this.#after(time)];
    if (scenario === undefined) return end - from;
    let count = 0;
    for (let at = from; at < end; at += 1) if (this.#blocks[at]!.scenario === scenario) count += 1;
    return count;
  }

  /** The place of the first block after `time`. */
  #after(time: number): number {
    const blocks = this.#blocks;
    if (blocks.length === 0 || blocks.at(-1)!.time <= time) return blocks.length;
    let [low, high] = [0, blocks.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (blocks[middle]!.time <= time) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
