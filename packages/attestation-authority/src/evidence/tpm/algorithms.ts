// Hash algorithms and signature schemes by their TPM_ALG_ID. Source: TCG Algorithm Registry, table 3.

/** A hash algorithm of PCR banks and signatures that can be computed here, by the name that `node:crypto` knows too. */
export type HashName = 'sha1' | 'sha256' | 'sha384' | 'sha512';

/** Octets of a digest. */
export const digestBytes: Readonly<Record<HashName, number>> = { sha1: 20, sha256: 32, sha384: 48, sha512: 64 };

/** All of them, for schemas. */
export const hashNames = ['sha1', 'sha256', 'sha384', 'sha512'] as const;

const names: ReadonlyMap<number, HashName> = new Map([
  [0x0004, 'sha1'],
  [0x000b, 'sha256'],
  [0x000c, 'sha384'],
  [0x000d, 'sha512'],
]);

/** The algorithm with this TPM_ALG_ID, or `undefined` (SM3, SHA-3, and whatever comes). */
export function hashOf(algorithm: number): HashName | undefined {
  return names.get(algorithm);
}

/** A scheme that signs quotes. */
export type SignatureScheme = 'ecdsa' | 'rsassa' | 'rsapss';

const schemes: ReadonlyMap<number, SignatureScheme> = new Map([
  [0x0014, 'rsassa'],
  [0x0016, 'rsapss'],
  [0x0018, 'ecdsa'],
]);

/** The scheme with this TPM_ALG_ID, or `undefined` (ECDAA, Schnorr, SM2, HMAC). */
export function schemeOf(algorithm: number): SignatureScheme | undefined {
  return schemes.get(algorithm);
}

/** An identifier as people look it up. */
export function algorithmText(algorithm: number): string {
  return names.get(algorithm) ?? `0x${algorithm.toString(16).padStart(4, '0')}`;
}

/** TPM_ALG_NULL: no algorithm. */
export const noAlgorithm = 0x0010;
