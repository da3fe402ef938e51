// What the log holds: entries of canonical JSON (RFC 8785), each with a public fact and a personal part. The personal part
// (addresses, names, lines) stands beside the tree under a salted commitment and can be erased; proofs stay valid.

import { hash } from 'node:crypto';
import type { LogEntry } from '@tenstrip/shared-core/durable-log';
import { TenstripError } from '@tenstrip/shared-core/errors';
import type { BlockAction, RailCode, RevokeReason } from '../decisions/index.js';
import type { LedgerErrorCode } from '../errors/index.js';
import type { BlockTarget, SourcePosition } from '../events/index.js';
import { factText, personalText } from './entry-text.js';
import type { EvidenceLine } from './explanation.js';

/** What every entry says. */
interface EntryFact {
  /** Event time, in milliseconds since 1970. */
  readonly time: number;
  /** The clock when it was written. */
  readonly recordedAt: number;
}

/** A rule as an entry names it. */
interface RuleName {
  readonly name: string;
  readonly version: string;
}

/** What led to a decision, an extension or a refusal. */
interface EvidencePart {
  /** The same overflow has the same key, also when its lines are read again after a crash. */
  readonly overflow?: string | undefined;
  readonly evidence: readonly EvidenceLine[];
}

/** A new decision, in force or waiting for review. */
export interface DecisionEntry {
  readonly class: 'decision';
  readonly fact: EntryFact & {
    readonly action: BlockAction;
    readonly domains: 'all' | readonly string[];
    readonly origin: 'scenario' | 'person';
    readonly scenario: RuleName;
    readonly from: number;
    readonly until: number | null;
    readonly score: number;
    readonly eventCount: number;
    readonly held: 'active' | 'pending-review';
    /** Bans of the target that were remembered, by which it was lengthened. */
    readonly earlier?: number;
    /** The rail that wants a review, or that allowed a throttle where a ban was proposed. */
    readonly rail?: { readonly code: RailCode; readonly detail: string } | undefined;
  };
  readonly personal: (EvidencePart & { readonly target: BlockTarget; readonly reason: string }) | undefined;
}

/** A decision goes on longer. */
export interface ExtensionEntry {
  readonly class: 'extension';
  readonly fact: EntryFact & {
    /** Decimal id. */
    readonly decision: string;
    readonly until: number | null;
    readonly scenario: RuleName;
    readonly score: number;
    readonly eventCount: number;
  };
  /** Of the evidence, the lines that no earlier entry of the decision holds. */
  readonly personal: EvidencePart | undefined;
}

/** A rail refused. */
export interface RefusalEntry {
  readonly class: 'refusal';
  readonly fact: EntryFact & {
    readonly code: RailCode;
    readonly detail: string;
    readonly origin: 'scenario' | 'person';
    readonly scenario: RuleName;
    readonly score: number;
    readonly eventCount: number;
  };
  readonly personal: (EvidencePart & { readonly target: BlockTarget; readonly reason: string }) | undefined;
}

/** A decision was taken back. */
export interface RevocationEntry {
  readonly class: 'revocation';
  readonly fact: EntryFact & { readonly decision: string; readonly code: RevokeReason['code'] };
  readonly personal: { readonly text?: string; readonly by?: string } | undefined;
}

/** A network came on the allow-list, or off it. */
export interface AllowListEntry {
  readonly class: 'allow-list-change';
  readonly fact: EntryFact & { readonly change: 'add' | 'remove'; readonly by: 'options' | 'call' };
  readonly personal: { readonly network: string; readonly note?: string } | undefined;
}

/** The rules from here on. */
interface RuleChangeEntry {
  readonly class: 'rule-change';
  /** How many, and SHA-256 of their canonical JSON in hex. The list is beside the tree because it may be long. */
  readonly fact: EntryFact & { readonly count: number; readonly digest: string };
  readonly personal: { readonly rules: readonly RuleNumbers[] } | undefined;
}

/** A rule with its thresholds. */
export interface RuleNumbers extends RuleName {
  /** `null`: no number of events overflows, but a condition or a time. */
  readonly capacity: number | null;
  readonly leakSpeedMs: number;
  readonly blackholeMs: number;
}

/** How far a source was read; all that was found up to there stands before this entry. */
interface SourcePositionEntry {
  readonly class: 'source-position';
  readonly fact: EntryFact & { readonly offset: number };
  readonly personal: { readonly source: string; readonly position: SourcePosition } | undefined;
}

/** A batch of events was taken from a sender; all that it led to stands before this entry. */
export interface EventBatchEntry {
  readonly class: 'event-batch';
  readonly fact: EntryFact & { readonly events: number };
  readonly personal: BatchName | undefined;
}

/** By what a second sending of a batch is known. */
export interface BatchName {
  /** The sender's name for it. */
  readonly batch: string;
  /** Half of the SHA-256 of what was sent, in hex; ledgers of before have none. */
  readonly digest?: string;
}

/** One entry of the ledger. `personal` is `undefined` once erased. */
export type LedgerEntry =
  | DecisionEntry
  | ExtensionEntry
  | RefusalEntry
  | RevocationEntry
  | AllowListEntry
  | RuleChangeEntry
  | SourcePositionEntry
  | EventBatchEntry;

const classes: ReadonlySet<string> = new Set<LedgerEntry['class']>([
  'decision',
  'extension',
  'refusal',
  'revocation',
  'allow-list-change',
  'rule-change',
  'source-position',
  'event-batch',
]);

/** An entry that waits for its salt, in bytes: objects and texts of it would outlive the collector's young. */
export interface WrittenEntry {
  readonly entry: Buffer;
  /** Where in it the commitment goes. */
  readonly commitmentAt: number;
  /** Room for the salt, and the personal part. */
  readonly erasable: Buffer | undefined;
}

const commitmentLength = 64;

/** Writes all of an entry but salt and commitment. */
export function writeEntry(entry: LedgerEntry): WrittenEntry {
  const { before, after } = factText(entry);
  const commitmentAt = Buffer.byteLength(before);
  if (entry.personal === undefined) return { entry: Buffer.from(before), commitmentAt, erasable: undefined };
  const fact = Buffer.allocUnsafe(commitmentAt + commitmentLength + Buffer.byteLength(after));
  fact.write(before, 0);
  fact.write(after, commitmentAt + commitmentLength);
  const text = personalText(entry);
  const erasable = Buffer.allocUnsafe(saltBytes + Buffer.byteLength(text));
  erasable.write(text, saltBytes);
  return { entry: fact, commitmentAt, erasable };
}

/** The bytes of an entry. `salts`: at `at` 16 fresh random bytes. */
export function sealEntry({ entry, commitmentAt, erasable }: WrittenEntry, salts: Uint8Array, at = 0): LogEntry {
  if (erasable === undefined) return { entry };
  for (let byte = 0; byte < saltBytes; byte += 1) erasable[byte] = salts[at + byte]!;
  const commitment = hash('sha256', erasable, 'hex');
  entry.write(commitment, commitmentAt, 'latin1');
  return { entry, erasable, commitment };
}

/** The bytes of an entry, in one step. */
export function encodeEntry(entry: LedgerEntry, salt: Uint8Array): LogEntry {
  return sealEntry(writeEntry(entry), salt);
}

/** The entry in some bytes of the log. @throws TenstripError `EntryInvalid` */
export function decodeEntry(index: bigint, stored: LogEntry): LedgerEntry {
  try {
    const { v, class: kind, personal: commitment, ...fact } = JSON.parse(textOf(stored.entry));
    if (v !== 1 || !classes.has(kind)) throw new Error(`version ${v}, class ${kind}`);
    const { erasable } = stored;
    const personal = erasable === undefined ? undefined : JSON.parse(textOf(erasable.subarray(saltBytes)));
    if (fact.scenario !== undefined) fact.scenario = sharedRule(fact.scenario);
    return { class: kind, fact, personal } as LedgerEntry;
  } catch (cause) {
    throw new TenstripError<LedgerErrorCode>(
      'EntryInvalid',
      `Entry ${index} is none of this ledger's kinds (${(cause as Error).message}). Open the ledger with the version that wrote it, or verify it.`,
      { details: { index }, cause },
    );
  }
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

const maxRules = 10_000;
const rules = new Map<string, RuleName>();

/** Rules that stand in many entries are one object in memory. */
function sharedRule(rule: RuleName): RuleName {
  const key = `${rule.name} ${rule.version}`;
  const known = rules.get(key);
  if (known !== undefined) return known;
  if (rules.size < maxRules) rules.set(key, rule);
  return rule;
}

/** The commitment in an entry's bytes to its personal part: SHA-256 in hex; `undefined` when it has none. */
export function commitmentOf(entry: Uint8Array): string | undefined {
  return (JSON.parse(Buffer.from(entry).toString('utf8')) as { personal?: string }).personal;
}

/** Bytes of salt before a personal part. */
export const saltBytes = 16;
