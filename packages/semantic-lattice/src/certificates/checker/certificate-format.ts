// What a certificate is, and its shape read strictly: a key too many is refused, since nothing would check what it says.
import { sha256 } from '@tenstrip/shared-core';
import type { CheckLimits } from './check-limits.js';
import { refuse } from './refusal.js';

/** A value of a fact: a term, an integer, or the text of a lattice's value. */
export type CertificateValue = string | number;

/** A fact: its relation, then its values. */
export type CertificateFact = readonly [relation: string, ...values: CertificateValue[]];

/** One application of a rule. */
export interface RuleStep {
  readonly fact: CertificateFact;
  /** Which of the certificate's rules. */
  readonly rule: number;
  /** The values of the rule's variables. */
  readonly bindings: Readonly<Record<string, CertificateValue>>;
  /** One for each atom that is not negated, in their order: facts are numbered first, then steps before this one. */
  readonly premises: readonly number[];
}

/** Two earlier statements about one cell of a lattice, joined. */
export interface JoinStep {
  readonly fact: CertificateFact;
  readonly joins: readonly [number, number];
}

/** What follows from what stands before it. */
export type CertificateStep = RuleStep | JoinStep;

/** A conclusion with all that it rests on, as JSON. */
export interface Certificate {
  readonly format: 'tenstrip/certificate/1';
  readonly digests: {
    /** SHA-256, in hex, of the canonical texts of all rules: sorted, one a line. */
    readonly rules: string;
    /** SHA-256, in hex, of all facts that were given: each as canonical JSON, sorted, one a line. */
    readonly facts: string;
  };
  /** What it certifies: each is a fact of it or the fact of a step. */
  readonly claims: readonly CertificateFact[];
  /** The canonical texts of the rules that steps use. */
  readonly rules: readonly string[];
  /** The given facts that steps use. */
  readonly facts: readonly CertificateFact[];
  readonly steps: readonly CertificateStep[];
  /** Ed25519 over the canonical JSON of all the rest; both in base64. */
  readonly signature?: { readonly publicKey: string; readonly value: string };
}

export function readCertificate(given: unknown, limits: CheckLimits): Certificate {
  const certificate = record(
    given,
    'format',
    ['format', 'digests', 'claims', 'rules', 'facts', 'steps'],
    ['signature'],
  );
  if (certificate.format !== 'tenstrip/certificate/1') refuse('format', 'it is not tenstrip/certificate/1');
  const digests = record(certificate.digests, 'digests', ['rules', 'facts']);
  for (const digest of Object.values(digests)) if (typeof digest !== 'string') refuse('digests', 'a digest is no text');
  const list = (name: string, each: (value: unknown, at: string) => void) => {
    const values = certificate[name];
    if (!Array.isArray(values)) refuse(name, 'it is no list');
    if (values.length > limits.steps) refuse(name, `there are ${values.length}; at most ${limits.steps} are checked`);
    values.forEach((value, i) => {
      each(value, `${name.slice(0, -1)} ${i}`);
    });
  };
  list('claims', readFact);
  list('rules', (rule, at) => typeof rule === 'string' || refuse(at, 'it is no text'));
  list('facts', readFact);
  list('steps', readStep);
  if (certificate.signature !== undefined) {
    const signature = record(certificate.signature, 'signature', ['publicKey', 'value']);
    for (const part of Object.values(signature)) if (typeof part !== 'string') refuse('signature', 'it is no text');
  }
  return certificate as unknown as Certificate;
}

function readStep(given: unknown, at: string): void {
  const isJoin = typeof given === 'object' && given !== null && Object.hasOwn(given, 'joins');
  const step = record(given, at, isJoin ? ['fact', 'joins'] : ['fact', 'rule', 'bindings', 'premises']);
  readFact(step.fact, at);
  const isIndex = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0 && !Object.is(value, -0);
  const references = isJoin ? step.joins : step.premises;
  if (!Array.isArray(references) || !references.every(isIndex) || (isJoin && references.length !== 2)) {
    refuse(at, 'its premises are not numbers');
  }
  if (isJoin) return;
  if (!isIndex(step.rule)) refuse(at, 'its rule is no number');
  const { bindings } = step;
  if (
    typeof bindings !== 'object' ||
    bindings === null ||
    Array.isArray(bindings) ||
    !Object.values(bindings).every(isValue)
  ) {
    refuse(at, 'its bindings are not values by name');
  }
}

export function readFact(given: unknown, at: string): void {
  if (!Array.isArray(given) || typeof given[0] !== 'string' || !given.every(isValue)) {
    refuse(at, 'it is no relation with values');
  }
}

function isValue(value: unknown): value is CertificateValue {
  return typeof value === 'string' || (Number.isSafeInteger(value) && !Object.is(value, -0));
}

function record(
  given: unknown,
  at: string,
  needed: readonly string[],
  optional: readonly string[] = [],
): Record<string, unknown> {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) refuse(at, 'it is no object');
  const missing = needed.find((key) => !Object.hasOwn(given, key));
  if (missing !== undefined) refuse(at, `${missing} is missing`);
  const unknown = Object.keys(given).find((key) => !needed.includes(key) && !optional.includes(key));
  if (unknown !== undefined) refuse(at, `${JSON.stringify(unknown)} is not known`);
  return given as Record<string, unknown>;
}

export function base64(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') !== text) refuse('signature', 'it is not base64');
  return bytes;
}

export function factKey(fact: CertificateFact): string {
  return JSON.stringify(fact);
}

export function digestOfLines(lines: string[]): string {
  return Buffer.from(sha256(new TextEncoder().encode(lines.sort().join('\n')))).toString('hex');
}
