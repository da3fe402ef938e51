// Checks of shapes by plain functions: some ten times as fast as a schema that explains itself. A check can only say yes where
// the schema beside it says yes (a property test holds them to that); where it says no, the schema is asked, and finds the words.
import type { z } from 'zod';

/** Whether a value has a shape. */
export type Shape = (value: unknown) => boolean;

/** Text of so many UTF-16 units. */
export const text =
  (least = 0, most = Number.POSITIVE_INFINITY): Shape =>
  (value) =>
    typeof value === 'string' && value.length >= least && value.length <= most;

/** A whole number from 0 up that a double holds exactly. */
export const natural: Shape = (value) => Number.isSafeInteger(value) && (value as number) >= 0;

/** Absent, or of the shape. */
export const optional =
  (shape: Shape): Shape =>
  (value) =>
    value === undefined || shape(value);

/** An array of so many values of a shape. */
export const listOf =
  (shape: Shape, most = Number.POSITIVE_INFINITY, least = 0): Shape =>
  (value) => {
    if (!Array.isArray(value) || value.length < least || value.length > most) return false;
    for (const item of value) if (!shape(item)) return false;
    return true;
  };

/** An object whose members all have a shape, as their names have. */
export const recordOf =
  (shape: Shape, name: Shape = anything): Shape =>
  (value) => {
    if (!isPlainObject(value)) return false;
    for (const member in value) if (!name(member) || !shape(value[member])) return false;
    return true;
  };

/** An object with these members; more are allowed. */
export const membersOf = (shapes: Readonly<Record<string, Shape>>): Shape => {
  const names = Object.keys(shapes);
  const checks = Object.values(shapes);
  return (value) => {
    if (!isPlainObject(value)) return false;
    for (let at = 0; at < names.length; at++) if (!checks[at]!(value[names[at]!])) return false;
    return true;
  };
};

/** Whatever it is. */
const anything: Shape = () => true;

/** What `JSON.parse` makes of an object; anything with a class is the schema's business. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

const month = (value: number) => value >= 1 && value <= 12;
const commonYear = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/**
 * Milliseconds since 1970 of a time as `Date.toISOString` writes it, years 1000 to 9999: `2026-01-31T23:59:59.000Z`. NaN for any
 * other text, even where RFC 3339 has it.
 */
export function instantOf(value: unknown): number {
  if (typeof value !== 'string' || value.length !== 24) return Number.NaN;
  if (value !== last.text) last = { text: value, instant: parseInstant(value) };
  return last.instant;
}

/** Statements that come together begin and end together. */
let last = { text: '', instant: Number.NaN };

function parseInstant(value: string): number {
  if (value[4] !== '-' || value[7] !== '-' || value[10] !== 'T' || value[13] !== ':') return Number.NaN;
  if (value[16] !== ':' || value[19] !== '.' || value[23] !== 'Z') return Number.NaN;
  const [year, moon, day] = [digits(value, 0, 4), digits(value, 5, 7), digits(value, 8, 10)];
  const [hour, minute, second] = [digits(value, 11, 13), digits(value, 14, 16), digits(value, 17, 19)];
  if (!(year >= 1000 && month(moon) && hour <= 23 && minute <= 59 && second <= 59)) return Number.NaN;
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const last = moon === 2 && isLeap ? 29 : commonYear[moon - 1]!;
  if (!(day >= 1 && day <= last)) return Number.NaN;
  return Date.UTC(year, moon - 1, day, hour, minute, second, digits(value, 20, 23));
}

/** The number that decimal digits are; NaN when one of them is none. */
function digits(value: string, from: number, to: number): number {
  let number = 0;
  for (let at = from; at < to; at++) {
    const digit = value.charCodeAt(at) - 0x30;
    if (!(digit >= 0 && digit <= 9)) return Number.NaN;
    number = 10 * number + digit;
  }
  return number;
}

/** A time as {@link instantOf} reads it. */
export const instant: Shape = (value) => !Number.isNaN(instantOf(value));

const shapes = new WeakMap<z.ZodType, Shape>();

/** Lets {@link fits} use a check in the place of a schema. */
export function withShape<Schema extends z.ZodType>(schema: Schema, shape: Shape): Schema {
  shapes.set(schema, shape);
  return schema;
}

/** Whether a value is surely one of the schema, found without it. `false` says nothing. */
export function fits(schema: z.ZodType, value: unknown): boolean {
  return shapes.get(schema)?.(value) ?? false;
}
