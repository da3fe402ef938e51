// The values that our models hold, and how they and answers are shown.

import { type Answer, unknownResult } from '../model.js';

/** A value that is compared by `===`. */
export type Scalar = string | number | boolean | null;

const longestText = 60;

/** A value for a reader, as JSON with bigints as they are written in code. */
export function json(value: unknown): string {
  if (typeof value === 'bigint') return `${value}n`;
  return JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? `${part}n` : part)) ?? String(value);
}

/** The same, cut where it is long. */
export function text(value: unknown): string {
  const whole = json(value);
  return whole.length <= longestText ? whole : `${whole.slice(0, longestText - 1)}…`;
}

/** ` → value`, or a question mark when nobody knows; nothing for an answer that says nothing. */
export function answer(result: Answer<unknown>): string {
  if (result === unknownResult) return ' → ?';
  return result === undefined ? '' : ` → ${text(result)}`;
}
