// What nearly every line of a host begins with, `^%{SYSLOGLINE}`, without an expression: a stamp of RFC 3164 or 3339, a host, a
// program and perhaps its number, and a message. It answers only for lines that are written in the usual way, in which the
// expression has no choice; every other one is left to the expression.

import { internedName } from './interned-name.js';

/** Places of the parts in what {@link SyslogLineReader.read} gives: those of the groups in the expression written out. */
const part = { timestamp: 1, timestamp8601: 2, logsource: 5, program: 6, pid: 7, message: 8 };
const parts = 9;

/** The fields that the expression has, in the order of its groups. */
export const syslogLineFields: readonly string[] = [
  'timestamp',
  'timestamp8601',
  'facility',
  'priority',
  'logsource',
  'program',
  'pid',
  'message',
];

const months = new Set(['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']);
const [space, colon, dot, plus, minus, zero, nine, opening, closing] = [32, 58, 46, 43, 45, 48, 57, 91, 93];

/** Programs that come again and again are compared, and not cut out each time. */
const shortPrograms = 64;
const longestShort = 32;

/** Reads lines of syslog. Its answers share one list: the next answer takes the place of the last. */
export class SyslogLineReader {
  readonly #texts: (string | undefined)[] = new Array(parts).fill(undefined);
  /** Most lines share their host with the one before. */
  #host = '';
  /** Programs by a sum of some characters. */
  readonly #programs: string[] = new Array(shortPrograms).fill('');

  /**
   * Texts of the groups by number; `undefined` for a line that is not written in the usual way. The number of the program is
   * missing where it is not wanted.
   */
  read(line: string, wantsNumber = true): readonly (string | undefined)[] | undefined {
    const first = line.charCodeAt(0);
    const isRfc3339 = first >= zero && first <= nine;
    const stampEnd = isRfc3339 ? rfc3339End(line) : rfc3164End(line);
    if (stampEnd < 0 || line.charCodeAt(stampEnd) !== space) return undefined;
    const messageStart = this.#readOrigin(line, stampEnd, wantsNumber);
    if (messageStart < 0 || line.includes('\n', messageStart)) return undefined;
    const texts = this.#texts;
    const stamp = line.slice(0, stampEnd);
    texts[part.timestamp] = isRfc3339 ? undefined : stamp;
    texts[part.timestamp8601] = isRfc3339 ? stamp : undefined;
    texts[part.message] = line.slice(messageStart);
    return texts;
  }

  /** Reads host, program and number from the space before them on; where the message begins, or -1. */
  #readOrigin(line: string, from: number, wantsNumber: boolean): number {
    let start = from + this.#host.length + 2;
    if (start === from + 2 || line.charCodeAt(start - 1) !== space || !standsAt(line, from + 1, this.#host)) {
      start = line.indexOf(' ', from + 1) + 1;
      if (start === 0 || !isHost(line, from + 1, start - 1)) return -1;
      this.#host = line.slice(from + 1, start - 1);
    }
    let end = start;
    while (isOfProgram(line.charCodeAt(end))) end += 1;
    const isNumbered = line.charCodeAt(end) === opening;
    // Without a number what is a program takes the colon behind it too, and gives it back.
    if (!isNumbered) end -= 1;
    if (end <= start) return -1;
    const messageStart = isNumbered ? numberEnd(line, end + 1) : isColonAndSpace(line, end) ? end + 2 : -1;
    if (messageStart < 0) return -1;
    const texts = this.#texts;
    texts[part.pid] = isNumbered && wantsNumber ? line.slice(end + 1, messageStart - 3) : undefined;
    texts[part.logsource] = this.#host;
    texts[part.program] = this.#programAt(line, start, end);
    return messageStart;
  }

  #programAt(line: string, start: number, end: number): string {
    const length = end - start;
    if (length > longestShort) return line.slice(start, end);
    const place = (line.charCodeAt(start) * 7 + line.charCodeAt(end - 1) * 5 + length) % shortPrograms;
    const known = this.#programs[place]!;
    if (known.length === length && standsAt(line, start, known)) return known;
    const program = internedName(line.slice(start, end));
    this.#programs[place] = program;
    return program;
  }
}

/** {@link String.startsWith}, for short texts: a call of that takes longer than to compare some characters. */
function standsAt(line: string, from: number, text: string): boolean {
  for (let at = 0; at < text.length; at += 1) if (line.charCodeAt(from + at) !== text.charCodeAt(at)) return false;
  return true;
}

/** Where the message begins behind the number of a program, its bracket and a colon; -1 where they are not there. */
function numberEnd(line: string, from: number): number {
  let end = from;
  while (isDigit(line.charCodeAt(end))) end += 1;
  const isNumber = end > from && line.charCodeAt(from) !== zero;
  return isNumber && line.charCodeAt(end) === closing && isColonAndSpace(line, end + 1) ? end + 3 : -1;
}

/** Where `2026-11-23T18:47:41.123456+01:00` ends at the beginning of a line, or -1. */
function rfc3339End(line: string): number {
  if (!isDigit(line.charCodeAt(1)) || !isDigit(line.charCodeAt(2)) || !isDigit(line.charCodeAt(3))) return -1;
  const [month, day] = [twoDigits(line, 5), twoDigits(line, 8)];
  const isDate = month >= 1 && month <= 12 && day >= 1 && day <= 31;
  if (!isDate || line.charCodeAt(4) !== minus || line.charCodeAt(7) !== minus || line[10] !== 'T') return -1;
  if (!isClock(line, 11)) return -1;
  let at = 19;
  if (line.charCodeAt(at) === dot) {
    at += 1;
    const start = at;
    while (isDigit(line.charCodeAt(at))) at += 1;
    if (at === start) return -1;
  }
  const sign = line.charCodeAt(at);
  if (sign === 90) return at + 1;
  if (sign !== plus && sign !== minus) return -1;
  const [hours, minutes] = [twoDigits(line, at + 1), twoDigits(line, at + 4)];
  return hours >= 0 && hours <= 23 && minutes >= 0 && minutes <= 59 && line.charCodeAt(at + 3) === colon ? at + 6 : -1;
}

/** Where `Nov 23 18:47:41` ends at the beginning of a line, or -1. */
function rfc3164End(line: string): number {
  if (line.charCodeAt(3) !== space || !months.has(line.slice(0, 3))) return -1;
  const ones = line.charCodeAt(5) - zero;
  const tens = line.charCodeAt(4);
  const day = tens === space ? ones : twoDigits(line, 4);
  if (!(ones >= 0 && ones <= 9 && day >= 1 && day <= 31) || line.charCodeAt(6) !== space) return -1;
  return isClock(line, 7) ? 15 : -1;
}

/** Whether `18:47:41` stands there. */
function isClock(line: string, at: number): boolean {
  const [hours, minutes, seconds] = [twoDigits(line, at), twoDigits(line, at + 3), twoDigits(line, at + 6)];
  if (line.charCodeAt(at + 2) !== colon || line.charCodeAt(at + 5) !== colon) return false;
  return hours >= 0 && hours <= 23 && minutes >= 0 && minutes <= 59 && seconds >= 0 && seconds <= 59;
}

/** Two decimal digits; negative when they are none. */
function twoDigits(text: string, at: number): number {
  const [tens, ones] = [text.charCodeAt(at) - zero, text.charCodeAt(at + 1) - zero];
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : -1;
}

function isDigit(unit: number): boolean {
  return unit >= zero && unit <= nine;
}

function isColonAndSpace(line: string, at: number): boolean {
  return line.charCodeAt(at) === colon && line.charCodeAt(at + 1) === space;
}

/** Whether a name of letters, digits, dots and dashes stands there. */
function isHost(line: string, from: number, to: number): boolean {
  for (let at = from; at < to; at += 1) {
    const unit = line.charCodeAt(at);
    const isWord = isDigit(unit) || (unit >= 65 && unit <= 90) || (unit >= 97 && unit <= 122);
    if (!isWord && (at === from || (unit !== dot && unit !== minus))) return false;
  }
  return to > from;
}

/** What is printed and neither a space nor a bracket. */
function isOfProgram(unit: number): boolean {
  return unit > space && unit < 127 && unit !== opening && unit !== closing;
}
