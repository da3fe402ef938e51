// Strict IP addresses and prefixes: RFC 4291 text and dotted decimal, exactly as inet_pton(3) takes them, in one spelling each.
// IPv4-mapped IPv6 (::ffff:0:0/96) is the IPv4 address. Octal, hex, short forms, zones and other alphabets are refused,
// so that no rail ever sees two spellings of one address. To parse an address into the caller's words costs 50 to 100 ns and
// no allocation.

import { TenstripError } from '@tenstrip/shared-core/errors';
import type { LedgerErrorCode } from '../errors/index.js';

/** An address as 32-bit words, most significant first; IPv4 uses only the first. */
export interface IpAddress {
  readonly family: 4 | 6;
  readonly words: readonly [number, number, number, number];
}

/** A network: the bits of `address` after `length` are zero. */
export interface IpPrefix {
  readonly address: IpAddress;
  /** 0 to 32 for IPv4, 0 to 128 for IPv6. */
  readonly length: number;
}

/** The IPv4 address in `text` as an unsigned integer; -1 when it is none. Four decimal parts without leading zeros. */
export function parseIpv4(text: string): number {
  const { length } = text;
  if (length < 7 || length > 15) return -1;
  let address = 0;
  let part = -1;
  let dots = 0;
  for (let index = 0; index < length; index += 1) {
    const digit = text.charCodeAt(index) - 48;
    if (digit >= 0 && digit <= 9) {
      if (part === 0) return -1;
      part = part < 0 ? digit : part * 10 + digit;
      if (part > 255) return -1;
    } else if (digit === -2 && part >= 0 && dots < 3) {
      address = address * 256 + part;
      part = -1;
      dots += 1;
    } else return -1;
  }
  return dots === 3 && part >= 0 ? address * 256 + part : -1;
}

/** The address in `text`, or `undefined` when it is none. IPv4-mapped IPv6 gives the IPv4 address. */
export function parseIpAddress(text: string): IpAddress | undefined {
  const ipv4 = parseIpv4(text);
  if (ipv4 >= 0) return ipv4Address(ipv4);
  if (!parseIpv6(text, parsed)) return undefined;
  const [a, b, c, d] = [parsed[0]!, parsed[1]!, parsed[2]!, parsed[3]!];
  return isMapped(parsed) ? ipv4Address(d) : { family: 6, words: [a, b, c, d] };
}

/** Whether the words of an IPv6 address are an IPv4 address in `::ffff:0:0/96`: the last of them. */
export function isMapped(words: Uint32Array): boolean {
  return words[2] === 0xffff && words[0] === 0 && words[1] === 0;
}

/** The one spelling of the address in `text`, or `undefined` when it is none. IPv4 is spelled in one way only. */
export function canonicalAddress(text: string): string | undefined {
  if (parseIpv4(text) >= 0) return text;
  const address = parseIpAddress(text);
  return address === undefined ? undefined : formatIpAddress(address);
}

/** The prefix in `text`: an address, or `address/length` whose bits after `length` are zero; else `undefined`. */
export function parseIpPrefix(text: string): IpPrefix | undefined {
  const slash = text.indexOf('/');
  const address = parseIpAddress(slash < 0 ? text : text.slice(0, slash));
  if (address === undefined) return undefined;
  if (slash < 0) return { address, length: address.family === 4 ? 32 : 128 };
  const digits = text.slice(slash + 1);
  if (!/^(?:0|[1-9]\d{0,2})$/.test(digits)) return undefined;
  const mapped = address.family === 4 && text.includes(':');
  const length = Number(digits) - (mapped ? 96 : 0);
  if (length < 0 || length > (address.family === 4 ? 32 : 128)) return undefined;
  return maskedWords(address, length).every((word, index) => word === address.words[index])
    ? { address, length }
    : undefined;
}

/** The address in `text`. @throws TenstripError `TargetInvalid` with the value. */
export function requireIpAddress(text: string): IpAddress {
  const address = typeof text === 'string' ? parseIpAddress(text) : undefined;
  if (address !== undefined) return address;
  throw wrongText(
    text,
    'is not an IP address. Write four decimal numbers without leading zeros (192.0.2.1), or IPv6 as in RFC 4291, without a zone.',
  );
}

/** The last answer: policy, rails and tables ask about one target one after the other. */
let lastText = '';
let lastPrefix: IpPrefix | undefined;

/** The prefix in `text`. @throws TenstripError `TargetInvalid` with the value. */
export function requireIpPrefix(text: string): IpPrefix {
  if (text === lastText && lastPrefix !== undefined) return lastPrefix;
  const prefix = typeof text === 'string' ? parseIpPrefix(text) : undefined;
  if (prefix !== undefined) {
    lastText = text;
    lastPrefix = prefix;
    return prefix;
  }
  throw wrongText(
    text,
    'is not an address or a network. Write an address, or address/length with no bit set after the length (192.0.2.0/24, 2001:db8::/32).',
  );
}

function wrongText(value: unknown, problem: string): TenstripError<LedgerErrorCode> {
  const shown = typeof value === 'string' ? JSON.stringify(value.slice(0, 100)) : `A value of type ${typeof value}`;
  const details = { value: typeof value === 'string' ? value.slice(0, 512) : typeof value };
  return new TenstripError<LedgerErrorCode>('TargetInvalid', `${shown} ${problem}`, { details });
}

/** The one spelling of an address: dotted decimal, or RFC 5952. */
export function formatIpAddress(address: IpAddress): string {
  return address.family === 4 ? formatIpv4(address.words[0]) : formatIpv6(address.words);
}

/** The one spelling of a prefix, always with its length. */
export function formatIpPrefix(prefix: IpPrefix): string {
  return `${formatIpAddress(prefix.address)}/${prefix.length}`;
}

/** The network of `length` bits that holds `address`. */
export function networkOf(address: IpAddress, length: number): IpPrefix {
  return { address: { family: address.family, words: maskedWords(address, length) }, length };
}

/** Whether it is the network of one address. */
export function isHost({ address, length }: IpPrefix): boolean {
  return length === (address.family === 4 ? 32 : 128);
}

/** Whether every address of `inner` is in `outer`. */
export function prefixCovers(outer: IpPrefix, inner: IpPrefix): boolean {
  if (outer.address.family !== inner.address.family || outer.length > inner.length) return false;
  const [whole, part] = [outer.address.words, inner.address.words];
  for (let index = 0, start = 0; start < outer.length; index += 1, start += 32) {
    if ((part[index]! & wordMask(outer.length, start)) >>> 0 !== whole[index]) return false;
  }
  return true;
}

/** The bits of a word that a prefix of `length` bits keeps, where the word begins at bit `start`. */
export function wordMask(length: number, start: number): number {
  const bits = Math.min(32, Math.max(0, length - start));
  return bits === 0 ? 0 : (0xffffffff << (32 - bits)) >>> 0;
}

function maskedWords(address: IpAddress, length: number): [number, number, number, number] {
  const [a, b, c, d] = address.words;
  const mask = (word: number, start: number) => (word & wordMask(length, start)) >>> 0;
  return [mask(a, 0), mask(b, 32), mask(c, 64), mask(d, 96)];
}

function ipv4Address(value: number): IpAddress {
  return { family: 4, words: [value, 0, 0, 0] };
}

/** Of the address in hand. */
const parsed = new Uint32Array(4);
const groups = new Uint16Array(8);

/**
 * Writes the four words of the IPv6 address in `text`, mapped or not; whether it is one. RFC 4291 section 2.2, forms 1 to 3:
 * hexadecimal groups, `::` for one or more of zero, dotted decimal for the last two.
 */
export function parseIpv6(text: string, words: Uint32Array): boolean {
  const { length } = text;
  if (length < 2 || length > 45) return false;
  let count = 0;
  let gap = -1;
  let group = 0;
  let digits = 0;
  for (let index = 0; index < length; index += 1) {
    const code = text.charCodeAt(index);
    // A table: which digits are letters is random, and a branch would be guessed wrong at every third.
    const digit = code < 128 ? hexDigits[code]! : -1;
    if (digit >= 0) {
      if (digits === 4 || count === 8) return false;
      group = group * 16 + digit;
      digits += 1;
    } else if (code === colon && digits > 0) {
      groups[count] = group;
      count += 1;
      group = 0;
      digits = 0;
      if (index + 1 === length) return false;
      if (text.charCodeAt(index + 1) !== colon) continue;
      if (gap >= 0) return false;
      gap = count;
      index += 1;
    } else if (code === colon && index === 0 && text.charCodeAt(1) === colon) {
      gap = 0;
      index = 1;
    } else if (code === dot) {
      const ipv4 = count > 6 ? -1 : parseIpv4(text.slice(index - digits));
      if (ipv4 < 0) return false;
      groups[count] = ipv4 >>> 16;
      groups[count + 1] = ipv4 & 0xffff;
      return writeWords(words, count + 2, gap);
    } else return false;
  }
  if (digits === 0) return gap === count && writeWords(words, count, gap);
  groups[count] = group;
  return writeWords(words, count + 1, gap);
}

const colon = 58;
const dot = 46;

/** By character: the value of a hexadecimal digit, -1 for what is none. */
const hexDigits = Int8Array.from({ length: 128 }, (_, code) => {
  const value = Number.parseInt(String.fromCharCode(code), 16);
  return Number.isNaN(value) ? -1 : value;
});

/** The words of so many groups, zeros put in after the first `gap` of them; `false` when they are too few or too many. */
function writeWords(words: Uint32Array, count: number, gap: number): boolean {
  if (gap < 0 ? count !== 8 : count > 7) return false;
  if (gap >= 0) {
    for (let to = 7, from = count - 1; to >= gap; to -= 1, from -= 1) groups[to] = from >= gap ? groups[from]! : 0;
  }
  words[0] = (groups[0]! << 16) | groups[1]!;
  words[1] = (groups[2]! << 16) | groups[3]!;
  words[2] = (groups[4]! << 16) | groups[5]!;
  words[3] = (groups[6]! << 16) | groups[7]!;
  return true;
}

/** The decimal numbers of a byte, and with a dot behind. */
const decimals = Array.from({ length: 256 }, (_, byte) => String(byte));
const dottedDecimals = decimals.map((text) => `${text}.`);

/** An IPv4 address, given as an integer with or without sign, in dotted decimal. */
export function formatIpv4(value: number): string {
  const [high, low] = [dottedDecimals[value >>> 24]!, dottedDecimals[(value >>> 8) & 255]!];
  return high + dottedDecimals[(value >>> 16) & 255]! + (low + decimals[value & 255]!);
}

const hexCharacters = Buffer.from('0123456789abcdef');
/** Of the address in hand: eight groups of four digits and seven colons. */
const characters = Buffer.alloc(39);

/**
 * The IPv6 address whose words begin at `at`, as RFC 5952 has it: lower case, no leading zeros, `::` for the first longest run
 * of at least two zero groups.
 */
export function formatIpv6(words: ArrayLike<number>, at = 0): string {
  for (let word = 0; word < 4; word += 1) {
    groups[word * 2] = words[at + word]! >>> 16;
    groups[word * 2 + 1] = words[at + word]!;
  }
  let gapStart = -1;
  let gapLength = 1;
  for (let group = 0, zeros = 0; group < 8; group += 1) {
    zeros = groups[group] === 0 ? zeros + 1 : 0;
    if (zeros > gapLength) [gapStart, gapLength] = [group + 1 - zeros, zeros];
  }
  let length = 0;
  for (let index = 0; index < 8; index += 1) {
    if (index > 0) characters[length++] = colon;
    if (index === gapStart) {
      // One colon of the two is written with the group behind, if there is one.
      if (index === 0) characters[length++] = colon;
      index += gapLength - 1;
      if (index === 7) characters[length++] = colon;
      continue;
    }
    const group = groups[index]!;
    if (group > 0xfff) characters[length++] = hexCharacters[group >>> 12]!;
    if (group > 0xff) characters[length++] = hexCharacters[(group >>> 8) & 15]!;
    if (group > 0xf) characters[length++] = hexCharacters[(group >>> 4) & 15]!;
    characters[length++] = hexCharacters[group & 15]!;
  }
  return characters.toString('latin1', 0, length);
}
