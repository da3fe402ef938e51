// What an isolate may send: bytes in a call, messages in a second of real time. Real time also under a deterministic
// governor: the bound protects the host, and an isolate within it never notices.
import type { IsolateSettings } from './isolate-options.js';

/** Which bound was passed, and what it is. */
export interface Excess {
  readonly limit: 'output' | 'messages';
  readonly allowed: number;
  readonly unit: string;
}

const windowMs = 1000;

/** Counts what comes from one isolate. */
export class CallBudget {
  readonly #maxBytes: number;
  readonly #maxMessages: number;
  #bytes = 0;
  #messages = 0;
  #windowStartMs = 0;

  constructor(settings: Pick<IsolateSettings, 'maxOutputBytes' | 'maxMessagesPerSecond'>) {
    this.#maxBytes = settings.maxOutputBytes;
    this.#maxMessages = settings.maxMessagesPerSecond;
  }

  /** A new call has all the bytes again; the count of messages goes on. */
  begin(): void {
    this.#bytes = 0;
  }

  message(bytes: number, nowMs: number): Excess | undefined {
    if (nowMs - this.#windowStartMs >= windowMs) {
      this.#windowStartMs = nowMs;
      this.#messages = 0;
    }
    this.#messages += 1;
    if (this.#messages > this.#maxMessages)
      return { limit: 'messages', allowed: this.#maxMessages, unit: 'messages a second' };
    return this.output(bytes);
  }

  output(bytes: number): Excess | undefined {
    this.#bytes += bytes;
    return this.#bytes > this.#maxBytes
      ? { limit: 'output', allowed: this.#maxBytes, unit: 'bytes a call' }
      : undefined;
  }
}
