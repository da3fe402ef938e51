// The ledger: a durable log of entries, and the tables in memory that they make. An entry takes effect in memory when it
// is recorded, gets its index then, and is acknowledged when the log has it on disk under a signed checkpoint.

import type { LogWriter } from '@tenstrip/shared-core/durable-log';
import { TenstripError } from '@tenstrip/shared-core/errors';
import { parseTlogProof } from '@tenstrip/shared-core/transparency';
import { type Decision, railCodes } from '../decisions/index.js';
import type { LedgerErrorCode } from '../errors/index.js';
import type { DecisionChange } from './decision-change.js';
import type { DecisionHistory, EvidenceLine, Explanation } from './explanation.js';
import { decodeEntry, type LedgerEntry, saltBytes, sealEntry, type WrittenEntry, writeEntry } from './ledger-entry.js';
import { Projections } from './projections.js';

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
  /** Recorded, with effect in memory, and not yet given to the log. */
  #recorded: WrittenEntry[] = [];
  #nextIndex: bigint;
  /** Why no more entries are taken. */
  #failure: unknown;
  #appending: Promise<void> = Promise.resolve();

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
    return this.#recorded.length;
  }

  /** Takes an entry in; it has its effect at once. Call {@link flush} to have it acknowledged. @throws TenstripError `LedgerClosed` */
  record(entry: LedgerEntry): bigint {
    this.#checkOpen();
    const written = writeEntry(entry);
    const index = this.#nextIndex;
    this.#nextIndex += 1n;
    this.projections.apply(index, entry);
    this.#recorded.push(written);
    return index;
  }

  /** Resolves when everything recorded so far is durable. @throws TenstripError `LedgerClosed` when the log failed. */
  async flush(): Promise<void> {
    this.#checkOpen();
    const entries = this.#recorded;
    this.#recorded = [];
    if (entries.length > 0) {
      const salts = this.#entropy(saltBytes * entries.length);
      const sealed = entries.map((entry, place) => sealEntry(entry, salts, saltBytes * place));
      const appended = this.#log.appendAll(sealed);
      this.#appending = Promise.all([this.#appending, appended]).then(() => undefined);
    }
    try {
      await this.#appending;
    } catch (error) {
      // Memory is ahead of the disk now: what is recorded further would have the wrong index.
      this.#failure ??= error;
      throw this.#closedError();
    }
  }

  /** Takes no more entries from here on. */
  close(): void {
    this.#failure ??= 'closed';
  }

  /** Why a decision stands. `descriptions`: of the rules, by name, blank and version. @throws TenstripError `DecisionUnknown` */
  async explain(id: bigint, at: number, descriptions: ReadonlyMap<string, string>): Promise<Explanation> {
    const decision = this.requireDecision(id, at);
    if (this.#failure === undefined) await this.flush();
    const stored = await this.#log.reader.entry(id);
    const entry = decodeEntry(id, stored);
    const evidence = [...evidenceOf(entry)];
    const history: DecisionHistory[] = [];
    for (const index of this.projections.history(id)) {
      const change = decodeEntry(index, await this.#log.reader.entry(index));
      evidence.push(...evidenceOf(change));
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
    if (this.#failure === undefined) await this.flush();
    return this.#log.reader.tlogProof(index);
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
        : 'A write to the ledger failed, so that it takes no more. What was acknowledged is safe: see the cause, make room or repair the disk, and open the ledger again.',
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
