// Evidence that a software TPM gave (`tools/lab/record-quotes.mjs`), so that these tests need none.
import { readFileSync } from 'node:fs';
import {
  type AttestationKey,
  type QuoteCircumstances,
  type QuoteEvidence,
  readAttestationKey,
} from '../../src/index.js';

/** A quote, as it was recorded. */
export interface RecordedQuote {
  readonly name: string;
  readonly key: string;
  readonly hash: string;
  readonly nonce: Buffer;
  readonly evidence: QuoteEvidence;
  /** The PCRs in the private form that tpm2_checkquote reads. */
  readonly toolPcrs: Buffer;
}

interface Record_ {
  endorsement: {
    rsa: string;
    ecc: string;
    certificates: { rsa: string; ecc: string; issuer: string; root: string };
  };
  keys: Record<string, { publicArea: string; pem: string; name: string }>;
  quotes: {
    name: string;
    key: string;
    hash: string;
    nonce: string;
    quoted: string;
    signature: string;
    pcrs: Record<string, string>;
    toolPcrs: string;
  }[];
  eventLog: string;
}

/** The record, as it is in its file. */
export const record: Record_ = JSON.parse(readFileSync(new URL('recorded-quotes.json', import.meta.url), 'utf8'));

/** The event log that explains the quotes of a boot. */
export const eventLog = bytesOf(record.eventLog);

/** All quotes. */
export const quotes: readonly RecordedQuote[] = record.quotes.map(({ quoted, signature, pcrs, ...rest }) => ({
  ...rest,
  nonce: bytesOf(rest.nonce),
  toolPcrs: bytesOf(rest.toolPcrs),
  evidence: { quoted: bytesOf(quoted), signature: bytesOf(signature), pcrs },
}));

/** The quote of a key over a selection. */
export function quoteOf(key: string, name = 'boot'): RecordedQuote {
  return quotes.find((quote) => quote.key === key && quote.name === name)!;
}

const keys = new Map<string, AttestationKey>();

/** An attestation key, from its public area. */
export function keyOf(name: string): AttestationKey {
  if (!keys.has(name)) keys.set(name, readKey(name));
  return keys.get(name)!;
}

function readKey(name: string): AttestationKey {
  const key = readAttestationKey(bytesOf(record.keys[name]!.publicArea));
  if ('ok' in key) throw new Error(key.detail);
  return key;
}

/** What a quote is held against when it is fresh. */
export function circumstancesOf({ key, nonce }: RecordedQuote, more: Partial<QuoteCircumstances> = {}) {
  return { key: keyOf(key), nonce, challengedAt: 1000, time: 2000, ...more };
}

/** The octets of a text. */
export function bytesOf(base64: string): Buffer {
  return Buffer.from(base64, 'base64');
}
