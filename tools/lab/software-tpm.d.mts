// The types of software-tpm.mjs, for tests in TypeScript.

/** What a TPM quoted. */
export interface RecordedQuote {
  readonly quoted: Buffer;
  readonly signature: Buffer;
  /** Hex by `bank:index`, as tpm2_pcrread reads it. */
  readonly pcrs: Record<string, string>;
  /** In the private form of tpm2-tools. */
  readonly toolPcrs: Buffer;
}

/** A TPM 2.0 in software. */
export class SoftwareTpm {
  private constructor(folder: string);
  static start(folder: string, options?: { locality?: 0 | 3 }): Promise<SoftwareTpm>;
  readonly folder: string;
  start(options?: { locality?: 0 | 3 }): Promise<void>;
  stop(): Promise<void>;
  kill(): Promise<void>;
  tool(program: string, ...args: string[]): Promise<string>;
  attempt(program: string, ...args: string[]): Promise<{ code: number; output: string }>;
  file(ending?: string): string;
  publicArea(handle: string): Promise<Buffer>;
  createEndorsementKey(algorithm: string, handle: string): Promise<Buffer>;
  createAttestationKey(options: {
    endorsementKey: string;
    handle: string;
    algorithm: string;
    hash: string;
    scheme: string;
  }): Promise<{ publicArea: Buffer; pem: string; name: Buffer }>;
  extend(pcr: number, digests: Readonly<Record<string, string>>): Promise<void>;
  quote(request: {
    key: string;
    selection: string;
    nonce: Uint8Array;
    hash: string;
    scheme?: string;
  }): Promise<RecordedQuote>;
  pcrs(selection: string): Promise<Record<string, string>>;
  activateCredential(options: {
    endorsementKey: string;
    attestationKey: string;
    credential: Uint8Array;
    by?: 'policy' | 'password';
  }): Promise<Buffer | undefined>;
}
