// Whom an event names and a decision blocks: an address, a network, a person, a key. One spelling each, made at the border.

import { z } from 'zod';
import { wellFormedText } from './well-formed-text.js';

/** Whom a decision is about. Addresses and ranges are in canonical text (RFC 5952, dotted quad). */
export type BlockTarget =
  | { readonly kind: 'ip' | 'range' | 'user' | 'apiKey' | 'session'; readonly value: string }
  | { readonly kind: 'certificate'; readonly spkiSha256: string };

/** {@link BlockTarget} from outside: a text of at most 512 characters, or 64 hex digits of a certificate's key. */
export const blockTargetSchema = z.union([
  z.object({ kind: z.enum(['ip', 'range', 'user', 'apiKey', 'session']), value: wellFormedText(1, 512) }),
  z.object({ kind: z.literal('certificate'), spkiSha256: z.string().regex(/^[0-9a-f]{64}$/) }),
]);

/** A text that is equal exactly when two targets are, such as `ip:192.0.2.1`; a key for maps. */
export function targetKey(target: BlockTarget): string {
  return target.kind === 'certificate' ? `certificate:${target.spkiSha256}` : `${target.kind}:${target.value}`;
}
