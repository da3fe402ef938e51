// What nearly every line of a host begins with, `^%{SYSLOGLINE}`, by a shorter expression: a stamp of RFC 3164 or 3339, a host, a
// program and perhaps its number, and a message. It answers only for lines that are written in the usual way, in which
// SYSLOGLINE has no choice; every other one is left to that. The message is cut off, not matched. (An expression and not a loop
// over characters: the engine's code looks at one in a third of the time.)

/** The fields that SYSLOGLINE has, in the order of its groups. */
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

const clock = '(?:[01][0-9]|2[0-3]):[0-5][0-9]';
const rfc3164 = `(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) (?: [1-9]|0[1-9]|[12][0-9]|3[01]) ${clock}:[0-5][0-9]`;
const rfc3339 = `[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])T${clock}:[0-5][0-9](?:\\.[0-9]+)?(?:Z|[+-]${clock})`;
const host = '[0-9A-Za-z][0-9A-Za-z.-]*';
const program = '[!-Z\\\\^-~]+';

/** Reads lines of syslog. */
export class SyslogLineReader {
  /** Where the text of each wanted field is in what {@link SyslogLineReader.read} gives. */
  readonly places: readonly number[];
  readonly #head: RegExp;

  /** `wanted`: the fields whose texts are asked for. */
  constructor(wanted: readonly string[] = syslogLineFields) {
    const captured = ['timestamp', 'timestamp8601', 'logsource', 'program', 'pid'].filter((name) =>
      wanted.includes(name),
    );
    const group = (name: string, source: string) => `(${captured.includes(name) ? '' : '?:'}${source})`;
    const stamp = `(?:${group('timestamp', rfc3164)}|${group('timestamp8601', rfc3339)})`;
    const number = `(?:\\[${group('pid', '[1-9][0-9]*')}\\])?`;
    this.#head = new RegExp(`^${stamp} ${group('logsource', host)} ${group('program', program)}${number}: `);
    // What a usual line has not stands where nothing is.
    const nowhere = captured.length + 1;
    this.places = wanted.map((name) =>
      name === 'message' ? 0 : captured.includes(name) ? captured.indexOf(name) + 1 : nowhere,
    );
  }

  /** The texts of a line, that of the message at 0; `undefined` for a line that is not written in the usual way. */
  read(line: string): readonly (string | undefined)[] | undefined {
    const texts = this.#head.exec(line);
    if (texts === null) return undefined;
    const { length } = texts[0];
    if (line.includes('\n', length)) return undefined;
    texts[0] = line.slice(length);
    return texts;
  }
}
