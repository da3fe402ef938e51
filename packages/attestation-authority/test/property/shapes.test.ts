// The quick checks of shapes say yes only where the schema does, and do say yes for what we issue: else they would be wrong, or useless.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  dataSetType,
  fits,
  knownPredicates,
  printStatement,
  serviceIdentityType,
  slsaProvenanceType,
  statementSchema,
  statementType,
} from '../../src/statement/index.js';

const digest = { sha256: 'ab'.repeat(32), gitCommit: '00'.repeat(20) };
const statement = {
  _type: statementType,
  subject: [
    { name: 'pkg:npm/a@1', digest },
    { name: 'b', digest, annotations: { x: 1 } },
  ],
  predicateType: 'https://t/1',
  predicate: { a: [1] },
  tenstrip_terms: {
    notBefore: '2024-02-29T00:00:00.000Z',
    notAfter: '2027-12-31T23:59:59.999Z',
    status: { list: 'https://a/status/0', index: 5 },
    renews: `sha256:${'0'.repeat(64)}`,
  },
};
const descriptor = { name: 'n', uri: 'u', digest: { sha256: 'x' }, mediaType: 'm' };
const good: readonly (readonly [string, object])[] = [
  ['statement', statement],
  [
    slsaProvenanceType,
    {
      buildDefinition: {
        buildType: 'b',
        externalParameters: { a: [1, { b: null }] },
        internalParameters: {},
        resolvedDependencies: [descriptor],
      },
      runDetails: {
        builder: { id: 'i', version: { a: '1' }, builderDependencies: [descriptor] },
        metadata: { invocationId: 'i', startedOn: '2024-01-01T00:00:00.000Z', finishedOn: '2024-01-01T00:00:00.000Z' },
        byproducts: [descriptor],
      },
    },
  ],
  [serviceIdentityType, { endpoints: ['a:1'], environment: 'e' }],
  [
    dataSetType,
    {
      title: 't',
      mediaType: 'm',
      byteSize: 0,
      records: 7,
      license: 'l',
      issued: '2024-01-01T00:00:00.000Z',
      source: [{ uri: 'u', digest: { sha256: 'x' } }],
    },
  ],
];
const schemaOf = (type: string) => (type === 'statement' ? statementSchema : knownPredicates.get(type)!);

/** Values that stand at the edges of what the schemas allow. */
const edges = fc.oneof(
  fc.constantFrom(
    ...[
      '',
      'a',
      'A',
      'zz',
      'ab',
      'abababab',
      'ABABABAB',
      'ab'.repeat(128),
      'ab'.repeat(129),
      'x'.repeat(64),
      'x'.repeat(65),
    ],
    ...['x'.repeat(256), 'x'.repeat(257), 'x'.repeat(512), 'x'.repeat(513), 'x'.repeat(2048), 'x'.repeat(2049)],
    ...['2024-02-29T00:00:00.000Z', '2023-02-29T00:00:00.000Z', '2100-02-29T00:00:00.000Z', '2024-13-01T00:00:00.000Z'],
    ...['2024-01-01T24:00:00.000Z', '2024-01-01T00:00:60.000Z', '2024-04-31T00:00:00.000Z', '2024-01-01T00:00:00Z'],
    ...[
      '2024-01-01T00:00:00.000+00:00',
      '2024-01-01 00:00:00.000Z',
      '0000-01-01T00:00:00.000Z',
      '2024-00-01T00:00:00.000Z',
    ],
    ...['2024-01-00T00:00:00.000Z', '2024-1a-01T00:00:00.000Z', `sha256:${'0'.repeat(64)}`, `sha256:${'0'.repeat(63)}`],
  ),
  fc.constantFrom<unknown>(
    null,
    undefined,
    0,
    -0,
    -1,
    1.5,
    2 ** 53,
    2 ** 53 - 1,
    Number.NaN,
    true,
    [],
    {},
    [[]],
    [null],
  ),
  fc.constantFrom<unknown>({ a: 'x' }, { a: 1 }, { '': 'ab'.repeat(4) }, { sha256: 'ab'.repeat(32) }, { length: 1 }),
  fc.constantFrom<unknown>(new Date(0), new Map(), Object.create(null), Object.create({ a: 1 }), 'text'.split('')),
  fc.anything(),
);

/** All places in a value, as paths. */
function* placesOf(value: unknown, path: readonly string[] = []): Generator<readonly string[]> {
  yield path;
  if (typeof value !== 'object' || value === null) return;
  for (const [name, member] of Object.entries(value)) yield* placesOf(member, [...path, name]);
}

function withAt(value: unknown, [name, ...rest]: readonly string[], put: unknown, drop: boolean): unknown {
  if (name === undefined) return put;
  const copy = Array.isArray(value) ? [...value] : { ...(value as object) };
  if (drop && rest.length === 0) delete (copy as Record<string, unknown>)[name];
  else {
    const member = (value as Record<string, unknown>)[name];
    (copy as Record<string, unknown>)[name] = withAt(member, rest, put, drop);
  }
  return copy;
}

describe.each(good)('the quick check of a %s', (type, value) => {
  const schema = schemaOf(type);
  const places = [...placesOf(value)];

  it('says yes to what we issue', () => {
    expect(schema.safeParse(value).success).toBe(true);
    expect(fits(schema, value)).toBe(true);
    if (type === 'statement') expect(fits(schema, JSON.parse(printStatement(value as never).join('')))).toBe(true);
  });

  it('never says yes where the schema says no', () => {
    let refused = 0;
    let accepted = 0;
    const change = fc.record({
      place: fc.constantFrom(...places),
      put: edges,
      kind: fc.constantFrom('put', 'put', 'drop', 'add'),
    });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 2 }), (changes) => {
        let changed: unknown = value;
        for (const { place, put, kind } of changes) {
          try {
            changed = withAt(changed, kind === 'add' ? [...place, 'more'] : place, put, kind === 'drop');
          } catch {
            return; // the first change took the place of the second away
          }
        }
        const holds = schema.safeParse(changed).success;
        if (fits(schema, changed)) {
          accepted++;
          expect(holds).toBe(true);
        } else if (!holds) refused++;
      }),
      { numRuns: 3000 },
    );
    expect(Math.min(accepted, refused)).toBeGreaterThan(20);
  });
});
