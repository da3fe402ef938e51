// Payloads in the one place where they are decoded, hashed, read and verified: a buffer that holds the pre-authentication encoding
// of the last one, header and payload side by side, so that nothing is copied. What is returned is good until the next call.
import { hash } from 'node:crypto';
import { statementPayloadType } from './payload-type.js';
import { maximumJsonBytes } from './strict-json.js';

/** The pre-authentication encoding of a statement's payload, until the next one is made. */
export class SignedPayload {
  /** What is signed: a view. */
  readonly signed: Buffer;
  readonly #room: Buffer;
  readonly #end: number;

  /** @internal */
  constructor(room: Buffer, from: number, end: number) {
    this.signed = room.subarray(from, end);
    this.#room = room;
    this.#end = end;
  }

  /** The payload alone: a view. */
  get payload(): Buffer {
    return this.#room.subarray(payloadAt, this.#end);
  }

  /** The payload in base64, as envelopes carry it. */
  get text(): string {
    return this.#room.toString('base64', payloadAt, this.#end);
  }
}

/** `DSSEv1 <length of type> <type> `: the length of the payload and a space follow. */
const header = `DSSEv1 ${statementPayloadType.length} ${statementPayloadType} `;
/** Where payloads begin: room for the header, a length of up to 7 digits, a space. */
const payloadAt = header.length + 8;
/** Most memory that is kept between calls. */
const usualBytes = 2 ** 16;
const usual = Buffer.alloc(payloadAt + usualBytes);
/** What that memory holds, and of which text: who reads a statement, and then verifies its signature, decodes it once. */
let decoded: { readonly text: string; readonly payload: SignedPayload } | undefined;

/** The payload that a base64 text is: padded, of one alphabet, without stray bits (as in base64.ts); else `undefined`. */
export function decodeSignedPayload(text: string): SignedPayload | undefined {
  if (decoded?.text === text) return decoded.payload;
  if (text.length % 4 !== 0) return undefined;
  const room = bufferFor((text.length / 4) * 3);
  const length = room.write(text, payloadAt, 'base64'); // tolerant: takes both alphabets and skips what it does not know
  const canonical = room.toString('base64', payloadAt, payloadAt + length);
  if (canonical !== text && urlSafe(canonical) !== text) return undefined;
  const payload = complete(room, length);
  if (room === usual) decoded = { text, payload };
  return payload;
}

/** The payload that the parts of a JSON text are together; `undefined` when it is longer than strict JSON may be. */
export function encodeSignedPayload(parts: readonly string[]): SignedPayload | undefined {
  let characters = 0;
  for (const { length } of parts) characters += length;
  if (characters > maximumJsonBytes) return undefined;
  const room = bufferFor(characters * 3);
  let end = payloadAt;
  for (const part of parts) end += room.write(part, end, 'utf8');
  return end - payloadAt > maximumJsonBytes ? undefined : complete(room, end - payloadAt);
}

/** SHA-256 of the pre-authentication encoding, in hex: what the log holds of a statement. */
export function digestOf({ signed }: SignedPayload): string {
  return hash('sha256', signed, 'hex');
}

function urlSafe(canonical: string): string {
  return canonical.replaceAll('+', '-').replaceAll('/', '_');
}

function bufferFor(bytes: number): Buffer {
  if (bytes > usualBytes) return Buffer.allocUnsafe(payloadAt + bytes);
  decoded = undefined; // it is overwritten
  return usual;
}

function complete(room: Buffer, length: number): SignedPayload {
  const head = `${header}${length} `;
  const from = payloadAt - head.length;
  room.write(head, from, 'latin1');
  return new SignedPayload(room, from, payloadAt + length);
}
