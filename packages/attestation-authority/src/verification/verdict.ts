// Verdicts: what a verifier found, as data.
import type { Refusal } from '../errors/index.js';
import type { InTotoStatement } from '../statement/index.js';

/** What {@link AttestationVerifier.verify} found. */
export type Verdict = Acceptance | Refusal;

/** An attestation that is believed, and why. */
export interface Acceptance {
  readonly ok: true;
  readonly statement: InTotoStatement;
  /** The root under which it is believed. */
  readonly root: string;
  /** The key that vouched: `origin+key id`. */
  readonly keyId: string;
  /** The keys of the delegations, from the root down. */
  readonly delegatedBy: readonly string[];
  /** What vouched for the statement: its own signature, its log's proof, or both. */
  readonly by: 'signature' | 'proof' | 'both';
  /** Its place in the log, and the size of the tree that proves it. */
  readonly logIndex?: bigint;
  readonly checkpointSize?: bigint;
  /** Names of the witnesses that cosigned the checkpoint. */
  readonly witnessed: readonly string[];
  /** The status list version that shows that it is not revoked; absent where the policy asks for none. */
  readonly status?: StatusEvidence;
  /** The time that was given, in milliseconds since 1970. */
  readonly checkedAt: number;
}

/** Where it was looked up that something is not revoked. */
export interface StatusEvidence {
  readonly list: string;
  readonly index: number;
  readonly version: number;
  /** How old the version was, in milliseconds. */
  readonly ageMs: number;
}

/** What an attestation must say, besides being believed. */
export interface Expectation {
  /** One of its predicate types must be this. */
  readonly predicateType?: string;
  /** Some subject must have this name and each of these digests. */
  readonly subject?: { readonly name?: string; readonly digest?: Readonly<Record<string, string>> };
  /** It must be believed under this root. */
  readonly root?: string;
}
