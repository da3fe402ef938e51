// What nearly every line of a host begins with, `^%{SYSLOGLINE}`, without an expression: a stamp of RFC 3164 or 3339, a host, a
// program and perhaps its number, and a message. It answers only for lines that are written in the usual way, in which the
// expression has no choice; every other one is left to the expression.

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

/** Reads lines of syslog. Its answers share one list: the next answer takes the place of the last. */
export class SyslogLineReader {
  readonly #texts: (string | undefined)[] = new Array(parts).fill(undefined);
  /** Host and program of the last line as they stand in it, from the space before them to the bracket behind. */
  #origin = '';
  #host = '';
  #program = '';

  /** Texts of the groups by number; `undefined` for a line that is not written in the usual way. */
  read(line: string): readonly (string | undefined)[] | undefined {
    const first = line.charCodeAt(0);
    const stampEnd = first >= zero && first <= nine ? rfc3339End(line) : rfc3164End(line);
    if (stampEnd < 0 || line.charCodeAt(stampEnd) !== space) return undefined;
    const messageStart = this.#readOrigin(line, stampEnd);
    if (messageStart < 0 || line.includes('\n', messageStart)) return undefined;
    const stamp = line.slice(0, stampEnd);
    const isRfc3339 = first <= nine;
    this.#texts[part.timestamp] = isRfc3339 ? undefined : stamp;
    this.#texts[part.timestamp8601] = isRfc3339 ? stamp : undefined;
    this.#texts[part.message] = line.slice(messageStart);
    return this.#texts;
  }

  /** Reads host, program and number from the space before them on; where the message begins, or -1. */
  #readOrigin(line: string, from: number): number {
    const known = this.#origin;
    if (known !== '' && line.startsWith(known, from)) return this.#readNumber(line, from + known.length);
    const hostEnd = line.indexOf(' ', from + 1);
    if (hostEnd < 0 || !isHost(line, from + 1, hostEnd)) return -1;
    let programEnd = hostEnd + 1;
    while (isOfProgram(line.charCodeAt(programEnd))) programEnd += 1;
    const isNumbered = line.charCodeAt(programEnd) === opening;
    // Without a number what is a program takes the colon behind it too, and gives it back.
    if (!isNumbered) programEnd -= 1;
    if (programEnd <= hostEnd + 1 || !(isNumbered || isColonAndSpace(line, programEnd))) return -1;
    this.#texts[part.logsource] = this.#host = line.slice(from + 1, hostEnd);
    this.#texts[part.program] = this.#program = line.slice(hostEnd + 1, programEnd);
    this.#origin = isNumbered ? line.slice(from, programEnd + 1) : '';
    if (isNumbered) return this.#readNumber(line, programEnd + 1);
    this.#texts[part.pid] = undefined;
    return programEnd + 2;
  }

  /** Reads the number of a program of the known origin; where the message begins, or -1. */
  #readNumber(line: string, from: number): number {
    let end = from;
    while (isDigit(line.charCodeAt(end))) end += 1;
    const isNumber = end > from && line.charCodeAt(from) !== zero;
    if (!isNumber || line.charCodeAt(end) !== closing || !isColonAndSpace(line, end + 1)) return -1;
    this.#texts[part.logsource] = this.#host;
    this.#texts[part.program] = this.#program;
    this.#texts[part.pid] = line.slice(from, end);
    return end + 3;
  }
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
