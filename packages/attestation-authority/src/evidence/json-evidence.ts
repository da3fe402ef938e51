// Evidence as JSON: octets in padded base64, of the standard or the URL-safe alphabet.
import { isRefusal, type Refusal, refuse } from '../errors/index.js';
import { decodeDsseBase64 } from '../statement/index.js';
import type { QuoteEvidence } from './tpm/index.js';

/** Base64 of the longest event log that is read. */
const maximumLength = Math.ceil((4 * 2 ** 20) / 3) * 4;

/** The evidence in `{ quoted, signature, pcrs, eventLog? }`, parsed from JSON. Never throws. `EVIDENCE_MALFORMED`. */
export function parseQuoteEvidence(json: unknown): QuoteEvidence | Refusal {
  if (typeof json !== 'object' || json === null) return refuse('EVIDENCE_MALFORMED', 'evidence', 'it is no object');
  const { quoted: quotedText, signature: signatureText, pcrs, eventLog: logText } = json as Record<string, unknown>;
  const quoted = octetsOf(quotedText, 'quoted');
  if (isRefusal(quoted)) return quoted;
  const signature = octetsOf(signatureText, 'signature');
  if (isRefusal(signature)) return signature;
  if (typeof pcrs !== 'object' || pcrs === null) return refuse('EVIDENCE_MALFORMED', 'pcrs', 'it is no object');
  const evidence = { quoted, signature, pcrs: pcrs as Record<string, string> };
  if (logText === undefined) return evidence;
  const eventLog = octetsOf(logText, 'eventLog');
  return isRefusal(eventLog) ? eventLog : { ...evidence, eventLog };
}

function octetsOf(text: unknown, path: string): Uint8Array | Refusal {
  const octets = typeof text === 'string' && text.length <= maximumLength ? decodeDsseBase64(text) : undefined;
  return octets ?? refuse('EVIDENCE_MALFORMED', path, 'it is not padded, canonical base64 of at most 4 MiB');
}
