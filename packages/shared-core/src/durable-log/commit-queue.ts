// Group commit: what is appended while one commit is on its way to the disk goes out together in the next one, so that the
// price of a sync is shared. Source: DeWitt et al., "Implementation Techniques for Main Memory Database Systems" (1984).
// One commit at a time; the number and the bytes of what waits are bounded. Cost: one promise an append.
import { type CoreErrorCode, TenstripError } from '../errors/index.js';

/** What a {@link CommitQueue} does, and how much it takes. */
export interface CommitQueueOptions<Item, Receipt> {
  /** Makes a batch of `bytes` durable and returns one receipt for each item, in order, in an array that is not used again. */
  commit(batch: readonly Item[], bytes: number): Promise<Receipt[]>;
  /** Called when nothing waits any more. */
  idle?(): void;
  bytesOf(item: Item): number;
  /** Most items that may wait. */
  readonly maxWaiting: number;
  /** Most bytes that may wait. */
  readonly maxWaitingBytes: number;
  /** Most items in one commit. */
  readonly batchItems: number;
  /** A commit is not made longer than this, unless its first group alone is. */
  readonly batchBytes: number;
}

/** Items that were appended by one call and stay together in one commit: one, or a list whose caller gets a list. */
type Group<Item, Receipt> = OneItem<Item, Receipt> | ManyItems<Item, Receipt>;

interface OneItem<Item, Receipt> {
  readonly item: Item;
  readonly items: undefined;
  readonly bytes: number;
  resolve(receipt: Receipt): void;
  reject(error: unknown): void;
}

interface ManyItems<Item, Receipt> {
  readonly item: undefined;
  readonly items: readonly Item[];
  readonly bytes: number;
  resolve(receipts: Receipt[]): void;
  reject(error: unknown): void;
}

/** Collects items and commits them in batches. */
export class CommitQueue<Item, Receipt> {
  readonly #options: CommitQueueOptions<Item, Receipt>;
  #groups: Group<Item, Receipt>[] = [];
  #waiting = 0;
  #waitingBytes = 0;
  #running: Promise<void> | undefined;
  #closed = false;

  constructor(options: CommitQueueOptions<Item, Receipt>) {
    this.#options = options;
  }

  /**
   * Resolves when the item is durable.
   * @throws TenstripError `QueueFull` when too much waits, `LogUnavailable` when the queue is closed; what `commit` throws.
   */
  append(item: Item): Promise<Receipt> {
    const bytes = this.#options.bytesOf(item);
    const refusal = this.#refusal(1, bytes);
    if (refusal !== undefined) return Promise.reject(refusal);
    return new Promise<Receipt>((resolve, reject) => {
      this.#add({ item, items: undefined, bytes, resolve, reject });
    });
  }

  /** {@link CommitQueue.append} for many items: refused as a whole, or committed in order, as few commits as possible. */
  async appendAll(items: readonly Item[]): Promise<Receipt[]> {
    const groups = [...this.#split(items)];
    const refusal = this.#refusal(
      items.length,
      groups.reduce((total, group) => total + group.bytes, 0),
    );
    if (refusal !== undefined) throw refusal;
    const receipts = await Promise.all(groups.map((group) => this.#appendGroup(group)));
    return receipts.length === 1 ? receipts[0]! : receipts.flat();
  }

  /** Refuses further items, and resolves when nothing is on its way any more. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
  }

  #appendGroup({ items, bytes }: { items: readonly Item[]; bytes: number }): Promise<Receipt[]> {
    return new Promise<Receipt[]>((resolve, reject) => {
      this.#add({ item: undefined, items, bytes, resolve, reject });
    });
  }

  *#split(items: readonly Item[]): Generator<{ items: readonly Item[]; bytes: number }> {
    const { batchItems, batchBytes, bytesOf } = this.#options;
    for (let start = 0; start < items.length; ) {
      let end = start;
      let bytes = 0;
      do bytes += bytesOf(items[end++]!);
      while (end < items.length && end - start < batchItems && bytes + bytesOf(items[end]!) <= batchBytes);
      yield { items: items.slice(start, end), bytes };
      start = end;
    }
  }

  #refusal(count: number, bytes: number): TenstripError<CoreErrorCode> | undefined {
    const { maxWaiting, maxWaitingBytes } = this.#options;
    if (this.#closed) return new TenstripError('LogUnavailable', 'the log is closed; open it again to append');
    if (this.#waiting + count <= maxWaiting && this.#waitingBytes + bytes <= maxWaitingBytes) return undefined;
    return new TenstripError(
      'QueueFull',
      `${this.#waiting} entries (${this.#waitingBytes} bytes) wait to be written and ${count} more (${bytes} bytes) would ` +
        `be too many: at most ${maxWaiting} entries and ${maxWaitingBytes} bytes may wait. Wait for earlier appends first`,
      {
        retryable: true,
        details: { waiting: this.#waiting, waitingBytes: this.#waitingBytes, maxWaiting, maxWaitingBytes },
      },
    );
  }

  #add(group: Group<Item, Receipt>): void {
    this.#groups.push(group);
    this.#waiting += countOf(group);
    this.#waitingBytes += group.bytes;
    this.#running ??= this.#run();
  }

  async #run(): Promise<void> {
    for (;;) {
      await turnOfEventLoop(); // whoever was just answered, or runs in this turn, joins the next batch
      if (this.#groups.length === 0) break;
      await this.#commit(this.#take());
    }
    this.#running = undefined;
    this.#options.idle?.();
  }

  async #commit({ groups, batch, bytes }: Taken<Item, Receipt>): Promise<void> {
    try {
      const receipts = await this.#options.commit(batch, bytes);
      let next = 0;
      for (const group of groups) {
        if (group.items === undefined) group.resolve(receipts[next]!);
        else group.resolve(receipts.slice(next, next + group.items.length));
        next += countOf(group);
      }
    } catch (error) {
      for (const group of groups) group.reject(error);
    }
  }

  /** The groups that waited longest, as many as fit in one commit. */
  #take(): Taken<Item, Receipt> {
    const { batchItems, batchBytes } = this.#options;
    const batch: Item[] = [];
    let bytes = 0;
    let count = 0;
    for (const group of this.#groups) {
      const fits = batch.length + countOf(group) <= batchItems && bytes + group.bytes <= batchBytes;
      if (count > 0 && !fits) break;
      if (group.items === undefined) batch.push(group.item);
      else for (const item of group.items) batch.push(item);
      bytes += group.bytes;
      count++;
    }
    const groups = this.#groups;
    this.#groups = groups.splice(count);
    this.#waiting -= batch.length;
    this.#waitingBytes -= bytes;
    return { groups, batch, bytes };
  }
}

/** What goes into one commit. */
interface Taken<Item, Receipt> {
  readonly groups: readonly Group<Item, Receipt>[];
  readonly batch: readonly Item[];
  readonly bytes: number;
}

function countOf({ items }: Group<unknown, never>): number {
  return items === undefined ? 1 : items.length;
}

function turnOfEventLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
