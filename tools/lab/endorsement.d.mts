// The types of endorsement.mjs, for tests in TypeScript.

/** Makes the state of a TPM, with endorsement keys (RSA-2048 at 0x81010001, P-384 at 0x81010016) and certificates. */
export function manufactureTpm(folder: string): Promise<{ rsa: Buffer; ecc: Buffer; issuer: string; root: string }>;
