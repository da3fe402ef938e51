// What a guest runs in, as the host sees it: something that takes and gives messages and can be killed.
import type { IsolatePromise } from './isolate-options.js';

/** How an enclosure ended: what it wrote last (at most 16 KiB), and its exit code or signal in words. */
export interface Ending {
  readonly how: string;
  readonly lastWords: string;
}

/** What an enclosure tells. Nothing comes after `ended`. */
export interface EnclosureEvents {
  message(payload: Uint8Array): void;
  /** The channel cannot be read on: a message of a forbidden size. */
  messageRefused(bytes: number): void;
  console(stream: 'stdout' | 'stderr', chunk: Uint8Array): void;
  ended(ending: Ending): void;
}

/** A running guest, whatever holds it. */
export interface Enclosure {
  readonly promises: Readonly<Record<IsolatePromise, boolean>>;
  /** The module's URL as the guest sees it. */
  readonly moduleUrl: string;
  /** Hands over `payload`; resolves when it has left the host's memory. */
  send(payload: Uint8Array): Promise<void>;
  /** Kills everything inside; resolves when it is gone. Idempotent. */
  kill(): Promise<void>;
}

const lastWordsBytes = 16 << 10;

/** The end of a text that grows, for messages. */
export class LastWords {
  #text = '';

  add(chunk: Uint8Array): void {
    this.#text = (this.#text + Buffer.from(chunk).toString('latin1')).slice(-lastWordsBytes);
  }

  toString(): string {
    return Buffer.from(this.#text, 'latin1').toString('utf8').trim();
  }
}
