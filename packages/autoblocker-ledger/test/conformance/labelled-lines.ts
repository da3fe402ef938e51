// fail2ban's labelled lines: what stands under a `# failJSON:` comment, with the options that the filter is run with.

import { readFileSync } from 'node:fs';

/** One line of a log, and what is true of it. */
export interface LabelledLine {
  readonly text: string;
  /** Modes of the filter for which the label holds. */
  readonly modes: readonly string[];
  readonly label: {
    readonly match: boolean;
    readonly host?: string;
    readonly time?: string;
    readonly constraint?: string;
    readonly desc?: string;
  };
}

/** The labelled lines of a file, in their order. */
export function labelledLines(file: string): LabelledLine[] {
  const lines: LabelledLine[] = [];
  let label: LabelledLine['label'] | undefined;
  let modes: readonly string[] = ['normal'];
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const options = /^# filterOptions: (.*)$/.exec(line);
    if (options !== null) {
      modes = ([JSON.parse(options[1]!)].flat() as { mode?: string }[]).map(({ mode }) => mode ?? 'normal');
      continue;
    }
    const json = /^# ?failJSON: (.*)$/.exec(line);
    if (json !== null) label = JSON.parse(json[1]!);
    else if (line !== '' && !line.startsWith('#') && label !== undefined) {
      lines.push({ text: line, modes, label });
      label = undefined;
    }
  }
  return lines;
}
