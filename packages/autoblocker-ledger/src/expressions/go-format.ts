// Values as Go's fmt writes them: what a rule puts into a field must be the text that CrowdSec would have put there.

import { isMap } from './string-map.js';

/** A value by `%v`: 1.5, 401, [a b], map[k:v]; times as RFC 3339. */
export function goText(value: unknown): string {
  if (value === null || value === undefined) return '<nil>';
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return goNumber(value);
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`;
  if (value instanceof Date) return value.toISOString().replace('.000Z', 'Z');
  if (typeof value === 'object') {
    const entries = isMap(value) ? [...(value as Iterable<readonly [string, unknown]>)] : Object.entries(value);
    return `map[${entries
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([key, item]) => `${key}:${goText(item)}`)
      .join(' ')}]`;
  }
  return String(value);
}

/** A float by `%f`. */
export function goFloat(value: number, digits = 6): string {
  return Math.abs(value) < 1e21 ? value.toFixed(digits) : String(value);
}

function goNumber(value: number): string {
  const magnitude = Math.abs(value);
  if (value === 0 || (magnitude >= 1e-4 && magnitude < 1e21)) return String(value);
  return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
}

/** `format` with its verbs replaced: %s %v %+v %d %f %.2f %q %x %t %%, with width and zeros. */
export function goSprintf(format: string, values: readonly unknown[]): string {
  let next = 0;
  return format.replace(
    /%([-+0 #]*)(\d+)?(?:\.(\d*))?([a-zA-Z%])/g,
    (_, flags: string, width, precision, verb: string) => {
      if (verb === '%') return '%';
      const value = values[next];
      next += 1;
      if (next > values.length) return `%!${verb}(MISSING)`;
      return padded(formatted(verb, value, precision), flags, Math.min(Number(width ?? 0), 1000));
    },
  );
}

function formatted(verb: string, value: unknown, precision: string | undefined): string {
  switch (verb) {
    case 'd':
      return typeof value === 'number' && Number.isInteger(value) ? String(value) : `%!d(${goText(value)})`;
    case 'f':
      return typeof value === 'number'
        ? goFloat(value, Math.min(Number(precision ?? 6), 100))
        : `%!f(${goText(value)})`;
    case 'q':
      return JSON.stringify(goText(value));
    case 'x':
      return typeof value === 'number' ? value.toString(16) : Buffer.from(goText(value)).toString('hex');
    default:
      return precision === undefined ? goText(value) : goText(value).slice(0, Number(precision));
  }
}

function padded(text: string, flags: string, width: number): string {
  if (flags.includes('-')) return text.padEnd(width);
  return text.padStart(width, flags.includes('0') ? '0' : ' ');
}
