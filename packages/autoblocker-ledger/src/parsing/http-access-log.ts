// Access logs of Apache and nginx: common, combined, and either with a virtual host before (httpd.apache.org/docs, mod_log_config).
// Both servers escape quotes inside quoted fields, so what a client sends cannot end a field; the client's address comes
// first, or second after a host name, and is never taken from a header.

import { formatIpAddress, parseIpAddress } from '../lookup/index.js';
import type { LogFinding } from './log-event.js';

const quoted = String.raw`"([^"\\]*(?:\\.[^"\\]*)*)"`;
const date = String.raw`\[(\d{2}\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})\]`;
const start = String.raw`^(\S+) (\S+) (.*?) ?${date} "`;
const accessLine = new RegExp(String.raw`${start.slice(0, -1)}${quoted} (\d{3}) (\d+|-)(?: ${quoted} ${quoted})?`);
/** A line whose end was cut off: the request at least begins. */
const cutLine = new RegExp(`${start}([^"]*)$`);
const request = /^([A-Za-z_-]{1,32}) (\S.*?)(?: (HTTP\/\d(?:\.\d)?))?$/;

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
    const [status = '', bytes = '', referrer = '', userAgent = ''] = groups.slice(6).map((group) => group ?? '');
    const user = client.host === undefined ? third! : (third!.split(' ').at(-1) ?? '-');
    return {
      time,
      domain: 'http',
      address: client.address,
      outcome: Number(status) >= 400 ? 'failure' : 'unknown',
      ...requestOf(sent!, client.host, { status, bytes, referrer, userAgent, user: user === '-' ? '' : user }),
    };
  }

  #parseDate(text: string): number {
    if (text === this.#date) return this.#time;
    this.#date = text;
    const month = months.indexOf(text.slice(3, 6));
    const [day, year, hours, minutes, seconds] = [
      [0, 2],
      [7, 11],
      [12, 14],
      [15, 17],
      [18, 20],
    ].map(([from, to]) => Number(text.slice(from, to))) as [number, number, number, number, number];
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
function clientOf(
  first: string,
  second: string,
  rest: string,
): { address: string; host: string | undefined } | undefined {
  const plain = parseIpAddress(first);
  const afterHost = plain === undefined || rest.includes(' ') ? parseIpAddress(second) : undefined;
  if (afterHost !== undefined) return { address: formatIpAddress(afterHost), host: first };
  return plain === undefined ? undefined : { address: formatIpAddress(plain), host: undefined };
}

function requestOf(
  sent: string,
  host: string | undefined,
  response: { status: string; bytes: string; referrer: string; userAgent: string; user: string },
): Pick<LogFinding, 'kind' | 'victim' | 'fields'> {
  const victimHost = host === undefined ? {} : { host };
  const parts = request.exec(sent);
  if (parts === null) return { kind: 'malformed-request', victim: victimHost, fields: { ...response, request: sent } };
  const [, method, target, protocol = ''] = parts as unknown as [string, string, string, string?];
  const question = target.indexOf('?');
  const path = question < 0 ? target : target.slice(0, question);
  const decoded = decodeTarget(target);
  return {
    kind: 'request',
    victim: { ...victimHost, path },
    fields: {
      ...response,
      method,
      path,
      query: question < 0 ? '' : target.slice(question + 1),
      protocol,
      decoded,
      resource: staticExtensions.has(extensionOf(path)) ? 'static' : 'dynamic',
    },
  };
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
