// One thing that happened, in a small subset of OCSF (schema.ocsf.io): who did what to whom, when, and how it went.
// Everything downstream, buckets and rails and the ledger, sees events only and never a log format.

import { hash } from 'node:crypto';
import { TenstripError } from '@tenstrip/shared-core/errors';
import { z } from 'zod';
import type { LedgerErrorCode } from '../errors/index.js';
import { type BlockTarget, blockTargetSchema } from './block-target.js';
import { wellFormedText } from './well-formed-text.js';

/** The line that an event was read from, or what stands for it. */
export interface EventEvidence {
  /** SHA-256 of the whole line in hex, also when the line itself was cut. */
  readonly digest: string;
  /** The line, at most 8 KiB. */
  readonly line?: string;
  /** The file, or the name of another source. */
  readonly source?: string;
  /** Where the line begins in its source, in bytes. */
  readonly offset?: number;
}

/** One thing that happened. */
export interface SecurityEvent {
  /** When, in milliseconds since 1970: the time that the log states, not the time of reading. */
  readonly time: number;
  /** The service that saw it. */
  readonly domain: 'ssh' | 'http' | 'api' | 'mail' | (string & {});
  /** What happened, in kebab-case: `authentication-failure`, `invalid-user`, `request`. */
  readonly kind: string;
  /** Who did it; the first is the one that a scenario blocks by default. What was merely tried belongs to `victim`. */
  readonly actor: readonly BlockTarget[];
  /**
   * Whether what `actor` names beside the address was verified: a certificate, a key or a session whose possession was shown.
   * Only then does it join addresses to one actor. Default: when the outcome is `success`.
   */
  readonly authenticated?: boolean;
  /** What carried it. Of `udp`, `icmp` and `tcp-syn` nothing proves the sender's address. Default: a connection of TCP. */
  readonly transport?: 'tcp' | 'udp' | 'icmp' | 'tcp-syn';
  /** What was attacked. */
  readonly victim?: { readonly host?: string; readonly user?: string; readonly path?: string };
  /** `success` means authenticated: a page that anybody may see is `unknown`. */
  readonly outcome: 'failure' | 'success' | 'unknown';
  /** Facts that scenarios look at, by name. */
  readonly fields: Readonly<Record<string, string>>;
  readonly evidence: EventEvidence;
}

/** An event that tells one field without making an object of all. */
export interface FieldTeller {
  fieldOf(name: string): string | undefined;
}

/** A field of an event; `undefined` when it has none of that name. */
export function fieldOf(event: SecurityEvent | (SecurityEvent & FieldTeller), name: string): string | undefined {
  return 'fieldOf' in event ? event.fieldOf(name) : event.fields[name];
}

const shortText = wellFormedText(0, 8192);

/** {@link SecurityEvent} from outside. Limits: 8 actors, 64 fields of at most 8 KiB. */
export const securityEventSchema = z.object({
  time: z.number().int().min(0).max(8.64e15),
  domain: z.string().regex(/^[a-z][a-z0-9-]{0,31}$/),
  kind: z.string().regex(/^[a-z][a-z0-9-]{0,63}$/),
  actor: z.array(blockTargetSchema).min(1).max(8),
  victim: z.object({ host: shortText.optional(), user: shortText.optional(), path: shortText.optional() }).optional(),
  outcome: z.enum(['failure', 'success', 'unknown']),
  authenticated: z.boolean().optional(),
  transport: z.enum(['tcp', 'udp', 'icmp', 'tcp-syn']).optional(),
  fields: z
    .record(z.string().max(64), shortText)
    .refine((fields) => Object.keys(fields).length <= 64, 'at most 64 fields')
    .default({}),
  evidence: z.object({
    digest: z.string().regex(/^[0-9a-f]{64}$/),
    line: shortText.optional(),
    source: wellFormedText(0, 4096).optional(),
    offset: z.number().int().min(0).optional(),
  }),
});

/** Classes of OCSF 1.x that events here belong to. */
const ocsfClass = { authentication: 3002, httpActivity: 4002, networkActivity: 4001, detectionFinding: 2004 };

/** The OCSF class of an event: authentication for logins of any service, HTTP activity for requests, else network activity. */
export function ocsfClassOf(event: SecurityEvent): number {
  if (event.domain === 'http' && event.kind.endsWith('request')) return ocsfClass.httpActivity;
  if (event.kind.includes('authentication') || event.kind.includes('user')) return ocsfClass.authentication;
  return ocsfClass.networkActivity;
}

/** The event that `value` describes. @throws TenstripError `EventInvalid` with every wrong field at once. */
export function parseSecurityEvent(value: unknown): SecurityEvent {
  const parsed = securityEventSchema.safeParse(value);
  if (parsed.success) return parsed.data as SecurityEvent;
  const issues = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'event'}: ${issue.message}`);
  throw new TenstripError<LedgerErrorCode>(
    'EventInvalid',
    `This is not a security event: ${issues.join('; ')}. Correct these fields.`,
    { details: { issues } },
  );
}

/** SHA-256 of a line of text (UTF-8) in hex: the digest of {@link EventEvidence}. */
export function lineDigest(line: string): string {
  return hash('sha256', line, 'hex');
}
