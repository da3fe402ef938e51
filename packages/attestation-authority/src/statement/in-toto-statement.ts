// in-toto Statement v1: subjects by digest, a predicate type, and the predicate. Source: in-toto attestation framework v1
// (github.com/in-toto/attestation, spec/v1/statement.md). The terms under which a statement was issued are an extension member,
// which other readers ignore as the framework asks. Cost of reading one of 600 bytes: some 5 us.
import { z } from 'zod';
import { type Refusal, refuse } from '../errors/index.js';
import { JsonTemplate } from './json-template.js';
import { notWritten, writeAscii, writeBytes } from './plain-json.js';
import type { PredicateSchemas } from './predicates/index.js';
import { fits, instant, instantOf, isPlainObject, natural, withShape } from './shape.js';
import { maximumDepth, parseStrictJson } from './strict-json.js';

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

const hexDigest = /^(?:[0-9a-f]{2}){4,128}$/;
const digestSchema = z
  .record(z.string().min(1).max(64), z.string().regex(hexDigest, 'lower-case hex'))
  .refine((digest) => Object.keys(digest).length > 0, 'at least one digest');
const timeSchema = z.iso.datetime();
const predicateTypeSchema = z.string().min(1).max(512);

/** A subject with a name and a digest; what else the framework lets it say is kept. */
const subjectSchema = z.looseObject({ name: z.string().min(1).max(2048), digest: digestSchema });

const renewedPattern = /^sha256:[0-9a-f]{64}$/;
const termsSchema = z.strictObject({
  notBefore: timeSchema.optional(),
  notAfter: timeSchema,
  status: z.strictObject({ list: z.string().min(1).max(2048), index: z.int().min(0) }).optional(),
  renews: z.string().regex(renewedPattern).optional(),
});

// What most statements are, member by member: this stands on the way of each that is issued or verified.

function isSubject(value: unknown): boolean {
  if (!isPlainObject(value) || !isText(value.name, 2048)) return false;
  const { digest } = value;
  if (!isPlainObject(digest)) return false;
  let count = 0;
  for (const algorithm in digest) {
    if (!isText(algorithm, 64) || !isHexDigest(digest[algorithm])) return false;
    count++;
  }
  return count > 0;
}

function isContent({ subject, predicateType }: Record<string, unknown>): boolean {
  if (!Array.isArray(subject) || subject.length === 0 || subject.length > maximumSubjects) return false;
  for (let at = 0; at < subject.length; at++) if (!isSubject(subject[at])) return false;
  return isText(predicateType, 512);
}

function isPlace(value: unknown): boolean {
  if (!isPlainObject(value) || !isText(value.list, 2048) || !natural(value.index)) return false;
  for (const name in value) if (name !== 'list' && name !== 'index') return false;
  return true;
}

function isTerms(value: unknown): boolean {
  if (!isPlainObject(value)) return false;
  for (const name in value) {
    if (name !== 'notBefore' && name !== 'notAfter' && name !== 'status' && name !== 'renews') return false;
  }
  const { notBefore, notAfter, status, renews } = value;
  return (
    instant(notAfter) &&
    (notBefore === undefined || instant(notBefore)) &&
    (status === undefined || isPlace(status)) &&
    (renews === undefined || (typeof renews === 'string' && renewedPattern.test(renews)))
  );
}

function isStatement(value: unknown): boolean {
  if (!isPlainObject(value) || value._type !== statementType || !isContent(value)) return false;
  const { tenstrip_terms: terms } = value;
  return terms === undefined || isTerms(terms);
}

/** Text of 1 to so many UTF-16 units. */
function isText(value: unknown, most: number): boolean {
  return typeof value === 'string' && value.length > 0 && value.length <= most;
}

/** What a statement must be. */
export const statementSchema: z.ZodType = withShape(
  z.looseObject({
    _type: z.literal(statementType),
    subject: z.array(subjectSchema).min(1).max(maximumSubjects),
    predicateType: predicateTypeSchema,
    predicate: z.unknown().optional(),
    tenstrip_terms: termsSchema.optional(),
  }),
  isStatement,
);

/** By unit: whether it is a digit of lower-case hex. */
const isHexDigit = new Uint8Array(128);
for (const digit of '0123456789abcdef') isHexDigit[digit.charCodeAt(0)] = 1;

/** Lower-case hex of 4 to 128 bytes. */
function isHexDigest(value: unknown): boolean {
  if (typeof value !== 'string') return false;
  const { length } = value;
  if (length % 2 !== 0 || length < 8 || length > 256) return false;
  for (let at = 0; at < length; at++) if (isHexDigit[value.charCodeAt(at)] !== 1) return false;
  return true;
}

/** A request for a statement: what it says, without the terms. */
export const statementContentSchema = z.object({
  subject: z.array(subjectSchema).min(1).max(maximumSubjects),
  predicateType: predicateTypeSchema,
  predicate: z.unknown(),
});

/** Whether subjects and predicate type are surely as {@link statementContentSchema} wants them. `false` says nothing. */
export function hasStatementContent(value: unknown): boolean {
  return isPlainObject(value) && isContent(value) && value.predicate !== undefined;
}

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
  const shape = problemOf(statementSchema, json.value);
  if (shape !== undefined) return refuse('STATEMENT_MALFORMED', path, shape);
  const statement = json.value as InTotoStatement; // the schema changes nothing
  const schema = predicates.get(statement.predicateType);
  const problem = schema && problemOf(schema, statement.predicate);
  if (problem !== undefined) return refuse('PREDICATE_INVALID', `${path}.predicate`, problem);
  const terms = statement.tenstrip_terms;
  if (payload.length <= usualStatementBytes) kept.statement = statement;
  return {
    statement,
    notBefore: terms?.notBefore === undefined ? Number.NEGATIVE_INFINITY : timeOf(terms.notBefore),
    notAfter: terms === undefined ? Number.POSITIVE_INFINITY : timeOf(terms.notAfter),
  };
}

/**
 * The statement that was read last, for its hidden classes: where no statement is alive when all garbage is collected, they go
 * too, and V8 compiles all code that was optimised for them anew, some 10 ms.
 */
const kept: { statement: InTotoStatement | undefined } = { statement: undefined };
const usualStatementBytes = 2 ** 12;

function timeOf(time: string): number {
  const common = instantOf(time);
  return Number.isNaN(common) ? Date.parse(time) : common;
}

function problemOf(schema: z.ZodType, value: unknown): string | undefined {
  if (fits(schema, value)) return undefined;
  const { error } = schema.safeParse(value);
  return error && firstIssue(error);
}

/**
 * The payload of a statement: JSON text with members in the order of the specification, in parts. Only what differs from one statement
 * to the next is printed by JSON.stringify, whose time goes by characters; and what is no chain of texts is copied faster.
 */
export function printStatement({
  subject,
  predicateType,
  predicate,
  tenstrip_terms: terms,
}: InTotoStatement): string[] {
  const content = JSON.stringify(predicate) as string | undefined; // undefined for a function, say: then it is left out
  const end = terms === undefined ? '}' : ending(terms);
  return [opening, JSON.stringify(subject), afterSubject(predicateType, content), content ?? '', end];
}

const opening = `{"_type":${JSON.stringify(statementType)},"subject":`;
/** What the last statement had between subject and predicate, and up to its place in a status list. */
const printed = { type: '', afterSubject: '', notAfter: '', list: '', beforeIndex: '' };

/**
 * Writes what {@link printStatement} prints from `at` on, and returns where it ends; `notWritten` when there is no room, or subject or
 * predicate are not so plain that they are written without a text.
 */
export function writeStatement(
  { subject, predicateType, predicate, tenstrip_terms: terms }: InTotoStatement,
  room: Uint8Array,
  at: number,
): number {
  let end = writeBytes(openingBytes, room, at);
  if (end !== notWritten) end = templates.subject.write(subject, room, end);
  if (end !== notWritten) end = writeBytes(bytesOf(middle, afterSubject(predicateType, '')), room, end);
  if (end !== notWritten) end = templates.predicate.write(predicate, room, end);
  return end === notWritten ? notWritten : writeEnding(terms, room, end);
}

function writeEnding(terms: Terms | undefined, room: Uint8Array, at: number): number {
  if (terms === undefined) return writeAscii('}', room, at);
  if (!hasPlaceAlone(terms)) return writeBytes(Buffer.from(ending(terms)), room, at);
  const end = writeBytes(bytesOf(beforePlace, beforeIndex(terms)), room, at);
  return end === notWritten ? notWritten : writeAscii(`${terms.status.index}}}}`, room, end);
}

/** A text that many statements have in common, and its bytes. */
interface Common {
  text: string;
  bytes: Uint8Array;
}

const openingBytes = Buffer.from(opening);
const templates = { subject: new JsonTemplate(), predicate: new JsonTemplate() };
const middle: Common = { text: '', bytes: new Uint8Array(0) };
const beforePlace: Common = { text: '', bytes: new Uint8Array(0) };

function bytesOf(common: Common, text: string): Uint8Array {
  if (common.text !== text) {
    common.text = text;
    common.bytes = Buffer.from(text);
  }
  return common.bytes;
}

function afterSubject(predicateType: string, content: string | undefined): string {
  if (content === undefined) return `,"predicateType":${JSON.stringify(predicateType)}`;
  if (printed.type !== predicateType || printed.afterSubject === '') {
    printed.type = predicateType;
    printed.afterSubject = `,"predicateType":${JSON.stringify(predicateType)},"predicate":`;
  }
  return printed.afterSubject;
}

function ending(terms: Terms): string {
  if (!hasPlaceAlone(terms)) return `,"tenstrip_terms":${JSON.stringify(terms)}}`;
  return `${beforeIndex(terms)}${terms.status.index}}}}`;
}

/** Terms of an end and a place in a status list, as most are. */
type PlaceAlone = Terms & { readonly status: StatusReference };

function hasPlaceAlone(terms: Terms): terms is PlaceAlone {
  const { notBefore, status, renews } = terms;
  return status !== undefined && notBefore === undefined && renews === undefined;
}

function beforeIndex({ notAfter, status: { list } }: PlaceAlone): string {
  if (printed.notAfter !== notAfter || printed.list !== list || printed.beforeIndex === '') {
    printed.notAfter = notAfter;
    printed.list = list;
    printed.beforeIndex = `,"tenstrip_terms":{"notAfter":${JSON.stringify(notAfter)},"status":{"list":${JSON.stringify(list)},"index":`;
  }
  return printed.beforeIndex;
}

/** Why a member of a statement cannot be printed so that {@link readStatement} would read it; `undefined` when it can. */
export function unprintable(value: unknown, depth = 2): string | undefined {
  if (typeof value === 'bigint') return 'has a bigint, which JSON lacks';
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth > maximumDepth) return `is nested deeper than ${maximumDepth - 1} levels, or in itself`;
  for (const name in value) {
    if (name === '__proto__') return 'has a member __proto__';
    const problem = unprintable((value as Record<string, unknown>)[name], depth + 1);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** Why subjects cannot be printed so; they are printed as themselves, where a predicate may print as something else. */
export function unprintableSubjects(subjects: readonly Subject[]): string | undefined {
  for (let at = 0; at < subjects.length; at++) {
    if ((subjects[at] as { toJSON?: unknown }).toJSON !== undefined) return 'has a member toJSON, which JSON calls';
  }
  return unprintable(subjects);
}

function firstIssue(error: z.ZodError): string {
  const [issue] = error.issues;
  return issue === undefined ? 'it does not have its shape' : `${issue.path.join('.')}: ${issue.message}`.slice(0, 300);
}
