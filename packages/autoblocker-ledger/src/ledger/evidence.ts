// Lines as evidence: bounded, and with secrets masked. The digest is of the whole original line, so that whoever holds the
// log file can check that it is the one.

import type { SecurityEvent } from '../events/index.js';
import type { EvidenceLine } from './explanation.js';

const maxLineLength = 1024;
/** What looks like a credential in a query string or a form. */
const secretParameter =
  /([?&;](?:[\w-]*(?:pass(?:word|wd)?|pwd|secret|token|api_?key|auth|session(?:id)?|sid|code))=)[^&\s"';]+/gi;

/** The evidence of some events, oldest first; members in the order of canonical JSON. */
export function evidenceOf(events: readonly SecurityEvent[]): EvidenceLine[] {
  return events.map(({ evidence, time }) => ({
    digest: evidence.digest,
    line: evidence.line === undefined ? undefined : maskSecrets(evidence.line).slice(0, maxLineLength),
    offset: evidence.offset,
    source: evidence.source,
    time,
  }));
}

/** `text` with the values of parameters that look like credentials replaced by `***`. */
function maskSecrets(text: string): string {
  return text.includes('=') ? text.replace(secretParameter, '$1***') : text;
}
