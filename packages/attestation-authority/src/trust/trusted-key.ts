// Keys and how long they are good for, counted in entries of the log: a time can be claimed, a place in the log is proven.
import { sha256 } from '@tenstrip/shared-core/crypto';
import { parseVerifierKey, SignatureType, type VerifierKey } from '@tenstrip/shared-core/transparency';

/** A key, and for which sizes of its log it is good. */
export interface TrustedKey {
  /** A C2SP vkey: `origin+key id+base64`, type Ed25519. Its origin is the log that the key signs. */
  readonly vkey: string;
  /** The log's size at which it began to sign. Default 0. */
  readonly fromSize?: bigint;
  /** The log's size at which another followed. Its signatures count for entries before that, with a proof. Default: it signs still. */
  readonly untilSize?: bigint;
  /** Somebody else may have it: its checkpoints do not count, whatever their size. Default `false`. */
  readonly compromised?: boolean;
}

/** A {@link TrustedKey}, read. */
export interface ReadKey {
  readonly vkey: string;
  readonly key: VerifierKey;
  /** As envelopes name it: `origin+key id`. */
  readonly keyId: string;
  readonly fromSize: bigint;
  readonly untilSize: bigint | undefined;
  readonly compromised: boolean;
}

/** A key ready for use, or `undefined` when its vkey is none of type Ed25519. */
export function readTrustedKey({ vkey, fromSize, untilSize, compromised }: TrustedKey): ReadKey | undefined {
  const key = parseVerifierKey(vkey, sha256);
  if (key?.signatureType !== SignatureType.ed25519) return undefined;
  return { vkey, key, keyId: keyIdOf(key), fromSize: fromSize ?? 0n, untilSize, compromised: compromised ?? false };
}

/** How an envelope's `keyid` names a key. */
export function keyIdOf({ keyName, keyId }: VerifierKey): string {
  return `${keyName}+${keyId.toString(16).padStart(8, '0')}`;
}
