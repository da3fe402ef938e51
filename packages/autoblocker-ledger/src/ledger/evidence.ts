// Lines as evidence: bounded, and with secrets masked. The digest is of the whole original line, so that whoever holds the
// log file can check that it is the one.

import type { SecurityEvent } from '../events/index.js';
import type { EvidenceLine } from './explanation.js';

const maxLineLength = 1024;
/** What looks like a credential in a query string or a form. */
const secretParameter =
  /([?&;](?:[\w-]*(?:pass(?:word|wd)?|pwd|secret|token|api_?key|auth|session(?:id)?|sid|code))=)[^&\s"';]+/gi;

/** An event as evidence. */
export function evidenceOf({ evidence, time }: SecurityEvent): EvidenceLine {
  const { digest, line, offset, source } = evidence;
  return {
    digest,
    line: line === undefined ? undefined : maskSecrets(line).slice(0, maxLineLength),
    offset,
    source,
    time,
  };
}

/** `text` with the values of parameters that look like credentials replaced by `***`. */
function maskSecrets(text: string): string {
  return text.includes('=') ? text.replace(secretParameter, '$1***') : text;
}
