// What the log holds: entries of canonical JSON (RFC 8785), each with a public fact and a personal part. The personal part
// (addresses, names, lines) stands beside the tree under a salted commitment and can be erased; proofs stay valid.

import { canonicalJson, sha256 } from '@tenstrip/shared-core/crypto';
import { commitErasable, type LogEntry } from '@tenstrip/shared-core/durable-log';
import { TenstripError } from '@tenstrip/shared-core/errors';
import type { BlockAction, RailCode, RevokeReason } from '../decisions/index.js';
import type { LedgerErrorCode } from '../errors/index.js';
import type { BlockTarget, SourcePosition } from '../events/index.js';
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

/** An entry that waits for its salt, its personal part in bytes: lists of lines as objects would outlive the collector's young. */
export interface WrittenEntry {
  readonly fact: { readonly v: 1; readonly class: LedgerEntry['class'] };
  readonly personal: Buffer | undefined;
}

/** Writes the personal part of an entry. */
export function writeEntry(entry: LedgerEntry): WrittenEntry {
  const personal = entry.personal === undefined ? undefined : Buffer.from(entryJson(entry.personal));
  return { fact: { v: 1, class: entry.class, ...entry.fact }, personal };
}

/** The bytes of an entry. `salt`: 16 fresh random bytes. */
export function sealEntry({ fact, personal }: WrittenEntry, salt: Uint8Array): LogEntry {
  if (personal === undefined) return { entry: Buffer.from(entryJson(fact)) };
  const { commitment, erasable } = commitErasable(personal, salt, sha256);
  const inHex = Buffer.from(commitment).toString('hex');
  return { entry: Buffer.from(entryJson({ ...fact, personal: inHex })), erasable };
}

/** The bytes of an entry, in one step. */
export function encodeEntry(entry: LedgerEntry, salt: Uint8Array): LogEntry {
  return sealEntry(writeEntry(entry), salt);
}

/**
 * The canonical JSON of plain data. With members in order `JSON.stringify` prints RFC 8785's text, at a fifth of the cost of a
 * library that has to order and check everything; what is not as plain as an entry is left to that.
 */
function entryJson(value: object): string {
  const ordered = isInOrder(value) ? value : inOrder(value);
  const text = ordered === undefined ? undefined : JSON.stringify(ordered);
  // An escape of half a surrogate pair, which canonical JSON refuses; or text that looks like one.
  return text === undefined || text.includes('\\ud') ? canonicalJson(value) : text;
}

/** Whether `value` is plain and the members of every object in it are in order, as those of evidence are, which is the most of an entry. */
function isInOrder(value: unknown): boolean {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length; at += 1) if (!isInOrder(value[at])) return false;
    return true;
  }
  if (typeof value !== 'object' || Object.getPrototypeOf(value) !== Object.prototype) return false;
  let before = '';
  for (const name in value) {
    if (!(before < name || before === '') || !isPlainName(name)) return false;
    const member = (value as Record<string, unknown>)[name];
    if (member !== undefined && !isInOrder(member)) return false;
    before = name;
  }
  return true;
}

/** `value` with the members of every object in order. `undefined` when it holds what is not plain. */
function inOrder(value: unknown): unknown {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (Array.isArray(value)) {
    const items = value.map(inOrder);
    return items.includes(undefined) ? undefined : items;
  }
  if (typeof value !== 'object' || Object.getPrototypeOf(value) !== Object.prototype) return undefined;
  const ordered: Record<string, unknown> = {};
  for (const name of Object.keys(value).sort()) {
    const member = (value as Record<string, unknown>)[name];
    if (!isPlainName(name)) return undefined;
    if (member === undefined) continue;
    const inside = inOrder(member);
    if (inside === undefined) return undefined;
    ordered[name] = inside;
  }
  return ordered;
}

/** Whether a name stands where it was put: an integer would come first whatever the order. */
function isPlainName(name: string): boolean {
  const first = name.charCodeAt(0);
  return !(first >= 48 && first <= 57) && name !== '__proto__' && name !== 'toJSON';
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
