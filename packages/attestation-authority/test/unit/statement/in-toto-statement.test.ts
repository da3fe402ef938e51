import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type InTotoStatement,
  knownPredicates,
  printStatement,
  readStatement,
  statementType,
  type Terms,
} from '../../../src/statement/index.js';

const digest = { sha256: 'ab'.repeat(32) };
const base = {
  _type: statementType,
  subject: [{ name: 'a', digest }],
  predicateType: 'https://example.com/p',
  predicate: {},
};
const read = (value: unknown) => readStatement(Buffer.from(JSON.stringify(value)), knownPredicates, 'payload');

/** Whether JSON.stringify takes it; a bigint it does not. */
function isPrintable(value: unknown): boolean {
  try {
    JSON.stringify(value);
    return true;
  } catch {
    return false;
  }
}

describe('a statement', () => {
  it('passes a predicate of an unknown type through, and members that it does not know', () => {
    const statement = { ...base, predicate: { anything: [1, 'two'] }, extra: 1 };
    expect(read(statement)).toMatchObject({ statement, notBefore: -Infinity, notAfter: Infinity });
  });

  it('is printed as JSON.stringify prints it', () => {
    const place = { list: 'https://a/"status"/é', index: 131_071 };
    const ends = ['2027-01-01T00:00:00.000Z', '2028-01-01T00:00:00.000Z'] as const;
    const all: (Terms | undefined)[] = [
      undefined,
      { notAfter: ends[0] },
      { notAfter: ends[0], status: place },
      { notAfter: ends[0], status: { ...place, index: 0 } },
      { notAfter: ends[1], status: place },
      { notBefore: ends[0], notAfter: ends[1], status: place },
      { notAfter: ends[1], status: place, renews: `sha256:${'0'.repeat(64)}` },
    ];
    fc.assert(
      fc.property(fc.anything(), fc.string({ unit: 'binary' }), fc.constantFrom(...all), (predicate, name, terms) => {
        const subject = [{ name, digest }];
        const statement = { _type: statementType, subject, predicateType: name, predicate, tenstrip_terms: terms };
        fc.pre(isPrintable(predicate));
        expect(printStatement(statement as InTotoStatement).join('')).toBe(JSON.stringify(statement));
      }),
    );
  });

  it('is read back as it was printed, with its times', () => {
    const terms = { notBefore: '2026-01-01T00:00:00.000Z', notAfter: '2027-01-01T00:00:00Z' };
    const read_ = readStatement(
      Buffer.from(printStatement({ ...base, _type: statementType, tenstrip_terms: terms }).join('')),
      knownPredicates,
      'payload',
    );
    expect(read_).toMatchObject({ notBefore: Date.UTC(2026, 0), notAfter: Date.UTC(2027, 0) });
  });

  it.each([
    ['another type', { ...base, _type: 'https://in-toto.io/Statement/v0.1' }],
    ['no subject', { ...base, subject: [] }],
    ['a subject without digest', { ...base, subject: [{ name: 'a', digest: {} }] }],
    ['a digest in upper case', { ...base, subject: [{ name: 'a', digest: { sha256: 'AB'.repeat(32) } }] }],
    ['a time that is none', { ...base, tenstrip_terms: { notAfter: '2027-02-30T00:00:00Z' } }],
    ['a time in another zone', { ...base, tenstrip_terms: { notAfter: '2027-01-01T00:00:00+01:00' } }],
    [
      'a negative index',
      { ...base, tenstrip_terms: { notAfter: '2027-01-01T00:00:00Z', status: { list: 'l', index: -1 } } },
    ],
    [
      'an index that overflows',
      { ...base, tenstrip_terms: { notAfter: '2027-01-01T00:00:00Z', status: { list: 'l', index: 2 ** 53 } } },
    ],
    ['unknown terms', { ...base, tenstrip_terms: { notAfter: '2027-01-01T00:00:00Z', critical: true } }],
  ])('is refused with %s', (_, statement) => {
    expect(read(statement)).toMatchObject({ ok: false, code: 'STATEMENT_MALFORMED' });
  });
});

// The examples are those of the specification of SLSA provenance v1, shortened.
describe('predicates', () => {
  const slsa = {
    buildDefinition: {
      buildType: 'https://slsa-framework.github.io/github-actions-buildtypes/workflow/v1',
      externalParameters: { inputs: { build_id: 123456768 }, vars: { MASCOT: 'Mona' } },
      internalParameters: { github: { actor_id: '1234567' } },
      resolvedDependencies: [
        { uri: 'git+https://github.com/octocat/hello-world@refs/heads/main', digest: { gitCommit: 'c27d339' } },
      ],
    },
    runDetails: {
      builder: { id: 'https://github.com/actions/runner/github-hosted' },
      metadata: {
        invocationId: 'https://github.com/octocat/hello-world/actions/runs/1536140711/attempts/1',
        startedOn: '2023-01-01T12:34:56Z',
      },
    },
  };
  const cases: readonly (readonly [string, unknown, unknown])[] = [
    ['https://slsa.dev/provenance/v1', slsa, { ...slsa, runDetails: {} }],
    ['https://tenstrip.dev/predicates/service-identity/v1', { endpoints: ['a:1'] }, { endpoints: 'a:1' }],
    [
      'https://tenstrip.dev/predicates/user-identity/v1',
      { issuer: 'https://a.example', subject: 'u' },
      { subject: 'u' },
    ],
    ['https://tenstrip.dev/predicates/data-set/v1', { title: 't', byteSize: 1 }, { title: 't', byteSize: -1 }],
    [
      'https://tenstrip.dev/predicates/device-state/v1',
      {
        appraisedAt: '2026-01-01T00:00:00Z',
        policy: 'p',
        pcrs: { 'sha256:0': '00' },
        resetCount: 1,
        restartCount: 0,
        firmwareVersion: '00'.repeat(8),
      },
      { appraisedAt: 'now' },
    ],
    [
      'https://tenstrip.dev/predicates/delegation/v1',
      { keys: ['k'], subjects: ['a*'], predicateTypes: ['*'], notAfter: '2027-01-01T00:00:00Z', maxDepth: 0 },
      { keys: ['k'], subjects: ['a*b'], predicateTypes: ['*'], notAfter: '2027-01-01T00:00:00Z', maxDepth: 0 },
    ],
  ];
  it.each(cases)('%s is checked', (predicateType, good, bad) => {
    expect(read({ ...base, predicateType, predicate: good })).not.toHaveProperty('code');
    expect(read({ ...base, predicateType, predicate: bad })).toMatchObject({ code: 'PREDICATE_INVALID' });
  });
});
