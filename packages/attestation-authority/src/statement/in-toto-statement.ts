// in-toto Statement v1: subjects by digest, a predicate type, and the predicate. Source: in-toto attestation framework v1
// (github.com/in-toto/attestation, spec/v1/statement.md). The terms under which a statement was issued are an extension member,
// which other readers ignore as the framework asks.
import { z } from 'zod';
import { type Refusal, refuse } from '../errors/index.js';
import type { PredicateSchemas } from './predicates/index.js';
import { parseStrictJson } from './strict-json.js';

/** The payload type of every in-toto statement in an envelope. */
export const statementPayloadType = 'application/vnd.in-toto+json';
/** The type of a statement. */
export const statementType = 'https://in-toto.io/Statement/v1';

/** What a statement is about. */
export interface Subject {
  /** A name, by custom a URI: `pkg:`, `spiffe:`, `mailto:`, a file name. */
  readonly name: string;
  /** Digests by algorithm, in lower-case hex; at least one. */
  readonly digest: Readonly<Record<string, string>>;
}

/** A place in a status list, where a revocation would stand. */
export interface StatusReference {
  /** The list's name: a URI. */
  readonly list: string;
  /** The bit in the list. */
  readonly index: number;
}

/** Under which terms a statement was issued; signed with it. Times are RFC 3339 in UTC. */
export interface Terms {
  readonly notBefore?: string;
  readonly notAfter: string;
  readonly status?: StatusReference;
  /** What it renews: `sha256:` and the hex digest of that one's pre-authentication encoding. */
  readonly renews?: string;
}

/** A statement. */
export interface InTotoStatement<Predicate = unknown> {
  readonly _type: typeof statementType;
  readonly subject: readonly Subject[];
  readonly predicateType: string;
  readonly predicate: Predicate;
  /** Absent in statements that others made. */
  readonly tenstrip_terms?: Terms;
}

/** Most subjects of a statement. */
const maximumSubjects = 1024;

const digestSchema = z
  .record(z.string().min(1).max(64), z.string().regex(/^(?:[0-9a-f]{2}){4,128}$/, 'lower-case hex'))
  .refine((digest) => Object.keys(digest).length > 0, 'at least one digest');
const timeSchema = z.iso.datetime();
const predicateTypeSchema = z.string().min(1).max(512);

/** A subject with a name and a digest; what else the framework lets it say is kept. */
const subjectSchema = z.looseObject({ name: z.string().min(1).max(2048), digest: digestSchema });

const termsSchema = z.strictObject({
  notBefore: timeSchema.optional(),
  notAfter: timeSchema,
  status: z.strictObject({ list: z.string().min(1).max(2048), index: z.int().min(0) }).optional(),
  renews: z
    .string()
    .regex(/^sha256:[0-9a-f]{64}$/)
    .optional(),
});

const statementSchema = z.looseObject({
  _type: z.literal(statementType),
  subject: z.array(subjectSchema).min(1).max(maximumSubjects),
  predicateType: predicateTypeSchema,
  predicate: z.unknown().optional(),
  tenstrip_terms: termsSchema.optional(),
});

/** A request for a statement: what it says, without the terms. */
export const statementContentSchema = z.object({
  subject: z.array(subjectSchema).min(1).max(maximumSubjects),
  predicateType: predicateTypeSchema,
  predicate: z.unknown(),
});

/** A statement that was read, and its times in milliseconds since 1970. */
export interface ReadStatement {
  readonly statement: InTotoStatement;
  /** `-Infinity` when there is no beginning. */
  readonly notBefore: number;
  /** `Infinity` when there is no end. */
  readonly notAfter: number;
}

/** The statement that a payload is, its predicate checked where its type is known; or why it is none. Never throws. */
export function readStatement(
  payload: Uint8Array,
  predicates: PredicateSchemas,
  path: string,
): ReadStatement | Refusal {
  const json = parseStrictJson(payload);
  if (json.problem !== undefined) return refuse('STATEMENT_MALFORMED', path, `the payload is refused: ${json.problem}`);
  const parsed = statementSchema.safeParse(json.value);
  if (!parsed.success) return refuse('STATEMENT_MALFORMED', path, firstIssue(parsed.error));
  const statement = json.value as InTotoStatement; // the schema changes nothing
  const predicate = predicates.get(statement.predicateType)?.safeParse(statement.predicate);
  if (predicate?.success === false) {
    return refuse('PREDICATE_INVALID', `${path}.predicate`, firstIssue(predicate.error));
  }
  const terms = statement.tenstrip_terms;
  return {
    statement,
    notBefore: terms?.notBefore === undefined ? Number.NEGATIVE_INFINITY : Date.parse(terms.notBefore),
    notAfter: terms === undefined ? Number.POSITIVE_INFINITY : Date.parse(terms.notAfter),
  };
}

/** The payload of a statement: JSON with members in the order of the specification. */
export function printStatement({ subject, predicateType, predicate, tenstrip_terms }: InTotoStatement): Uint8Array {
  return Buffer.from(JSON.stringify({ _type: statementType, subject, predicateType, predicate, tenstrip_terms }));
}

function firstIssue(error: z.ZodError): string {
  const [issue] = error.issues;
  return issue === undefined ? 'it does not have its shape' : `${issue.path.join('.')}: ${issue.message}`.slice(0, 300);
}
