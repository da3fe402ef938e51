// Access logs of Apache and nginx: common, combined, and either with a virtual host before (httpd.apache.org/docs, mod_log_config).
// Both servers escape quotes inside quoted fields, so what a client sends cannot end a field; the client's address comes
// first, or second after a host name, and is never taken from a header.

import { canonicalAddress } from '../lookup/index.js';
import type { LogFinding } from './log-event.js';

const quoted = String.raw`"([^"\\]*(?:\\.[^"\\]*)*)"`;
const date = String.raw`\[(\d{2}\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})\]`;
const start = String.raw`^(\S+) (\S+) (.*?) ?${date} "`;
const accessLine = new RegExp(String.raw`${start.slice(0, -1)}${quoted} (\d{3}) (\d+|-)(?: ${quoted} ${quoted})?`);
/** A line whose end was cut off: the request at least begins. */
const cutLine = new RegExp(`${start}([^"]*)$`);

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const staticExtensions = new Set(
  'jpg jpeg png gif svg ico webp avif bmp css js mjs map ts woff woff2 ttf otf eot mp3 mp4 wav ogg webm gz br txt pdf'.split(
    ' ',
  ),
);

/** Reads access logs of one source; lines of one second share their date. */
export class HttpAccessLog {
  #date = '';
  #time = Number.NaN;

  /** What a line says: `undefined` when it is no access log, `'recognised'` when it names no address. */
  parse(line: string, cut: boolean): LogFinding | 'recognised' | undefined {
    const groups = (cut ? cutLine : accessLine).exec(line);
    if (groups === null) return undefined;
    const [, first, second, third, when, sent] = groups as unknown as string[];
    const time = this.#parseDate(when!);
    if (Number.isNaN(time)) return undefined;
    const client = clientOf(first!, second!, third!);
    if (client === undefined) return 'recognised';
    const user = client.host === undefined ? third! : (third!.split(' ').at(-1) ?? '-');
    const response: Response = {
      status: groups[6] ?? '',
      bytes: groups[7] ?? '',
      referrer: groups[8] ?? '',
      userAgent: groups[9] ?? '',
      user: user === '-' ? '' : user,
    };
    const outcome = Number(response.status) >= 400 ? 'failure' : 'unknown';
    return requestFinding(time, client, outcome, sent!, response);
  }

  #parseDate(text: string): number {
    if (text === this.#date) return this.#time;
    this.#date = text;
    const month = months.indexOf(text.slice(3, 6));
    const [day, year] = [Number(text.slice(0, 2)), Number(text.slice(7, 11))];
    const [hours, minutes, seconds] = [
      Number(text.slice(12, 14)),
      Number(text.slice(15, 17)),
      Number(text.slice(18, 20)),
    ];
    const zone = Number(text.slice(22, 24)) * 60 + Number(text.slice(24, 26));
    const valid = month >= 0 && day >= 1 && day <= 31 && hours < 24 && minutes < 60 && seconds <= 60;
    const utc = Date.UTC(year, month, day, hours, minutes, seconds);
    this.#time = valid ? utc - (text[21] === '-' ? -zone : zone) * 60_000 : Number.NaN;
    return this.#time;
  }
}

/**
 * The client of a line: its first word, or its second after a virtual host. A host may look like an address, because a
 * client may ask for any: then two words, identity and user, remain where the plain format has one.
 */
function clientOf(first: string, second: string, rest: string): Client | undefined {
  const plain = canonicalAddress(first);
  const afterHost = plain === undefined || rest.includes(' ') ? canonicalAddress(second) : undefined;
  if (afterHost !== undefined) return { address: afterHost, host: first };
  return plain === undefined ? undefined : { address: plain, host: undefined };
}

interface Client {
  readonly address: string;
  readonly host: string | undefined;
}

interface Response {
  readonly status: string;
  readonly bytes: string;
  readonly referrer: string;
  readonly userAgent: string;
  readonly user: string;
}

function requestFinding(
  time: number,
  { address, host }: Client,
  outcome: LogFinding['outcome'],
  sent: string,
  { status, bytes, referrer, userAgent, user }: Response,
): LogFinding {
  const method = /^[A-Za-z_-]{1,32}(?= \S)/.exec(sent)?.[0];
  if (method === undefined) {
    const fields = { status, bytes, referrer, userAgent, user, request: sent };
    const victim = host === undefined ? {} : { host };
    return { time, domain: 'http', kind: 'malformed-request', address, victim, outcome, fields };
  }
  const version = sent.lastIndexOf(' HTTP/');
  const target = sent.slice(method.length + 1, version > method.length ? version : undefined);
  const protocol = version > method.length ? sent.slice(version + 1) : '';
  const question = target.indexOf('?');
  const path = question < 0 ? target : target.slice(0, question);
  const query = question < 0 ? '' : target.slice(question + 1);
  const decoded = decodeTarget(target);
  const resource = staticExtensions.has(extensionOf(path)) ? 'static' : 'dynamic';
  // Written out: spreading objects into one another took half of the time of a line.
  const fields = { status, bytes, referrer, userAgent, user, method, path, query, protocol, decoded, resource };
  const victim = host === undefined ? { path } : { host, path };
  return { time, domain: 'http', kind: 'request', address, victim, outcome, fields };
}

function extensionOf(path: string): string {
  const dot = path.lastIndexOf('.');
  return dot < path.lastIndexOf('/') ? '' : path.slice(dot + 1).toLowerCase();
}

/** A target as an attacked program may see it: the log's `\xHH` and two rounds of `%HH` undone, byte by byte. */
function decodeTarget(target: string): string {
  if (!target.includes('%') && !target.includes('\\')) return target;
  const toCharacter = (_: string, hex: string) => String.fromCharCode(Number.parseInt(hex, 16));
  const unescaped = target.replace(/\\x([0-9a-fA-F]{2})/g, toCharacter);
  const once = unescaped.replace(/%([0-9a-fA-F]{2})/g, toCharacter);
  return once.replace(/%([0-9a-fA-F]{2})/g, toCharacter);
}
