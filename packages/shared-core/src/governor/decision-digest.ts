// A running hash of everything that a deterministic governor decided, so that two runs compare by one line of text.
import { createHash, type Hash } from 'node:crypto';

/** SHA-256 over records; each is one line of JSON, so that no two lists of records share a text. */
export class DecisionDigest {
  readonly #hash: Hash = createHash('sha256');

  /** Adds one record. */
  add(...fields: readonly (string | number)[]): void {
    this.#hash.update(`${JSON.stringify(fields)}\n`);
  }

  /** The digest of the records so far, 64 hex digits. */
  hex(): string {
    return this.#hash.copy().digest('hex');
  }
}
