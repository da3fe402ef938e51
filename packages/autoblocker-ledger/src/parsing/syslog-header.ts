// What stands before a syslog message: RFC 3164 as daemons write it ("Nov 23 18:47:41 host sshd[4242]: "), RFC 5424, and
// the ISO 8601 stamps of newer rsyslog. A stamp without a year is given the newest year that is not in the future.

/** A line of syslog, taken apart. */
export interface SyslogLine {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly host: string | undefined;
  readonly program: string;
  readonly pid: string | undefined;
  readonly message: string;
}

/** How stamps are read that do not say everything. */
export interface StampReading {
  /** Newest time that a stamp can mean now, in milliseconds since 1970; a day of tolerance is added for zones and clocks. */
  readonly newestTime: () => number;
  /** Zone of stamps that name none: minutes east of UTC, or the zone of this machine. */
  readonly utcOffsetMinutes: number | 'local';
}

const program = String.raw`(?:([\w./-]+)(?:\[(\d+)\])?:|\[([\w./-]+)\]:?) (.*)$`;
const rfc3164 = new RegExp(
  String.raw`^(?:<\d{1,3}>)?([A-Z][a-z]{2} [ \d]?\d \d\d:\d\d):(\d\d) (?:([^\s[\]]+) )??${program}`,
);
const stamp = String.raw`(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d):(\d\d)(?:[.,](\d{1,9}))?(Z|[+-]\d\d:?\d\d)?`;
const isoStamp = new RegExp(String.raw`^(?:<\d{1,3}>)?${stamp} (?:([^\s[\]]+) )??${program}`);
const structuredData = String.raw`(?:-|(?:\[(?:[^"\]]|"(?:[^"\\]|\\.)*")*\])+)`;
const rfc5424 = new RegExp(String.raw`^<\d{1,3}>1 ${stamp} (\S+) (\S+) (\S+) \S+ ${structuredData} (.*)$`);
/** Solaris puts an identifier before the message. */
const solarisPrefix = /^\[ID \d+ \w+\.\w+\] /;

const dayMs = 86_400_000;
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** Reads the headers of one source. */
export class SyslogHeader {
  readonly #reading: StampReading;
  /** The last minute read and when it began: lines of one minute share it. */
  #minute = '';
  #minuteStart: number | undefined;

  constructor(reading: StampReading) {
    this.#reading = reading;
  }

  /** The line taken apart, or `undefined` when it is no syslog. */
  parse(line: string): SyslogLine | undefined {
    const first = line.charCodeAt(line.charCodeAt(0) === 60 ? line.indexOf('>') + 1 : 0);
    if (first >= 65 && first <= 90) return this.#parseRfc3164(line);
    return first >= 48 && first <= 57 ? (this.#parseRfc5424(line) ?? this.#parseIso(line)) : undefined;
  }

  #parseRfc3164(line: string): SyslogLine | undefined {
    const groups = rfc3164.exec(line);
    if (groups === null) return undefined;
    const minute = groups[1]!;
    if (minute !== this.#minute) {
      this.#minute = minute;
      this.#minuteStart = this.#newestMinute(minute);
    }
    if (this.#minuteStart === undefined) return undefined;
    const time = this.#minuteStart + Number(groups[2]) * 1000;
    return syslogLine(time, groups[3], groups[4] ?? groups[6]!, groups[5], groups[7]!);
  }

  #parseIso(line: string): SyslogLine | undefined {
    const groups = isoStamp.exec(line);
    const time = groups === null ? Number.NaN : this.#isoTime(groups);
    if (groups === null || Number.isNaN(time)) return undefined;
    return syslogLine(time, groups[6], groups[7] ?? groups[9]!, groups[8], groups[10]!);
  }

  #parseRfc5424(line: string): SyslogLine | undefined {
    if (line.charCodeAt(0) !== 60) return undefined;
    const groups = rfc5424.exec(line);
    const time = groups === null ? Number.NaN : this.#isoTime(groups);
    if (groups === null || Number.isNaN(time)) return undefined;
    return syslogLine(time, groups[6], groups[7]!, groups[8], groups[9]!);
  }

  /** `NaN` when the date does not exist. */
  #isoTime(groups: RegExpExecArray): number {
    const [, date, hoursAndMinutes, seconds, fraction, zone = ''] = groups;
    const minute = `${date}T${hoursAndMinutes}${zone}`;
    if (minute !== this.#minute) {
      this.#minute = minute;
      this.#minuteStart = this.#isoMinute(`${date}T${hoursAndMinutes}:00Z`, zone);
    }
    const milliseconds = fraction === undefined ? 0 : Number(fraction.slice(0, 3).padEnd(3, '0'));
    return (this.#minuteStart ?? Number.NaN) + Number(seconds) * 1000 + milliseconds;
  }

  #isoMinute(shown: string, zone: string): number {
    const utc = Date.parse(shown);
    if (zone === 'Z') return utc;
    if (zone === '') return this.#fromLocal(new Date(utc));
    const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2));
    return utc - (zone.startsWith('-') ? -minutes : minutes) * 60_000;
  }

  /** When the minute `Nov 23 18:47` began, in the newest year in which it exists and is not in the future. */
  #newestMinute(minute: string): number | undefined {
    const month = months.indexOf(minute.slice(0, 3));
    const day = Number(minute.slice(4, 6));
    const [hours, minutes] = [Number(minute.slice(-5, -3)), Number(minute.slice(-2))];
    if (month < 0 || hours > 23 || minutes > 59) return undefined;
    const newest = this.#reading.newestTime() + dayMs;
    const newestYear = new Date(newest).getUTCFullYear();
    // 29 February may be up to eight years back.
    for (let year = newestYear; year > newestYear - 9; year -= 1) {
      const date = new Date(Date.UTC(year, month, day, hours, minutes));
      if (date.getUTCMonth() !== month || date.getUTCDate() !== day) continue;
      const time = this.#fromLocal(date);
      if (time <= newest) return time;
    }
    return undefined;
  }

  /** The time at which clocks of the source's zone show what `shown` shows in UTC. */
  #fromLocal(shown: Date): number {
    const { utcOffsetMinutes } = this.#reading;
    if (utcOffsetMinutes !== 'local') return shown.getTime() - utcOffsetMinutes * 60_000;
    return new Date(
      shown.getUTCFullYear(),
      shown.getUTCMonth(),
      shown.getUTCDate(),
      shown.getUTCHours(),
      shown.getUTCMinutes(),
      shown.getUTCSeconds(),
      shown.getUTCMilliseconds(),
    ).getTime();
  }
}

function syslogLine(
  time: number,
  host: string | undefined,
  program: string,
  pid: string | undefined,
  message: string,
): SyslogLine {
  const plain = message.charCodeAt(0) === 91 ? message.replace(solarisPrefix, '') : message;
  return { time, host, program, pid, message: plain };
}
