// Times as Go reads and writes them (pkg.go.dev/time): a layout shows how Monday, 2 January 2006, 15:04:05 would look. A
// layout becomes one anchored expression, kept for later lines.

/** A time that was read from a text. */
export interface GoTime {
  /** Milliseconds since 1970. */
  readonly time: number;
  /** RFC 3339 with the text's own zone and all its digits, as CrowdSec writes it. */
  readonly text: string;
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const longMonths = 'January|February|March|April|May|June|July|August|September|October|November|December';

/** Parts of layouts, longest first, with their expressions. */
const parts: readonly (readonly [part: string, source: string])[] = [
  ['January', `(?<longMonth>${longMonths})`],
  ['Monday', '(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day'],
  ['2006', '(?<year>\\d{4})'],
  ['-07:00', '(?<zone>[+-]\\d{2}:\\d{2})'],
  ['Z07:00', '(?<zone>Z|[+-]\\d{2}:\\d{2})'],
  ['Z0700', '(?<zone>Z|[+-]\\d{4})'],
  ['-0700', '(?<zone>[+-]\\d{4})'],
  ['002', '(?<dayOfYear>\\d{3})'],
  ['Jan', `(?<month>${months.join('|')})`],
  ['Mon', '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)'],
  ['MST', '(?<zoneName>[A-Z]{3,4}|[+-]\\d{2,4})'],
  ['01', '(?<monthNumber>\\d{2})'],
  ['02', '(?<day>\\d{2})'],
  ['03', '(?<hour>\\d{2})'],
  ['04', '(?<minute>\\d{2})'],
  ['05', '(?<second>\\d{2})(?:[.,](?<fraction>\\d{1,9}))?'],
  ['06', '(?<shortYear>\\d{2})'],
  ['15', '(?<hour>\\d{2})'],
  ['PM', '(?<half>AM|PM)'],
  ['pm', '(?<half>am|pm)'],
  ['-07', '(?<zone>[+-]\\d{2})'],
  ['_2', ' ?(?<day>\\d{1,2})'],
  ['1', '(?<monthNumber>\\d{1,2})'],
  ['2', '(?<day>\\d{1,2})'],
  ['3', '(?<hour>\\d{1,2})'],
  ['4', '(?<minute>\\d{1,2})'],
  ['5', '(?<second>\\d{1,2})(?:[.,](?<fraction>\\d{1,9}))?'],
];

/** What CrowdSec tries in turn on a text without a layout of its own. */
const usualLayouts = [
  '2006-01-02T15:04:05Z07:00',
  '02/Jan/2006:15:04:05 -0700',
  'Mon Jan 2 15:04:05 2006',
  '02-Jan-2006 15:04:05 europe/paris',
  '01/02/2006 15:04:05',
  '2006-01-02 15:04:05.999999999 -0700 MST',
  'Jan  2 15:04:05',
  'Mon Jan 02 15:04:05.000000 2006',
  '2006/01/02',
  '2006/01/02 15:04',
  '2006-01-02',
  '2006-01-02 15:04',
  '2006/01/02 15:04:05',
  '2006-01-02 15:04:05',
  '2006-01-02T15:04:05',
];

/** Layouts come from rules, but a rule may take one from a line. */
const maximumLayouts = 200;
const layouts = new Map<string, RegExp>();

function layoutExpression(layout: string): RegExp {
  const known = layouts.get(layout);
  if (known !== undefined) return known;
  let source = '';
  const seen = new Set<string>();
  for (let at = 0; at < layout.length; ) {
    const fraction = /^[.,](?:0+|9+)(?!\d)/.exec(layout.slice(at));
    const found = parts.find(([part]) => layout.startsWith(part, at));
    if (fraction !== null && seen.has('second')) at += fraction[0].length;
    else if (found !== undefined) {
      source += once(found[1], seen);
      at += found[0].length;
    } else if (layout[at] === ' ') {
      source += ' +';
      while (layout[at] === ' ') at += 1;
    } else {
      source += layout[at]!.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
      at += 1;
    }
  }
  const expression = new RegExp(`^${source}$`);
  if (layouts.size < maximumLayouts) layouts.set(layout, expression);
  return expression;
}

/** A part whose field stands before in the layout is read and not used. */
function once(source: string, seen: Set<string>): string {
  return source.replace(/\?<(\w+)>/g, (group, name: string) => {
    if (seen.has(name)) return '?:';
    seen.add(name);
    return group;
  });
}

/** The time of a text by a layout; without a year the newest that is not after `newest`. */
export function parseGoTime(text: string, layout: string, newest: number): GoTime | undefined {
  const groups = layoutExpression(layout).exec(text)?.groups;
  return groups === undefined ? undefined : timeOf(groups, newest);
}

/** Lines of one second share their text: the last one is kept. */
let last: { readonly text: string; readonly newest: number; readonly found: GoTime | undefined } | undefined;

/** The time of a text by one of the usual layouts, or of seconds since 1970. */
export function parseUsualTime(text: string, newest: number): GoTime | undefined {
  const time = rfc3339Time(text);
  return Number.isNaN(time) ? otherTime(text, newest) : { time, text: rfc3339Text(text) };
}

/** {@link parseUsualTime} where nobody reads the text: milliseconds since 1970. */
export function usualTime(text: string, newest: number): number | undefined {
  const time = rfc3339Time(text);
  return Number.isNaN(time) ? otherTime(text, newest)?.time : time;
}

function otherTime(text: string, newest: number): GoTime | undefined {
  if (last?.text !== text || last.newest !== newest) last = { text, newest, found: parseByLayouts(text, newest) };
  return last.found;
}

/** The second that {@link rfc3339Time} met last, `2026-11-23T18:47:41`, and when it began: lines come by the second. */
let lastSecond = '';
let lastSecondTime = Number.NaN;
const offsetZero = '+00:00';

/**
 * What most logs write, without an expression: a date and time of RFC 3339, with `Z` or an offset of zero, which Go's first
 * usual layout takes too. `NaN`: any other text, which is left to the layouts.
 */
function rfc3339Time(text: string): number {
  const { length } = text;
  const isZulu = text.charCodeAt(length - 1) === 90;
  const end = isZulu ? length - 1 : length - 6;
  if (end < 19 || end === 20 || end > 29 || !(isZulu || isOffsetZero(text, end))) return Number.NaN;
  let milliseconds = 0;
  if (end > 19) {
    if (text.charCodeAt(19) !== 46) return Number.NaN;
    for (let at = 20; at < end; at += 1) {
      const digit = text.charCodeAt(at) - 48;
      if (digit < 0 || digit > 9) return Number.NaN;
      if (at < 23) milliseconds += digit * (at === 20 ? 100 : at === 21 ? 10 : 1);
    }
  }
  const second = text.slice(0, 19);
  return (second === lastSecond ? lastSecondTime : rfc3339Second(second)) + milliseconds;
}

/** Whether `+00:00` stands there. */
function isOffsetZero(text: string, at: number): boolean {
  for (let index = 0; index < 6; index += 1)
    if (text.charCodeAt(at + index) !== offsetZero.charCodeAt(index)) return false;
  return true;
}

/** When a second begins as RFC 3339 writes it; `NaN` when it is none. */
function rfc3339Second(second: string): number {
  for (let at = 0; at < 19; at += 1) {
    const code = second.charCodeAt(at);
    const wanted = secondForm.charCodeAt(at);
    if (wanted === digitMark ? code < 48 || code > 57 : code !== wanted) return Number.NaN;
  }
  const [year, month, day] = [
    twoDigits(second, 0) * 100 + twoDigits(second, 2),
    twoDigits(second, 5),
    twoDigits(second, 8),
  ];
  const [hour, minute, seconds] = [twoDigits(second, 11), twoDigits(second, 14), twoDigits(second, 17)];
  // Of years before 100 JavaScript takes two digits for the 20th century's.
  if (year < 100 || month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || seconds > 59) return Number.NaN;
  const time = Date.UTC(year, month - 1, day, hour, minute, seconds);
  if (day > 28 && new Date(time).getUTCDate() !== day) return Number.NaN;
  [lastSecond, lastSecondTime] = [second, time];
  return time;
}

const secondForm = '0000-00-00T00:00:00';
const digitMark = secondForm.charCodeAt(0);

function twoDigits(text: string, at: number): number {
  return (text.charCodeAt(at) - 48) * 10 + text.charCodeAt(at + 1) - 48;
}

/** The same time as Go writes it, of a text that {@link rfc3339Time} has read. */
function rfc3339Text(text: string): string {
  let end = text.charCodeAt(text.length - 1) === 90 ? text.length - 1 : text.length - 6;
  if (end > 19) while (end > 20 && text.charCodeAt(end - 1) === 48) end -= 1;
  return `${text.slice(0, end === 20 ? 19 : end)}Z`;
}

function parseByLayouts(text: string, newest: number): GoTime | undefined {
  for (const layout of usualLayouts) {
    const found = parseGoTime(text, layout, newest);
    if (found !== undefined) return found;
  }
  const seconds = /^(\d{1,11})(?:\.\d*)?$/.exec(text);
  return seconds === null || Number(seconds[1]) === 0 ? undefined : goTime(Number(seconds[1]) * 1000);
}

/** A time as Go writes it, in UTC. */
export function goTime(time: number): GoTime {
  return { time, text: new Date(time).toISOString().replace(/\.?0*Z$/, 'Z') };
}

const dayMs = 86_400_000;

function timeOf(groups: Partial<Record<string, string>>, newest: number): GoTime | undefined {
  const number = (name: string, otherwise: number) => (groups[name] === undefined ? otherwise : Number(groups[name]));
  const named = groups.month ?? groups.longMonth?.slice(0, 3);
  const month = named === undefined ? number('monthNumber', 1) : months.indexOf(named) + 1;
  const clock = [hourOf(number('hour', 0), groups.half), number('minute', 0), number('second', 0)] as const;
  const offset = offsetOf(groups.zone);
  const build = (year: number) => {
    const utc = Date.UTC(year, month - 1, number('day', 1), ...clock);
    const isReal = new Date(utc).getUTCMonth() === month - 1 && clock[0] < 24 && clock[1] < 60 && clock[2] < 61;
    return isReal ? { year, utc: utc - offset * 60_000 } : undefined;
  };
  const found = withYear(groups, newest, build);
  if (found === undefined) return undefined;
  const fraction = groups.fraction?.replace(/0+$/, '') ?? '';
  const local = new Date(found.utc + offset * 60_000).toISOString().slice(0, 19);
  const text = `${local}${fraction === '' ? '' : `.${fraction}`}${zoneText(offset)}`;
  return { time: found.utc + Number(fraction.slice(0, 3).padEnd(3, '0')), text };
}

interface Dated {
  readonly year: number;
  readonly utc: number;
}

function withYear(
  groups: Partial<Record<string, string>>,
  newest: number,
  build: (year: number) => Dated | undefined,
): Dated | undefined {
  if (groups.year !== undefined) return build(Number(groups.year));
  if (groups.shortYear !== undefined)
    return build(Number(groups.shortYear) + (Number(groups.shortYear) >= 69 ? 1900 : 2000));
  const last = new Date(newest + dayMs).getUTCFullYear();
  // 29 February may be up to eight years back.
  for (let year = last; year > last - 9; year -= 1) {
    const dated = build(year);
    if (dated !== undefined && dated.utc <= newest + dayMs) return dated;
  }
  return undefined;
}

function hourOf(hour: number, half: string | undefined): number {
  if (half === undefined) return hour;
  return (hour % 12) + (half.toUpperCase() === 'PM' ? 12 : 0);
}

/** Minutes east of UTC. */
function offsetOf(zone: string | undefined): number {
  if (zone === undefined || zone === 'Z') return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3).replace(':', '') || 0);
  return zone.startsWith('-') ? -minutes : minutes;
}

function zoneText(offset: number): string {
  if (offset === 0) return 'Z';
  const magnitude = Math.abs(offset);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${offset < 0 ? '-' : '+'}${two(Math.floor(magnitude / 60))}:${two(magnitude % 60)}`;
}
