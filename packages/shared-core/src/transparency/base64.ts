// Base64 with the standard alphabet and padding (RFC 4648 section 4), canonical: one text for each byte string, and the
// other way round. Written out, because `Buffer` is Node's alone and `atob` lets blanks and stray bits pass.

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const invalid = 255;
const sextets = new Uint8Array(128).fill(invalid);
for (let value = 0; value < alphabet.length; value++) sextets[alphabet.charCodeAt(value)] = value;

/** The base64 text of `bytes`. */
export function encodeBase64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 3) {
    const [first, second, third] = [bytes[at]!, bytes[at + 1], bytes[at + 2]];
    const group = (first << 16) | ((second ?? 0) << 8) | (third ?? 0);
    text += alphabet[group >> 18]! + alphabet[(group >> 12) & 63]!;
    text += second === undefined ? '=' : alphabet[(group >> 6) & 63]!;
    text += third === undefined ? '=' : alphabet[group & 63]!;
  }
  return text;
}

/** The bytes of a base64 text, or `undefined` unless it is exactly what {@link encodeBase64} prints for them. */
export function decodeBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0) return undefined;
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  const digits = text.length - padding;
  let pending = 0; // bits read and not yet written, lowest last
  let pendingBits = 0;
  let next = 0;
  for (let at = 0; at < digits; at++) {
    const sextet = sextets[text.charCodeAt(at)] ?? invalid;
    if (sextet === invalid) return undefined;
    pending = (pending << 6) | sextet;
    pendingBits += 6;
    if (pendingBits < 8) continue;
    pendingBits -= 8;
    bytes[next++] = pending >> pendingBits;
    pending &= (1 << pendingBits) - 1;
  }
  return pending === 0 ? bytes : undefined; // bits left over must be zero, else another text means the same bytes
}
