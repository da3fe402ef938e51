// What an implementation of Ed25519 offers to the signer and the verifier. Lengths are checked before it is called.

/** Which implementation does the arithmetic: all give the same bytes and the same verdicts. */
export type Backend = 'node' | 'tweetnacl' | 'sodium';

/** One implementation. */
export interface Ed25519 {
  /** @param seed 32 bytes; the caller may wipe it afterwards. */
  importSeed(seed: Uint8Array): SecretKey;
  /** @param maxKeys How many imported public keys it may keep. */
  createVerify(maxKeys: number): RawVerify;
}

/** A private key, ready to sign. */
export interface SecretKey {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** 64 bytes. */
  sign(message: Uint8Array): Uint8Array;
  /** Wipes what this process holds of the key, as far as the implementation lets it. */
  wipe(): void;
}

/** The equation alone; the strict profile is checked before. May throw for a key that is no point. */
export type RawVerify = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;
