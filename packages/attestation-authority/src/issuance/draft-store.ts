// What is on its way into the log: payloads and lines as bytes, side by side, which no garbage collection copies, where texts would
// be copied by two of them on their way. A draft is one small object.
import type { SignedPayload } from '../statement/index.js';
import type { IssuanceMode } from './authority-options.js';

const storeBytes = 2 ** 18;

/** Takes drafts in, until what they are part of is given out. */
export class DraftStore {
  #room = Buffer.alloc(0);
  #used = 0;

  /** A copy, which stays as it is. @param line ASCII */
  keep({ signed, payload }: SignedPayload, line: string, mode: IssuanceMode): Draft {
    const length = signed.length + line.length;
    if (length > this.#room.length - this.#used) {
      this.#room = Buffer.allocUnsafeSlow(Math.max(length, storeBytes));
      this.#used = 0;
    }
    const from = this.#used;
    const end = from + signed.copy(this.#room, from);
    this.#used = end + this.#room.write(line, end, 'latin1');
    return new Draft(this.#room, from, end - payload.length, end, this.#used, mode);
  }
}

/** A statement on its way into the log, in a {@link DraftStore}. */
export class Draft {
  readonly mode: IssuanceMode;
  readonly #room: Buffer;
  readonly #from: number;
  readonly #payloadFrom: number;
  readonly #end: number;
  readonly #lineEnd: number;

  /** @internal */
  constructor(room: Buffer, from: number, payloadFrom: number, end: number, lineEnd: number, mode: IssuanceMode) {
    this.mode = mode;
    this.#room = room;
    this.#from = from;
    this.#payloadFrom = payloadFrom;
    this.#end = end;
    this.#lineEnd = lineEnd;
  }

  /** What is signed: a view. */
  get signed(): Buffer {
    return this.#room.subarray(this.#from, this.#end);
  }

  /** The payload in base64, as envelopes carry it. */
  get text(): string {
    return this.#room.toString('base64', this.#payloadFrom, this.#end);
  }

  /** Its line, which is its entry of the log: a view. */
  get line(): Uint8Array {
    return new Uint8Array(this.#room.buffer, this.#room.byteOffset + this.#end, this.#lineEnd - this.#end);
  }
}
