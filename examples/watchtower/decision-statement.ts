// What an attestation says of a block decision, as a pure function of the ledger's entry: so that whoever verifies makes the
// statement again from the ledger, and compares. Nothing here knows how statements are signed or ledgers are written.

import { createHash } from 'node:crypto';
import {
  type AttestationRequest,
  preAuthenticationEncoding,
  statementPayloadType,
  statementType,
} from '@tenstrip/attestation-authority';
import { type BlockTarget, targetKey } from '@tenstrip/autoblocker-ledger';

/** The predicate type of a decision, its extension or its revocation. */
export const blockDecisionType = 'https://tenstrip.dev/predicates/block-decision/v1';
/** The predicate type of a run: its report, and the ledger as it was then. */
export const runType = 'https://tenstrip.dev/predicates/watchtower-run/v1';

const attestedClasses: ReadonlySet<unknown> = new Set(['decision', 'extension', 'revocation']);
const lifetimeMs = 50 * 365 * 86_400_000;
/** Before what is personal in an entry stands a salt. */
const saltBytes = 16;

/** An entry as a log holds it: its bytes, and the part that may have been erased. */
export interface StoredEntry {
  readonly entry: Uint8Array;
  readonly erasable?: Uint8Array;
}

/** What is attested of one entry. */
export interface DecisionStatement extends Pick<AttestationRequest, 'subject' | 'predicateType' | 'validity'> {
  readonly predicate: Readonly<Record<string, unknown>>;
  /** Whether the target is not in the ledger any more; what was attested of it before is then not compared. */
  readonly erased: boolean;
}

/** The statement for the entry at `index` of the ledger called `origin`; `undefined` when it is about no decision. */
export function decisionStatement(origin: string, index: bigint, stored: StoredEntry): DecisionStatement | undefined {
  const fact = JSON.parse(Buffer.from(stored.entry).toString()) as Record<string, unknown>;
  if (!attestedClasses.has(fact.class)) return undefined;
  const { v: _, personal: commitment, ...said } = fact;
  const personal = stored.erasable === undefined ? undefined : personalPart(stored.erasable);
  const target = targetOf(personal);
  const ofTarget = target === undefined ? {} : { target, reason: personal?.reason };
  const subject = [{ name: entryName(origin, index), digest: { sha256: sha256Hex(stored.entry) } }];
  // Of the target stands its salted commitment: the digest of a bare address could be guessed.
  if (target !== undefined) subject.push({ name: target, digest: { sha256: String(commitment) } });
  return {
    subject,
    predicateType: blockDecisionType,
    predicate: { entry: Number(index), ...said, ...ofTarget },
    validity: { notAfter: new Date(Number(fact.recordedAt) + lifetimeMs) },
    erased: commitment !== undefined && personal === undefined,
  };
}

/** The subject that an entry is. */
export function entryName(origin: string, index: bigint): string {
  return `${origin}#${index}`;
}

/** The index in the name of a subject, or `undefined` when it is no entry of that ledger. */
export function entryIndexOf(origin: string, name: string): bigint | undefined {
  const index = name.startsWith(`${origin}#`) ? name.slice(origin.length + 1) : '';
  return /^(?:0|[1-9]\d{0,15})$/.test(index) ? BigInt(index) : undefined;
}

/** The statement's text, byte for byte as the authority signs it where it is not revocable. */
export function statementText({
  subject,
  predicateType,
  predicate,
  validity,
}: Pick<AttestationRequest, 'subject' | 'predicateType' | 'predicate' | 'validity'>): string {
  const tenstrip_terms = { notAfter: validity.notAfter.toISOString() };
  return JSON.stringify({ _type: statementType, subject, predicateType, predicate, tenstrip_terms });
}

/** What the log holds of a statement: SHA-256 of what DSSE signs. */
export function statementDigest(text: string | Uint8Array): string {
  return sha256Hex(preAuthenticationEncoding(statementPayloadType, Buffer.from(text)));
}

/** The digest in an entry of the attestations' log, or `undefined`. */
export function loggedDigest(entry: Uint8Array): string | undefined {
  return /^tenstrip\.dev\/attest\/v1 sha256:([0-9a-f]{64}) /.exec(Buffer.from(entry).toString('latin1'))?.[1];
}

/** SHA-256 in hex. */
export function sha256Hex(bytes: string | Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function personalPart(erasable: Uint8Array): Record<string, unknown> {
  return JSON.parse(Buffer.from(erasable).subarray(saltBytes).toString());
}

/** `ip:203.0.113.7`, as subjects are named. */
function targetOf(personal: Record<string, unknown> | undefined): string | undefined {
  return personal?.target === undefined ? undefined : targetKey(personal.target as BlockTarget);
}
