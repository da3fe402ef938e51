// Trust: the roots that are believed, for what, and how fresh a status must be. Plain data in; checked once, then only read.

import { sha256 } from '@tenstrip/shared-core/crypto';
import { TenstripError } from '@tenstrip/shared-core/errors';
import {
  parseTrustPolicy,
  parseVerifierKey,
  printTrustPolicy,
  type TrustPolicy,
} from '@tenstrip/shared-core/transparency';
import { z } from 'zod';
import { type AttestationErrorCode, checked } from '../errors/index.js';
import { maximumChain, patternSchema } from '../statement/index.js';
import type { Scope } from './scope.js';
import { type ReadKey, readTrustedKey, type TrustedKey } from './trusted-key.js';

/** An organisation that is believed, inside a scope. */
export interface TrustRoot {
  /** What verdicts and status lists call it; unlike any other root's. */
  readonly name: string;
  /** At most 64, none of them twice. */
  readonly keys: readonly TrustedKey[];
  /** About which subjects it may speak: names, or prefixes and `*`. Default all. */
  readonly subjects?: readonly string[];
  /** In which predicate types it may speak. Default all. */
  readonly predicateTypes?: readonly string[];
  /** Default: always. */
  readonly notBefore?: Date;
  /** From here on nothing under this root is believed. Default: never. */
  readonly notAfter?: Date;
  /** How long a chain of delegations may be, 0 to 8. Default 8. */
  readonly maxDepth?: number;
  /** Witnesses that must have cosigned its checkpoints. Default: none. */
  readonly witnesses?: Pick<TrustPolicy, 'witnesses' | 'groups' | 'quorum'>;
}

/** How fresh a status must be. */
export interface StatusPolicy {
  /** Oldest status list version that is good, in milliseconds. Default 60,000. */
  readonly maxAgeMs?: number;
  /** What an older version, or none, leads to. Default `refuse`. */
  readonly stale?: 'refuse' | 'accept';
  /** What an attestation that has no place in a status list leads to: it cannot be revoked. Default `refuse`. */
  readonly missing?: 'refuse' | 'accept';
}

/** Whom a verifier believes. */
export interface Trust {
  readonly roots: readonly TrustRoot[];
  readonly status?: StatusPolicy;
  /** How far ahead of ours an issuer's clock may be, in milliseconds, up to 300,000. Default 60,000. */
  readonly clockSkewMs?: number;
}

/** Who may speak, and inside which bounds, at one point of a chain. */
export interface Authorised {
  readonly root: ReadRoot;
  readonly keys: readonly ReadKey[];
  readonly scope: Scope;
}

/** A root, read. */
export interface ReadRoot {
  readonly name: string;
  /** The root itself, at the head of every chain. */
  readonly authorised: Authorised;
  readonly witnesses: Pick<TrustPolicy, 'witnesses' | 'groups' | 'quorum'>;
}

/** Trust, read. */
export interface ReadTrust {
  readonly roots: readonly ReadRoot[];
  readonly status: Required<StatusPolicy>;
  readonly clockSkewMs: number;
}

/** Most keys of a root. */
export const maximumKeys = 64;

/** Checked by C2SP's rules, and copied. */
const witnessesSchema = z.custom<ReadRoot['witnesses']>().transform((given, context) => {
  try {
    const { witnesses, groups, quorum } = parseTrustPolicy(printTrustPolicy({ logs: [], ...given }, sha256), sha256)!;
    return { witnesses, groups, quorum };
  } catch {
    context.addIssue({ code: 'custom', message: 'witnesses, groups and a quorum of them, as in a C2SP tlog-policy' });
    return z.NEVER;
  }
});

const size = z.bigint().min(0n);
const patterns = z.array(patternSchema).min(1).max(1024);
const trustSchema = z.strictObject({
  roots: z
    .array(
      z.strictObject({
        name: z.string().min(1).max(256),
        keys: z
          .array(
            z
              .strictObject({
                vkey: z.string().refine((vkey) => readTrustedKey({ vkey }) !== undefined, 'an Ed25519 vkey'),
                fromSize: size.optional(),
                untilSize: size.optional(),
                compromised: z.boolean().optional(),
              })
              .refine(({ fromSize = 0n, untilSize }) => untilSize === undefined || untilSize >= fromSize, {
                message: 'untilSize is below fromSize',
              }),
          )
          .min(1)
          .max(maximumKeys)
          .refine((keys) => new Set(keys.map(({ vkey }) => vkey)).size === keys.length, 'the same key twice'),
        subjects: patterns.default(['*']),
        predicateTypes: patterns.default(['*']),
        notBefore: z.date().optional(),
        notAfter: z.date().optional(),
        maxDepth: z.int().min(0).max(maximumChain).default(maximumChain),
        witnesses: witnessesSchema.default({ witnesses: [], groups: [], quorum: 'none' }),
      }),
    )
    .min(1)
    .max(256),
  status: z
    .strictObject({
      maxAgeMs: z.number().min(0).default(60_000),
      stale: z.enum(['refuse', 'accept']).default('refuse'),
      missing: z.enum(['refuse', 'accept']).default('refuse'),
    })
    .prefault({}),
  clockSkewMs: z.number().min(0).max(300_000).default(60_000),
});

/** Trust, checked and ready for use. @throws TenstripError `OptionsInvalid` with everything that is wrong. */
export function readTrust(trust: Trust): ReadTrust {
  const { roots, status, clockSkewMs } = checked(trustSchema, trust, 'trust');
  const names = new Set(roots.map(({ name }) => name));
  if (names.size < roots.length) {
    throw new TenstripError<AttestationErrorCode>('OptionsInvalid', 'Two roots have the same name. Give each its own.');
  }
  return {
    status,
    clockSkewMs,
    roots: roots.map(({ name, keys, subjects, predicateTypes, notBefore, notAfter, maxDepth, witnesses }) => {
      const scope = {
        subjects,
        predicateTypes,
        notBefore: notBefore?.getTime() ?? Number.NEGATIVE_INFINITY,
        notAfter: notAfter?.getTime() ?? Number.POSITIVE_INFINITY,
        maxDepth,
      };
      const root = { name, witnesses } as { -readonly [Member in keyof ReadRoot]: ReadRoot[Member] };
      root.authorised = { root, keys: keys.map((key) => readTrustedKey(key as TrustedKey)!), scope };
      return root;
    }),
  };
}

/**
 * The root after a rotation of its key: the old key is good up to `atSize` entries, the new one from there on.
 * @throws TenstripError `OptionsInvalid` when the root has no such key, or its key was replaced before; when `to` is no vkey, or is there
 * already; when the root has 64 keys
 */
export function rotateRoot(root: TrustRoot, from: string, to: string, atSize: bigint): TrustRoot {
  const wrong = (why: string) =>
    new TenstripError<AttestationErrorCode>('OptionsInvalid', `The root ${root?.name} ${why}.`);
  if (!Array.isArray(root?.keys)) throw wrong('has no keys: it is no root of trust');
  const old = root.keys.find(({ vkey }) => vkey === from);
  if (old === undefined) throw wrong(`has no key ${from}`);
  if (old.untilSize !== undefined) throw wrong(`had its key ${from} replaced at the size ${old.untilSize} already`);
  if (root.keys.length >= maximumKeys) throw wrong(`has ${maximumKeys} keys, the most that it may have`);
  if (atSize < (old.fromSize ?? 0n)) throw wrong(`has the key ${from} from the size ${old.fromSize} on only`);
  if (parseVerifierKey(to, sha256) === undefined || root.keys.some(({ vkey }) => vkey === to)) {
    throw wrong(`cannot have ${to} as its next key: it is no vkey, or there already`);
  }
  const keys = root.keys.map((key) => (key === old ? { ...key, untilSize: atSize } : key));
  return { ...root, keys: [...keys, { vkey: to, fromSize: atSize }] };
}

/** Whether {@link rotateRoot} has led to a root. */
export function isRotatedTo({ keys }: TrustRoot, from: string, to: string, atSize: bigint): boolean {
  return (
    keys.some(({ vkey, untilSize }) => vkey === from && untilSize === atSize) &&
    keys.some(({ vkey, fromSize }) => vkey === to && fromSize === atSize)
  );
}
