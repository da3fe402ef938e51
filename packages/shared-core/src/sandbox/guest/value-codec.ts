// Values on the channel: JSON, and beside it bytes, bigint, undefined, NaN, infinities and -0, which JSON lacks.
// A payload is the length of the JSON text (4 bytes, little endian), the text, and the bytes of every Uint8Array in order.
// What JSON lacks is `{"$": kind, …}`; an object that has a key `$` of its own is wrapped the same way.
// The reader trusts nothing: depth, keys and lengths are checked, and nothing but plain objects comes out.

/** A value that cannot be sent, or bytes that are no value. The message says where (`input.rows[3].date`). */
export class ValueRefused extends Error {}

/** Objects and arrays within each other, at most. */
export const maxDepth = 256;

const utf8 = { encoder: new TextEncoder(), decoder: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }) };

/** `value` as a payload. @throws ValueRefused for functions, symbols, class instances, cycles, and the key `__proto__` */
export function encodeValue(value: unknown, place = 'value'): Uint8Array {
  const blobs: Uint8Array[] = [];
  const text = utf8.encoder.encode(JSON.stringify(toJson(value, place, 0, blobs)));
  const payload = new Uint8Array(4 + text.length + blobs.reduce((sum, blob) => sum + blob.length, 0));
  new DataView(payload.buffer).setUint32(0, text.length, true);
  payload.set(text, 4);
  let offset = 4 + text.length;
  for (const blob of blobs) {
    payload.set(blob, offset);
    offset += blob.length;
  }
  return payload;
}

/** The value of a payload. @throws ValueRefused for anything that {@link encodeValue} does not make */
export function decodeValue(payload: Uint8Array): unknown {
  if (payload.length < 4) throw new ValueRefused('a message shorter than its header');
  const textBytes = new DataView(payload.buffer, payload.byteOffset, 4).getUint32(0, true);
  if (textBytes > payload.length - 4) throw new ValueRefused('a message shorter than its text');
  const blobs = new BlobReader(payload.subarray(4 + textBytes));
  const value = fromJson(parsed(payload.subarray(4, 4 + textBytes)), 0, blobs);
  if (!blobs.finished) throw new ValueRefused('a message with bytes that belong to no value');
  return value;
}

function parsed(text: Uint8Array): unknown {
  try {
    return JSON.parse(utf8.decoder.decode(text));
  } catch {
    throw new ValueRefused('a message that is not JSON');
  }
}

function toJson(value: unknown, place: string, depth: number, blobs: Uint8Array[]): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0) ? value : { $: 'number', text: numberText(value) };
    case 'bigint':
      return { $: 'bigint', text: value.toString() };
    case 'undefined':
      return { $: 'undefined' };
    case 'object':
      return value === null ? null : objectToJson(value, place, depth, blobs);
    default:
      throw new ValueRefused(`${place} is a ${typeof value}, which cannot be sent to or from an isolate`);
  }
}

function objectToJson(value: object, place: string, depth: number, blobs: Uint8Array[]): unknown {
  if (depth >= maxDepth) throw new ValueRefused(`${place.slice(0, 200)} is cyclic, or deeper than ${maxDepth}`);
  if (value instanceof Uint8Array) {
    blobs.push(value);
    return { $: 'bytes', length: value.length };
  }
  if (Array.isArray(value)) {
    return Array.from(value, (item, index) => toJson(item, `${place}[${index}]`, depth + 1, blobs));
  }
  if (!isPlain(value)) {
    const name = value.constructor?.name ?? 'object';
    throw new ValueRefused(`${place} is a ${name}; only plain objects, arrays, bytes and primitives can be sent`);
  }
  const json: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    if (key === '__proto__') throw new ValueRefused(`${place} has the key __proto__, which cannot be sent`);
    json[key] = toJson(item, `${place}.${key}`, depth + 1, blobs);
  }
  return '$' in json ? { $: 'object', value: json } : json;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function fromJson(json: unknown, depth: number, blobs: BlobReader): unknown {
  if (typeof json !== 'object' || json === null) return json;
  if (depth >= maxDepth) throw new ValueRefused(`a message deeper than ${maxDepth}`);
  if (Array.isArray(json)) return json.map((item) => fromJson(item, depth + 1, blobs));
  const tagged = json as Record<string, unknown>;
  return Object.hasOwn(tagged, '$') ? fromTagged(tagged, depth, blobs) : fromPlain(tagged, depth, blobs);
}

function fromPlain(json: unknown, depth: number, blobs: BlobReader): unknown {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw new ValueRefused('a wrapped non-object');
  const value: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(json)) {
    // Own keys only, and never this one: assigning it would set the prototype.
    if (key === '__proto__') throw new ValueRefused('a message with the key __proto__');
    value[key] = fromJson(item, depth + 1, blobs);
  }
  return value;
}

function fromTagged(tagged: Record<string, unknown>, depth: number, blobs: BlobReader): unknown {
  const { $: kind, text, length, value } = tagged;
  if (kind === 'undefined') return undefined;
  if (kind === 'object') return fromPlain(value, depth, blobs);
  if (kind === 'bytes') return blobs.take(length);
  if (kind === 'number' && typeof text === 'string' && /^(NaN|-?Infinity|-0)$/.test(text)) return Number(text);
  if (kind === 'bigint' && typeof text === 'string' && text.length <= maxBigintDigits && /^-?\d+$/.test(text)) {
    return BigInt(text);
  }
  throw new ValueRefused('a message with a value of unknown kind');
}

/** Reading decimal digits takes quadratic time: this many take under a millisecond. */
const maxBigintDigits = 20_000;

function numberText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

/** Gives out the bytes behind the text, in order. */
class BlobReader {
  #rest: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#rest = bytes;
  }

  get finished(): boolean {
    return this.#rest.length === 0;
  }

  take(length: unknown): Uint8Array {
    if (typeof length !== 'number' || !Number.isInteger(length) || length < 0 || length > this.#rest.length) {
      throw new ValueRefused('a message with bytes of a wrong length');
    }
    const bytes = this.#rest.slice(0, length);
    this.#rest = this.#rest.subarray(length);
    return bytes;
  }
}
