// The bitstring of a status list: one bit a subject, index 0 leftmost. Source: W3C Bitstring Status List v1.0
// (https://www.w3.org/TR/vc-bitstring-status-list), sections 3.1 to 3.4: GZIP, then multibase base64url without padding.
import { gunzipSync, gzipSync } from 'node:zlib';

/** Bits of a list that we make: the least that the specification allows, for the privacy of the herd. */
export const statusListBits = 131_072;
/** Longest list that is read, in bytes: 16 million subjects. */
const maximumBytes = 2 * 2 ** 20;

/** Whether bit `index` is set; `undefined` outside the list. */
export function statusBit(bits: Uint8Array, index: number): boolean | undefined {
  const byte = bits[index >>> 3];
  return byte === undefined || index > 0x7fffffff ? undefined : (byte & (0x80 >> (index & 7))) !== 0;
}

/** Sets bit `index`. @throws RangeError outside the list */
export function setStatusBit(bits: Uint8Array, index: number): void {
  if (!(index >= 0 && index < bits.length * 8))
    throw new RangeError(`index is ${index}; the list has ${bits.length * 8}`);
  bits[index >>> 3]! |= 0x80 >> (index & 7);
}

/** Clears a bit of the list. @throws as {@link setStatusBit} */
export function clearStatusBit(bits: Uint8Array, index: number): void {
  setStatusBit(bits, index);
  bits[index >>> 3]! ^= 0x80 >> (index & 7);
}

/** `encodedList` of a bitstring. The same bits give the same text: GZIP's time is 0, its level and system byte are fixed. */
export function encodeBitstring(bits: Uint8Array): string {
  const compressed = gzipSync(bits, { level: 9 });
  compressed[9] = 255; // "unknown system": zlib writes the one it runs on
  return `u${compressed.toString('base64url')}`;
}

/** The bitstring of an `encodedList`, or `undefined`: no multibase base64url, no GZIP, too short or too long. */
export function decodeBitstring(text: string): Uint8Array | undefined {
  if (!/^u[A-Za-z0-9_-]+$/.test(text)) return undefined;
  const compressed = Buffer.from(text.slice(1), 'base64url');
  if (compressed.toString('base64url') !== text.slice(1)) return undefined;
  try {
    const bits = gunzipSync(compressed, { maxOutputLength: maximumBytes });
    return bits.length * 8 < statusListBits ? undefined : new Uint8Array(bits);
  } catch {
    return undefined;
  }
}
