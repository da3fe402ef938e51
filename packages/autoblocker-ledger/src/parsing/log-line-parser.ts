// A line to an event, whatever the file holds: the format that fitted last is tried first, so a file is recognised by
// its content and not by its name, and a file with several formats is read too.

import type { SecurityEvent, SourceLine } from '../events/index.js';
import { HttpAccessLog } from './http-access-log.js';
import { LogEvent, type LogFinding } from './log-event.js';
import { mailRulesOf, parseMail } from './mail-log.js';
import { parseSshd, sshdPrograms } from './sshd-log.js';
import { type StampReading, SyslogHeader } from './syslog-header.js';

/** What became of a line: an event, a line of a known kind without interest, or nothing we know. */
export type ParsedLine =
  | { readonly parser: string; readonly event: SecurityEvent }
  | { readonly parser: string; readonly event?: undefined }
  | undefined;

/** A format: a line of it gives a {@link ParsedLine}, another one `undefined`. */
type Format = (line: SourceLine) => ParsedLine;

/** Reads the lines of one source, in their order. */
export interface LineParser {
  parse(line: SourceLine): ParsedLine;
}

/** Reads the formats that this package knows by itself. */
export class LogLineParser implements LineParser {
  readonly #source: string;
  readonly #syslog: SyslogHeader;
  readonly #access = new HttpAccessLog();
  /** Most recently fitting first. */
  readonly #formats: Format[];

  constructor(source: string, reading: StampReading) {
    this.#source = source;
    this.#syslog = new SyslogHeader(reading);
    this.#formats = [(line) => this.#parseSyslog(line), (line) => this.#parseAccess(line.text, line)];
  }

  /** What `line` says. */
  parse(line: SourceLine): ParsedLine {
    for (const [index, format] of this.#formats.entries()) {
      const parsed = format(line);
      if (parsed === undefined) continue;
      if (index > 0) this.#formats.unshift(...this.#formats.splice(index, 1));
      return parsed;
    }
    return undefined;
  }

  #parseSyslog(line: SourceLine): ParsedLine {
    const header = this.#syslog.parse(line.text);
    if (header === undefined) return undefined;
    if (!sshdPrograms.includes(header.program)) {
      const mail = mailRulesOf(header.program);
      if (mail !== undefined) return this.#mailLine(line.cut ? undefined : parseMail(header, mail), line);
      // A web server that logs to syslog sends access lines as messages.
      const access = this.#parseAccess(header.message, line);
      return access ?? { parser: 'syslog' };
    }
    const finding = line.cut ? undefined : parseSshd(header);
    if (finding === undefined) return { parser: 'sshd' };
    return { parser: 'sshd', event: new LogEvent(finding, line, this.#source) };
  }

  #mailLine(finding: LogFinding | undefined, line: SourceLine): ParsedLine {
    return finding === undefined
      ? { parser: 'mail' }
      : { parser: 'mail', event: new LogEvent(finding, line, this.#source) };
  }

  #parseAccess(text: string, line: SourceLine): ParsedLine {
    const finding = this.#access.parse(text, line.cut);
    if (finding === undefined) return undefined;
    if (finding === 'recognised') return { parser: 'http-access' };
    return { parser: 'http-access', event: new LogEvent(finding, line, this.#source) };
  }
}
