// Texts from outside, as they can be written down: half of a surrogate pair is no character of any encoding, canonical JSON
// refuses it, and whoever sends one would have a whole batch refused.

import { z } from 'zod';

/** The text with U+FFFD for each half of a surrogate pair. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd');
}

/** A text of bounded length, made well-formed. */
export function wellFormedText(least: number, most: number): z.ZodPipe<z.ZodString, z.ZodTransform<string, string>> {
  return z.string().min(least).max(most).transform(wellFormed);
}
