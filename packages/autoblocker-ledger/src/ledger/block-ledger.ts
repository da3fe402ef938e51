// The ledger: a durable log of entries, and the tables in memory that they make. An entry takes effect in memory when it
// is recorded, gets its index then, and is acknowledged when the log has it on disk under a signed checkpoint. Entries go to
// the log in their order, one commit after the other: where the disk refuses one, it and all behind it wait, and whoever
// flushes next writes them first. So an index that memory gave is the index on disk, however often the disk was full.

import type { LogWriter } from '@tenstrip/shared-core/durable-log';
import { assert, type CoreErrorCode, TenstripError } from '@tenstrip/shared-core/errors';
import { parseTlogProof } from '@tenstrip/shared-core/transparency';
import { type Decision, railCodes } from '../decisions/index.js';
import type { LedgerErrorCode } from '../errors/index.js';
import type { DecisionChange } from './decision-change.js';
import type { DecisionHistory, EvidenceLine, Explanation } from './explanation.js';
import { decodeEntry, type LedgerEntry, saltBytes, sealEntry, type WrittenEntry, writeEntry } from './ledger-entry.js';
import { Projections } from './projections.js';

/** Entries and bytes of one commit: the log takes no more in one, and one is written whole or not at all. */
const commitEntries = 4096;
const commitBytes = 7 * 2 ** 20;

/** What a ledger is made of. */
export interface BlockLedgerParts {
  readonly log: LogWriter;
  readonly verifierKey: string;
  /** Fresh bytes for salts. */
  readonly entropy: (length: number) => Uint8Array;
}

/** A durable log of decisions and its tables. */
export class BlockLedger {
  readonly projections: Projections;
  readonly verifierKey: string;
  readonly #log: LogWriter;
  readonly #entropy: (length: number) => Uint8Array;
  /** Recorded, with effect in memory, and not on disk; the oldest is the one with the index {@link durableSize}. */
  #waiting: WrittenEntry[] = [];
  /** How many of these the log has in hand. */
  #given = 0;
  #writing: Promise<void> | undefined;
  #nextIndex: bigint;
  #refusal: TenstripError<CoreErrorCode> | undefined;
  /** Why no more entries are taken, ever. */
  #failure: unknown;

  /** Opens a ledger on its log, and replays the log. */
  static async open(parts: BlockLedgerParts): Promise<BlockLedger> {
    const ledger = new BlockLedger(parts);
    const { reader } = parts.log;
    let index = reader.minimumIndex;
    for await (const batch of reader.batches(index, reader.size)) {
      for (const stored of batch) {
        ledger.projections.apply(index, decodeEntry(index, stored));
        index += 1n;
      }
    }
    return ledger;
  }

  private constructor({ log, verifierKey, entropy }: BlockLedgerParts) {
    this.#log = log;
    this.verifierKey = verifierKey;
    this.#entropy = entropy;
    this.projections = new Projections(Buffer.from(entropy(4)).readInt32LE());
    this.#nextIndex = log.reader.size;
  }

  /** Entries, those included that are not acknowledged yet. */
  get size(): bigint {
    return this.#nextIndex;
  }

  /** Entries that are on disk under a signed checkpoint. */
  get durableSize(): bigint {
    return this.#log.reader.size;
  }

  /** The newest signed checkpoint. */
  get checkpoint(): string {
    return this.#log.reader.checkpoint;
  }

  /** Entries recorded that are not given to the log yet. */
  get recordedCount(): number {
    return this.#waiting.length - this.#given;
  }

  /** Entries recorded that are not on disk. */
  get waitingCount(): number {
    return this.#waiting.length;
  }

  /** What the disk said when it refused the last write; `undefined` since it took one again. */
  get refusal(): TenstripError<CoreErrorCode> | undefined {
    return this.#refusal;
  }

  /** Takes an entry in; it has its effect at once. Call {@link flush} to have it acknowledged. @throws TenstripError `LedgerClosed` */
  record(entry: LedgerEntry): bigint {
    this.#checkOpen();
    const written = writeEntry(entry);
    const index = this.#nextIndex;
    this.#nextIndex += 1n;
    this.projections.apply(index, entry);
    this.#waiting.push(written);
    return index;
  }

  /**
   * Resolves when everything recorded so far is durable.
   * @throws TenstripError `LogUnavailable` when the disk refuses: all waits in memory, and the next call writes it;
   * `LedgerClosed` when the log failed in another way.
   */
  async flush(): Promise<void> {
    this.#checkOpen();
    const end = this.#nextIndex;
    while (this.durableSize < end) {
      this.#writing ??= this.#writeSome().finally(() => {
        this.#writing = undefined;
      });
      await this.#writing;
    }
  }

  /**
   * Writes what waits since the disk refused, before anything new is taken: what waits is bounded by what was under way then.
   * @throws TenstripError as {@link BlockLedger.flush}
   */
  async recover(): Promise<void> {
    if (this.#refusal !== undefined) await this.flush();
  }

  /** One commit of what waits longest. */
  async #writeSome(): Promise<void> {
    const entries = this.#waiting.slice(0, this.#commitLength());
    assert(entries.length > 0, 'what is not on disk waits');
    const salts = this.#entropy(saltBytes * entries.length);
    const first = this.durableSize;
    this.#given = entries.length;
    try {
      await this.#log.appendAll(entries.map((entry, place) => sealEntry(entry, salts, saltBytes * place)));
      this.#refusal = undefined;
    } catch (error) {
      throw this.#refused(error);
    } finally {
      this.#given = 0;
      const written = Number(this.durableSize - first);
      this.#waiting = written === this.#waiting.length ? [] : this.#waiting.slice(written);
    }
  }

  #commitLength(): number {
    let [count, bytes] = [0, 0];
    for (const { entry, erasable } of this.#waiting) {
      bytes += entry.length + (erasable?.length ?? 0);
      if (count > 0 && (count === commitEntries || bytes > commitBytes)) break;
      count += 1;
    }
    return count;
  }

  /** What passes is told as it is; from anything else on, memory is ahead of the disk for good. */
  #refused(error: unknown): TenstripError<CoreErrorCode | LedgerErrorCode> {
    if (!(error instanceof TenstripError) || !error.retryable) {
      this.#failure ??= error;
      return this.#closedError();
    }
    const count = this.#waiting.length;
    this.#refusal = new TenstripError<CoreErrorCode>(
      'LogUnavailable',
      `The ledger cannot be written: ${error.message}. What is in force stays in force, and nothing new is taken. ${count} entries wait in memory, not acknowledged, and are written first by the next call that finds room: make room or repair the disk, and call again.`,
      { retryable: true, details: { waiting: count }, cause: error },
    );
    return this.#refusal;
  }

  /** Takes no more entries from here on. */
  close(): void {
    this.#failure ??= 'closed';
  }

  /** Why a decision stands. `descriptions`: of the rules, by name, blank and version. @throws TenstripError `DecisionUnknown` */
  async explain(id: bigint, at: number, descriptions: ReadonlyMap<string, string>): Promise<Explanation> {
    const decision = this.requireDecision(id, at);
    await this.#awaitDurable(this.projections.history(id).at(-1) ?? id);
    const stored = await this.#log.reader.entry(id);
    const entry = decodeEntry(id, stored);
    const evidence = [...evidenceOf(entry)];
    const history: DecisionHistory[] = [];
    for (const index of this.projections.history(id)) {
      const change = decodeEntry(index, await this.#log.reader.entry(index));
      // Ledgers of before have extensions that state all their lines, those of the decision too.
      const known = new Set(evidence.map(({ digest }) => digest));
      evidence.push(...evidenceOf(change).filter(({ digest }) => !known.has(digest)));
      history.push(historyOf(index, change));
    }
    const proof = await this.#log.reader.tlogProof(id);
    const { name, version } = decision.scenario;
    return {
      decision,
      rule: { name, version, description: descriptions.get(`${name} ${version}`) ?? decision.reason },
      evidence,
      history,
      ...circumstancesOf(entry),
      entry: Buffer.from(stored.entry).toString('utf8'),
      proof,
      checkpoint: parseTlogProof(proof)?.checkpoint ?? this.checkpoint,
      verifierKey: this.verifierKey,
      revocation: wayBack(decision),
    };
  }

  /** The decision with this id. @throws TenstripError `DecisionUnknown` */
  requireDecision(id: bigint, at: number): Decision {
    const decision = this.projections.decision(id, at);
    if (decision !== undefined) return decision;
    throw new TenstripError<LedgerErrorCode>(
      'DecisionUnknown',
      `The ledger has no decision ${id}. Ids are those that decisions and query() state.`,
      { details: { id } },
    );
  }

  /** Changes of decisions after ledger index `cursor` (-1n: all), as far as they are durable now. */
  async *changesSince(cursor: bigint, at: () => number): AsyncGenerator<DecisionChange> {
    const { reader } = this.#log;
    const oldest = reader.minimumIndex;
    let index = cursor + 1n < oldest ? oldest : cursor + 1n;
    const end = reader.size;
    if (index >= end) return;
    for await (const stored of reader.entries(index, end)) {
      const change = this.#changeOf(index, decodeEntry(index, stored), at());
      if (change !== undefined) yield change;
      index += 1n;
    }
  }

  /** The inclusion of an entry as a C2SP tlog-proof. @throws RangeError when there is no such entry. */
  async prove(index: bigint): Promise<string> {
    await this.#awaitDurable(index);
    return this.#log.reader.tlogProof(index);
  }

  /** What is on disk is told also where nothing can be written. */
  async #awaitDurable(index: bigint): Promise<void> {
    if (index >= this.durableSize && index < this.size) await this.flush();
  }

  #changeOf(cursor: bigint, entry: LedgerEntry, at: number): DecisionChange | undefined {
    if (entry.class !== 'decision' && entry.class !== 'extension' && entry.class !== 'revocation') return undefined;
    const id = entry.class === 'decision' ? cursor : BigInt(entry.fact.decision);
    const decision = this.projections.decision(id, at);
    if (decision === undefined) return undefined;
    if (entry.class === 'revocation') {
      return { kind: 'revoked', cursor, decision, reason: { code: entry.fact.code, ...entry.personal } };
    }
    return { kind: entry.class === 'decision' ? 'added' : 'extended', cursor, decision };
  }

  #checkOpen(): void {
    if (this.#failure !== undefined) throw this.#closedError();
  }

  #closedError(): TenstripError<LedgerErrorCode> {
    const closed = this.#failure === 'closed';
    return new TenstripError<LedgerErrorCode>(
      'LedgerClosed',
      closed
        ? 'This ledger was closed. Open it again to go on.'
        : 'A write to the ledger failed for good, so that it takes no more. What was acknowledged is safe: see the cause, and open the ledger again.',
      closed ? {} : { cause: this.#failure },
    );
  }
}

function evidenceOf(entry: LedgerEntry): readonly EvidenceLine[] {
  const carries = entry.class === 'decision' || entry.class === 'extension';
  return carries ? (entry.personal?.evidence ?? []) : [];
}

function historyOf(index: bigint, entry: LedgerEntry): DecisionHistory {
  if (entry.class === 'revocation') {
    return {
      kind: 'revoked',
      entry: index,
      time: entry.fact.time,
      reason: { code: entry.fact.code, ...entry.personal },
    };
  }
  if (entry.class !== 'extension') throw new Error(`entry ${index} of class ${entry.class} changes no decision`);
  const { time, until, scenario } = entry.fact;
  return { kind: 'extended', entry: index, time, until, scenario: scenario.name };
}

/** How long it was to be, and what the rails said: as the entry has it. */
function circumstancesOf(entry: LedgerEntry): Pick<Explanation, 'escalation' | 'rails'> {
  if (entry.class !== 'decision') throw new Error(`entry of class ${entry.class} is no decision`);
  const { earlier = 0, from, until, rail } = entry.fact;
  const objectionOf = (code: string) => (rail?.code === code ? rail.detail : undefined);
  return {
    escalation: { earlier, lengthMs: until === null ? null : until - from },
    rails: railCodes.map((code) => ({ code, objection: objectionOf(code) })),
  };
}

function wayBack({ id, state, until }: Decision): string {
  if (state === 'revoked') return `Decision ${id} is revoked already.`;
  if (state === 'expired') return `Decision ${id} has ended by itself.`;
  const end = until === null ? 'It has no end of its own.' : `It ends by itself at ${new Date(until).toISOString()}.`;
  return `${end} To end it now: ledger.revoke(${id}n, { code: 'false-positive', by, text }). To keep it from coming back: ledger.allow(network).`;
}
