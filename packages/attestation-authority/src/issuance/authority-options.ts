// What an authority is opened with, and what it is asked to issue.
import type { ResourceGovernor } from '@tenstrip/shared-core';
import type { Signer } from '@tenstrip/shared-core/crypto';
import { z } from 'zod';
import { checked } from '../errors/index.js';
import {
  type ChainLink,
  checkEnvelope,
  hasStatementContent,
  maximumChain,
  type PredicateSchemas,
  type Subject,
  statementContentSchema,
} from '../statement/index.js';
import { readTrustedKey, type TrustedKey } from '../trust/index.js';

/** Options of `AttestationAuthority.open`. */
export interface AuthorityOptions {
  /** Where its log lives; made when missing. `memory:` keeps nothing. */
  readonly folder: string;
  /** Its name, the log's, and the key's: one line without spaces and `+`, by custom a URL without scheme. */
  readonly origin: string;
  /** Signs checkpoints, and statements in classic mode. Default: the folder's key file, or for `memory:` a fresh key. */
  readonly signer?: Signer;
  /** Opens the folder's key file, which is made on first use. Not needed with a `signer` or in memory. */
  readonly passphrase?: string;
  /** Keys that signed this log before, so that what they vouched for can be renewed and revoked. */
  readonly previousKeys?: readonly TrustedKey[];
  /** What stands before the number in the names of status lists. Default `https://<origin>/status`. */
  readonly statusName?: string;
  /** The delegations that lead from a root to this authority's key; given with every attestation. */
  readonly chain?: readonly ChainLink[];
  /** Schemas of further predicate types. */
  readonly predicates?: PredicateSchemas;
  /** Caps, clock, randomness, sandbox. Default: ungoverned. */
  readonly governor?: ResourceGovernor;
  /** `fsync`: what was issued survives power loss; `os`: the death of the process only. Default `fsync`. */
  readonly durability?: 'fsync' | 'os';
  /** Entries that may wait to be logged. Default 65,536. */
  readonly maxWaiting?: number;
}

/** Who vouches in an attestation: its log's checkpoint, a signature of its own, or both. All are logged. */
export type IssuanceMode = 'transparent' | 'signature' | 'both';

/** What is to be attested. */
export interface AttestationRequest {
  readonly subject: readonly Subject[];
  readonly predicateType: string;
  readonly predicate: unknown;
  /** `notAfter` must be ahead. */
  readonly validity: { readonly notBefore?: Date; readonly notAfter: Date };
  /** Default `transparent`. */
  readonly mode?: IssuanceMode;
  /** Whether it gets a place in a status list. Without one it cannot be revoked, and verifiers refuse it by default. Default `true`. */
  readonly revocable?: boolean;
}

/** The request that a caller gave. @throws TenstripError `RequestInvalid` with everything that is wrong */
export function readRequest(given: unknown): AttestationRequest {
  return isUsual(given) ? given : (checked(requestSchema, given, 'a request', 'RequestInvalid') as AttestationRequest);
}

/** Whether the schema would surely say yes, found without it. */
function isUsual(given: unknown): given is AttestationRequest {
  if (!hasStatementContent(given)) return false;
  const { validity, mode, revocable } = given as AttestationRequest;
  return isValidity(validity) && isMode(mode) && (revocable === undefined || typeof revocable === 'boolean');
}

function isMode(mode: unknown): boolean {
  return mode === undefined || mode === 'transparent' || mode === 'signature' || mode === 'both';
}

function isValidity(validity: unknown): boolean {
  if (typeof validity !== 'object' || validity === null) return false;
  for (const name in validity) if (name !== 'notBefore' && name !== 'notAfter') return false;
  const { notBefore, notAfter } = validity as AttestationRequest['validity'];
  return isDate(notAfter) && (notBefore === undefined || isDate(notBefore));
}

function isDate(value: unknown): boolean {
  return value instanceof Date && !Number.isNaN(value.getTime());
}

/** Requests, as they are told what is wrong with them. */
const requestSchema = statementContentSchema.extend({
  validity: z.strictObject({ notBefore: z.date().optional(), notAfter: z.date() }),
  mode: z.enum(['transparent', 'signature', 'both']).optional(),
  revocable: z.boolean().optional(),
});

/** Whether a value can sign. A key that a service holds may be asked for later, so this looks at the shape alone. */
export function isSigner(value: unknown): value is Signer {
  const { publicKey, sign } = Object(value) as Signer;
  return publicKey instanceof Uint8Array && publicKey.length === 32 && typeof sign === 'function';
}

/** What {@link isSigner} asks for, in words. */
export const signerShape = 'a signer: a publicKey of 32 bytes and the function sign';

function isTrustedKey(value: unknown): boolean {
  const key = Object(value) as TrustedKey;
  return typeof key.vkey === 'string' && readTrustedKey(key) !== undefined;
}

function isGovernor(value: unknown): boolean {
  const { clock, entropy, use } = Object(value) as ResourceGovernor;
  return typeof clock === 'object' && typeof entropy === 'function' && typeof use === 'function';
}

/** Options, read. */
export const optionsSchema = z.strictObject({
  folder: z.string().min(1),
  origin: z.string().regex(/^[^\s+]{1,256}$/, 'one line without spaces and +'),
  signer: z.custom<Signer>(isSigner, signerShape).optional(),
  passphrase: z.string().min(1).optional(),
  previousKeys: z.array(z.custom<TrustedKey>(isTrustedKey, 'a key with an Ed25519 vkey')).max(63).default([]),
  statusName: z.string().min(1).max(1024).regex(/[^/]$/, 'no / at its end').optional(),
  chain: z
    .array(
      z.custom<ChainLink>((link) => checkEnvelope(Object(link).envelope, '') === undefined, 'a link with an envelope'),
    )
    .max(maximumChain)
    .default([]),
  predicates: z.custom<PredicateSchemas>((given) => given instanceof Map, 'a Map').default(() => new Map()),
  governor: z.custom<ResourceGovernor>(isGovernor, 'a ResourceGovernor').optional(),
  durability: z.enum(['fsync', 'os']).default('fsync'),
  maxWaiting: z.int().min(1).max(10_000_000).default(65_536),
});
